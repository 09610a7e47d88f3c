import {
  dimensionsSetting,
  noiseSetting,
  quadraticDatasetName,
  quadraticHessian,
  type Spectrum,
} from '../../dataset/index.js';
import { exactly, present } from '../../expect.js';
import { type NameSetting, readNameSettings } from '../../name-settings.js';
import { matmul, mean, multiply, subtract, sum } from '../../tensor/index.js';
import { VARIANTS } from '../choice.js';
import { defineTestProblem } from '../define-test-problem.js';
import type { ProblemFamily } from '../family.js';
import { constantValue } from '../initialisers.js';
import type { TestProblem } from '../test-problem.js';

const conditionSetting: NameSetting = {
  ...{ letter: 'c', what: 'largest eigenvalue over the smallest', default: 1000 },
  ...{ least: 1, most: 1e8, whole: false },
};

/**
 * Noisy quadratics of one kind of spectrum: mean of ½ (θ − x)ᵀ Q (θ − x) over points x from N(0, σ²), started at θ = 1. The
 * name may state dimensions, condition and σ: `quadratic_log_d50_c100_n0.1`. A member without settings has 100 dimensions,
 * condition 1000 and σ = 0.6. `describe` says the spectrum in words.
 */
export function quadraticFamily(kind: Spectrum['kind'], describe: string): ProblemFamily {
  const base = `quadratic_${kind}`;
  const hasCondition = kind === 'linear' || kind === 'log';
  const settings = [dimensionsSetting, ...(hasCondition ? [conditionSetting] : []), noiseSetting];
  return {
    settings,
    member: (name) => {
      const { d = 0, c = 1, n = 0 } = readNameSettings(name, base, settings);
      const spectrum: Spectrum = kind === 'linear' || kind === 'log' ? { kind, condition: c } : { kind };
      return noisyQuadratic(name, describe, { spectrum, dimensions: d, noise: n });
    },
  };
}

function noisyQuadratic(
  name: string,
  describe: string,
  { spectrum, dimensions, noise }: { spectrum: Spectrum; dimensions: number; noise: number },
): TestProblem {
  return defineTestProblem({
    name,
    description: `noisy quadratic in ${dimensions} dimensions with ${describe}`,
    dataset: quadraticDatasetName(dimensions, noise),
    // Its relatives with other numbers are not DeepOBS'.
    ...(name === 'quadratic_deep' ? { lines: VARIANTS } : {}),
    inputShape: [dimensions],
    defaults: { batchSize: 128, numEpochs: 100 },
    parameters: [{ name: 'theta', shape: [dimensions], initial: constantValue(1), regularised: false }],
    constants: {
      hessian: {
        shape: [dimensions, dimensions],
        data: () => Float32Array.from(quadraticHessian(spectrum, dimensions)),
      },
    },
    evaluate: ({ inputs, parameters, constants }) => {
      const [theta] = exactly(parameters, 1);
      const hessian = present(constants.hessian, 'the Hessian');
      const difference = subtract(theta, inputs);
      const quadratic = sum(multiply(matmul(difference, hessian), difference), [1]);
      return { loss: multiply(mean(quadratic), 0.5), accuracy: null };
    },
  });
}
