import { defineTestProblem, wideResNetDefinition } from '../src/testproblem/index.js';

/** Wide residual network 40-4 on CIFAR-100; 8,972,340 parameters, batch normalisation, L2 term. DeepOBS' PyTorch line has it broken: its loss cannot be evaluated there. */
export default defineTestProblem({
  name: 'cifar100_wrn404',
  description: 'wide residual network 40-4 on CIFAR-100, with batch normalisation and L2 regularisation',
  dataset: 'cifar100',
  inputShape: [3, 32, 32],
  ...wideResNetDefinition({ depth: 40, widening: 4, classes: 100 }),
});
