import {
  allCnnC,
  constantValue,
  defineTestProblem,
  softmaxCrossEntropy,
  truncatedXavierNormal,
  xavierNormal,
} from '../src/testproblem/index.js';

/** All-CNN-C on CIFAR-100; 1,387,108 parameters, dropout, L2 term. Schneider et al. 2019, problem P6. */
export default defineTestProblem({
  name: 'cifar100_allcnnc',
  description: 'nine convolutions on CIFAR-100, with dropout and L2 regularisation',
  dataset: 'cifar100',
  inputShape: [3, 32, 32],
  defaults: { batchSize: 256, numEpochs: 350, l2Reg: 5e-4 },
  initial: { weights: xavierNormal(), biases: constantValue(0.1) },
  network: allCnnC(100),
  loss: softmaxCrossEntropy(),
  tf: { initial: { weights: truncatedXavierNormal(), biases: constantValue(0.1) } },
});
