import { quadraticFamily } from '../src/testproblem/index.js';

/**
 * Mean of ½ ‖θ − x‖² over noisy examples x; what DeepOBS' base class of quadratics is without a Hessian of one's own. With
 * other dimensions or noise: `quadratic_identity_d10_n0`.
 */
export const family = quadraticFamily('identity', 'all eigenvalues 1');

export default family.member('quadratic_identity');
