import { definePreconditioner } from '../curvature/define-preconditioner.js';
import momentum from './momentum.js';

/** Preconditioned momentum with a given learning rate in every epoch (L. Bald 2019, section 4.1). */
export default definePreconditioner({
  name: 'preconditioned-tuned-momentum',
  className: 'PreconditionedTunedMomentum',
  description: 'momentum, preconditioned by an estimate of the Hessian, with a given learning rate',
  inner: momentum,
  mode: 'tuned',
});
