import {
  constantValue,
  defineTestProblem,
  multilayerPerceptron,
  softmaxCrossEntropy,
  truncatedNormal,
} from '../src/testproblem/index.js';

/** Four dense layers of 1000, 500, 100 and 10 units on Fashion-MNIST; 1,336,610 parameters. DeepOBS 1.2. */
export default defineTestProblem({
  name: 'fmnist_mlp',
  description: 'four dense layers on Fashion-MNIST',
  dataset: 'fmnist',
  lines: ['pytorch', 'tf'],
  inputShape: [1, 28, 28],
  defaults: { batchSize: 128, numEpochs: 100 },
  initial: { weights: truncatedNormal(0.03), biases: constantValue(0) },
  network: multilayerPerceptron([1000, 500, 100], 10),
  loss: softmaxCrossEntropy(),
});
