import { definePreconditioner } from '../curvature/define-preconditioner.js';
import adam from './adam.js';

/** Adam on the preconditioned gradient, lr = α. */
export default definePreconditioner({
  name: 'preconditioned-adam',
  className: 'PreconditionedAdam',
  description: 'Adam on the preconditioned gradient, with the estimated step size',
  inner: adam,
  mode: 'preconditioned',
});
