import { defineTestProblem, wideResNetDefinition } from '../src/testproblem/index.js';

/** Wide residual network 16-4 on CIFAR-100; 2,772,020 parameters, batch normalisation, L2 term. DeepOBS 1.2. */
export default defineTestProblem({
  name: 'cifar100_wrn164',
  description: 'wide residual network 16-4 on CIFAR-100, with batch normalisation and L2 regularisation',
  dataset: 'cifar100',
  inputShape: [3, 32, 32],
  ...wideResNetDefinition({ depth: 16, widening: 4, classes: 100 }),
});
