import {
  cnn3c3d,
  constantValue,
  defineTestProblem,
  softmaxCrossEntropy,
  truncatedXavierNormal,
  xavierNormal,
  xavierUniform,
} from '../src/testproblem/index.js';

/** Three convolutions and three dense layers on CIFAR-10; 895,210 parameters, L2 term. Schneider et al. 2019, problem P4. */
export default defineTestProblem({
  name: 'cifar10_3c3d',
  description: 'three convolutions and three dense layers on CIFAR-10, with L2 regularisation',
  dataset: 'cifar10',
  inputShape: [3, 32, 32],
  defaults: { batchSize: 128, numEpochs: 100, l2Reg: 0.002 },
  initial: { weights: { conv: xavierNormal(), dense: xavierUniform() }, biases: constantValue(0) },
  network: cnn3c3d(10),
  loss: softmaxCrossEntropy(),
  tf: { initial: { weights: { conv: truncatedXavierNormal(), dense: xavierUniform() }, biases: constantValue(0) } },
});
