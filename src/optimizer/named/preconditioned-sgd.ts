import { definePreconditioner } from '../curvature/define-preconditioner.js';
import sgd from './sgd.js';

/** SGD preconditioned by active probabilistic inference on the Hessian (F. de Roos, P. Hennig, AISTATS 2019; L. Bald 2019). */
export default definePreconditioner({
  name: 'preconditioned-sgd',
  className: 'PreconditionedSGD',
  description: 'SGD, preconditioned by an estimate of the Hessian, with the estimated step size',
  inner: sgd,
  mode: 'preconditioned',
});
