import { constantValue, defineTestProblem, variationalAutoencoder, xavierUniform } from '../src/testproblem/index.js';

/** Variational autoencoder with 8 latent numbers on MNIST; 10,151,489 parameters, no labels. Schneider et al. 2019, problem P2. */
export default defineTestProblem({
  name: 'mnist_vae',
  description: 'variational autoencoder on MNIST: squared error plus divergence of the code',
  dataset: 'mnist',
  inputShape: [1, 28, 28],
  defaults: { batchSize: 64, numEpochs: 50 },
  initial: { weights: xavierUniform(), biases: constantValue(0) },
  model: variationalAutoencoder('pytorch'),
  tf: { model: variationalAutoencoder('tf') },
});
