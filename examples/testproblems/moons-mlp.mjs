import { constantValue, defineTestProblem, dense, relu, softmaxCrossEntropy, xavierNormal } from 'probprec';
import twoMoons from '../datasets/two-moons.ts';

export default defineTestProblem({
  name: 'moons_mlp', // on the command line and in result folders
  description: 'an MLP of one hidden layer on two half moons',
  dataset: twoMoons, // or the name of a registered one, such as 'mnist'
  inputShape: [2],
  defaults: { batchSize: 32, numEpochs: 20 },
  initial: { weights: xavierNormal(), biases: constantValue(0) },
  network: [dense(16), relu(), dense(2, { output: true })],
  loss: softmaxCrossEntropy(),
});
