import {
  constantValue,
  defineTestProblem,
  multilayerPerceptron,
  softmaxCrossEntropy,
  truncatedNormal,
} from '../src/testproblem/index.js';

/**
 * mnist_mlp with a parameter group for each dense layer (weights and biases together); 1,336,610 parameters. First-order
 * optimizers train it exactly as mnist_mlp. Optimizers of the preconditioner family estimate step size, prior scale and
 * noise for each layer alone. Not in DeepOBS, which has no test problem with groups.
 */
export default defineTestProblem({
  name: 'mnist_mlp_groups',
  description: 'four dense layers on MNIST, each a parameter group with a step size of its own',
  dataset: 'mnist',
  inputShape: [1, 28, 28],
  defaults: { batchSize: 128, numEpochs: 100 },
  initial: { weights: truncatedNormal(0.03), biases: constantValue(0) },
  network: multilayerPerceptron([1000, 500, 100], 10),
  loss: softmaxCrossEntropy(),
  groups: (layerName) => layerName,
});
