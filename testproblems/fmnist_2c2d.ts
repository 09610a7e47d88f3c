import {
  cnn2c2d,
  constantValue,
  defineTestProblem,
  softmaxCrossEntropy,
  truncatedNormal,
} from '../src/testproblem/index.js';

/** Two convolutions and two dense layers on Fashion-MNIST; 3,274,634 parameters. Schneider et al. 2019, problem P3. */
export default defineTestProblem({
  name: 'fmnist_2c2d',
  description: 'two convolutions and two dense layers on Fashion-MNIST',
  dataset: 'fmnist',
  lines: ['pytorch', 'tf'],
  inputShape: [1, 28, 28],
  defaults: { batchSize: 128, numEpochs: 100 },
  initial: { weights: truncatedNormal(0.05), biases: constantValue(0.05) },
  network: cnn2c2d(10),
  loss: softmaxCrossEntropy(),
});
