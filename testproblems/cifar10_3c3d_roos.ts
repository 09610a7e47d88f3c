import {
  cnn3c3dRoos,
  constantValue,
  defineTestProblem,
  softmaxCrossEntropy,
  xavierNormal,
  xavierUniform,
} from '../src/testproblem/index.js';

/**
 * The network of de Roos and Hennig's experiment on CIFAR-10, on which the thesis compares two initialisations (Bald 2019,
 * experiment 3); 895,210 parameters, L2 term. `init` deepobs is the thesis' "with initialisation", pytorch the one without.
 */
export default defineTestProblem({
  name: 'cifar10_3c3d_roos',
  description: "the network of de Roos and Hennig's experiment on CIFAR-10, with L2 regularisation",
  dataset: 'cifar10',
  inputShape: [3, 32, 32],
  defaults: { batchSize: 128, numEpochs: 100, l2Reg: 0.002 },
  initial: { weights: { conv: xavierNormal(), dense: xavierUniform() }, biases: constantValue(0) },
  network: cnn3c3dRoos(10),
  loss: softmaxCrossEntropy(),
});
