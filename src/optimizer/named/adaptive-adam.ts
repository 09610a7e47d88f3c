import { definePreconditioner } from '../curvature/define-preconditioner.js';
import adam from './adam.js';

/** Adam with lr = α, not preconditioned. */
export default definePreconditioner({
  name: 'adaptive-adam',
  className: 'AdaptiveAdam',
  description: 'Adam with the step size that the estimate of the Hessian gives',
  inner: adam,
  mode: 'adaptive',
});
