import { definePreconditioner } from '../curvature/define-preconditioner.js';
import momentum from './momentum.js';

/** Heavy-ball momentum with lr = α, not preconditioned. */
export default definePreconditioner({
  name: 'adaptive-momentum',
  className: 'AdaptiveMomentum',
  description: 'momentum with the step size that the estimate of the Hessian gives',
  inner: momentum,
  mode: 'adaptive',
});
