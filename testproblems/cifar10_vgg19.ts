import { defineTestProblem, vggDefinition } from '../src/testproblem/index.js';

/** VGG-19 on CIFAR-10, enlarged to 224×224; 139,611,210 parameters, dropout, L2 term. DeepOBS 1.2. */
export default defineTestProblem({
  name: 'cifar10_vgg19',
  description: 'VGG-19 on CIFAR-10 enlarged to 224×224, with dropout and L2 regularisation',
  dataset: 'cifar10',
  inputShape: [3, 32, 32],
  ...vggDefinition({ depth: 19, classes: 10 }),
});
