import {
  cnn2c2d,
  constantValue,
  defineTestProblem,
  softmaxCrossEntropy,
  truncatedNormal,
} from '../src/testproblem/index.js';

/** Two convolutions and two dense layers on MNIST; 3,274,634 parameters. DeepOBS 1.2. */
export default defineTestProblem({
  name: 'mnist_2c2d',
  description: 'two convolutions and two dense layers on MNIST',
  dataset: 'mnist',
  lines: ['pytorch', 'tf'],
  inputShape: [1, 28, 28],
  defaults: { batchSize: 128, numEpochs: 100 },
  initial: { weights: truncatedNormal(0.05), biases: constantValue(0.05) },
  network: cnn2c2d(10),
  loss: softmaxCrossEntropy(),
});
