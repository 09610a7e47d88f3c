import { definePreconditioner } from '../curvature/define-preconditioner.js';
import sgd from './sgd.js';

/** SGD with lr = α from phase 1 alone (L. Bald 2019). */
export default definePreconditioner({
  name: 'only-adaptive-sgd',
  className: 'OnlyAdaptiveSGD',
  description: 'SGD with the estimated step size, without a preconditioner',
  inner: sgd,
  mode: 'only-adaptive',
});
