import { quadraticFamily } from '../src/testproblem/index.js';

/**
 * Noisy quadratic with eigenvalues evenly spaced from 1/1000 to 1. With other dimensions, condition or noise:
 * `quadratic_linear_d10_c20_n0.1`. Not in DeepOBS.
 */
export const family = quadraticFamily('linear', 'evenly spaced eigenvalues up to 1');

export default family.member('quadratic_linear');
