import { constantValue, defineTestProblem, logisticRegression, softmaxCrossEntropy } from '../src/testproblem/index.js';

/** Multinomial logistic regression on MNIST, started at zero; 7,850 parameters, convex. DeepOBS 1.2. */
export default defineTestProblem({
  name: 'mnist_logreg',
  description: 'multinomial logistic regression on MNIST, from zero',
  dataset: 'mnist',
  lines: ['pytorch', 'tf'],
  inputShape: [1, 28, 28],
  defaults: { batchSize: 128, numEpochs: 50 },
  initial: { weights: constantValue(0), biases: constantValue(0) },
  network: logisticRegression(10),
  loss: softmaxCrossEntropy(),
});
