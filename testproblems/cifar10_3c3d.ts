import { cnn3c3dDefinition, defineTestProblem } from '../src/testproblem/index.js';

/** Three convolutions and three dense layers on CIFAR-10; 895,210 parameters, L2 term. Schneider et al. 2019, problem P4. */
export default defineTestProblem({
  name: 'cifar10_3c3d',
  description: 'three convolutions and three dense layers on CIFAR-10, with L2 regularisation',
  dataset: 'cifar10',
  inputShape: [3, 32, 32],
  ...cnn3c3dDefinition(10),
});
