import { quadraticFamily } from '../src/testproblem/index.js';

/**
 * Mean of ½ (θ − x)ᵀ Q (θ − x) over noisy examples x; 100 parameters, 90 % small and 10 % large eigenvalues.
 * Schneider et al. 2019, problem P1, with the loss scale and the Hessian of the published baselines (TensorFlow 1.1 line).
 * With other dimensions or noise: `quadratic_deep_d500_n0.1`.
 */
export const family = quadraticFamily('deep', 'the eigenvalue spectrum of a deep network');

export default family.member('quadratic_deep');
