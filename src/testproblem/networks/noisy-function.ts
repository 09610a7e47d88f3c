import { at, exactly } from '../../expect.js';
import { add, mean, multiply, reshape, slice, sum, type Tensor } from '../../tensor/index.js';
import { defineTestProblem } from '../define-test-problem.js';
import { constantValue } from '../initialisers.js';
import type { TestProblem } from '../test-problem.js';

/**
 * A function f of two numbers u and v with noise: mean of f(u, v) + u x + v y over examples (x, y) of standard normal noise,
 * which are 0 in the test set. DeepOBS states no batch size and no number of epochs; these are its own tests' 100, and 100.
 */
export function noisyFunction(options: {
  readonly name: string;
  readonly description: string;
  readonly start: readonly [number, number];
  readonly value: (u: Tensor, v: Tensor) => Tensor;
}): TestProblem {
  const { name, description, start, value } = options;
  return defineTestProblem({
    name,
    description,
    dataset: 'two_d',
    lines: ['tf'],
    inputShape: [2],
    defaults: { batchSize: 100, numEpochs: 100 },
    parameters: ['weight', 'bias'].map((parameter, index) => ({
      ...{ name: parameter, shape: [1], initial: constantValue(start[index] ?? 0), regularised: false },
    })),
    evaluate: ({ inputs, parameters }) => {
      const [u, v] = exactly(parameters, 2);
      const noise = (column: number) => mean(slice(inputs, [0, column], [at(inputs.shape, 0), column + 1]));
      const [single, other] = [reshape(u, []), reshape(v, [])];
      const tilt = add(multiply(single, noise(0)), multiply(other, noise(1)));
      return { loss: add(sum(value(single, other)), tilt), accuracy: null };
    },
  });
}
