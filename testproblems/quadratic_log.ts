import { quadraticFamily } from '../src/testproblem/index.js';

/**
 * Noisy quadratic with eigenvalues evenly spaced on a logarithmic scale from 1/1000 to 1. With other dimensions, condition or
 * noise: `quadratic_log_d10_c1000000_n0.1`. Not in DeepOBS.
 */
export const family = quadraticFamily('log', 'logarithmically spaced eigenvalues up to 1');

export default family.member('quadratic_log');
