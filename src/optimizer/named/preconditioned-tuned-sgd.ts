import { definePreconditioner } from '../curvature/define-preconditioner.js';
import sgd from './sgd.js';

/** PreconditionedSGD with a given learning rate in the place of α (L. Bald 2019). */
export default definePreconditioner({
  name: 'preconditioned-tuned-sgd',
  className: 'PreconditionedTunedSGD',
  description: 'SGD, preconditioned by an estimate of the Hessian, with a given learning rate',
  inner: sgd,
  mode: 'tuned',
});
