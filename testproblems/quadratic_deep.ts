import { quadraticHessian } from '../src/dataset/index.js';
import { matmul, mean, multiply, subtract, sum } from '../src/tensor/index.js';
import { constantValue, defineTestProblem } from '../src/testproblem/index.js';

/**
 * Mean of ½ (θ − x)ᵀ Q (θ − x) over noisy examples x; 100 parameters, 90 % small and 10 % large eigenvalues.
 * Schneider et al. 2019, problem P1, with the loss scale and the Hessian of the published baselines (TensorFlow 1.1 line).
 */
export default defineTestProblem({
  name: 'quadratic_deep',
  description: 'noisy quadratic in 100 dimensions with the eigenvalue spectrum of a deep network',
  dataset: 'quadratic',
  inputShape: [100],
  defaults: { batchSize: 128, numEpochs: 100 },
  parameters: [{ name: 'theta', shape: [100], initial: constantValue(1), regularised: false }],
  constants: { hessian: { shape: [100, 100], data: () => Float32Array.from(quadraticHessian()) } },
  evaluate: ({ inputs, parameters: [theta], constants: { hessian } }) => {
    if (theta === undefined || hessian === undefined)
      throw new TypeError('quadratic_deep: theta or hessian is missing');
    const difference = subtract(theta, inputs);
    const quadratic = sum(multiply(matmul(difference, hessian), difference), [1]);
    return { loss: multiply(mean(quadratic), 0.5), accuracy: null };
  },
});
