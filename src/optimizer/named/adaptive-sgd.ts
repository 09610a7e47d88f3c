import { definePreconditioner } from '../curvature/define-preconditioner.js';
import sgd from './sgd.js';

/** PreconditionedSGD without its preconditioner, which is built and never applied: lr = α (L. Bald 2019). */
export default definePreconditioner({
  name: 'adaptive-sgd',
  className: 'AdaptiveSGD',
  description: 'SGD with the step size that the estimate of the Hessian gives, not preconditioned',
  inner: sgd,
  mode: 'adaptive',
});
