import {
  constantValue,
  conv2d,
  defineTestProblem,
  dense,
  flatten,
  maxPool,
  relu,
  softmaxCrossEntropy,
  truncatedNormal,
} from '../src/testproblem/index.js';

/** Two convolutions and two dense layers on MNIST; 3,274,634 parameters. DeepOBS 1.2. */
export default defineTestProblem({
  name: 'mnist_2c2d',
  description: 'two convolutions and two dense layers on MNIST',
  dataset: 'mnist',
  inputShape: [1, 28, 28],
  defaults: { batchSize: 128, numEpochs: 100 },
  initial: { weights: truncatedNormal(0.05), biases: constantValue(0.05) },
  network: [
    conv2d({ filters: 32, kernel: 5, padding: 'same' }),
    relu(),
    maxPool({ size: 2, stride: 2 }),
    conv2d({ filters: 64, kernel: 5, padding: 'same' }),
    relu(),
    maxPool({ size: 2, stride: 2 }),
    flatten(),
    dense(1024),
    relu(),
    dense(10),
  ],
  loss: softmaxCrossEntropy(),
});
