import { definePreconditioner } from '../curvature/define-preconditioner.js';
import momentum from './momentum.js';

/** Heavy-ball momentum on the preconditioned gradient, lr = α. */
export default definePreconditioner({
  name: 'preconditioned-momentum',
  className: 'PreconditionedMomentum',
  description: 'momentum on the preconditioned gradient, with the estimated step size',
  inner: momentum,
  mode: 'preconditioned',
});
