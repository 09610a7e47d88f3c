import { cnn3c3dDefinition, defineTestProblem } from '../src/testproblem/index.js';

/** Three convolutions and three dense layers on CIFAR-100; 918,340 parameters, L2 term. DeepOBS 1.2. */
export default defineTestProblem({
  name: 'cifar100_3c3d',
  description: 'three convolutions and three dense layers on CIFAR-100, with L2 regularisation',
  dataset: 'cifar100',
  inputShape: [3, 32, 32],
  ...cnn3c3dDefinition(100),
});
