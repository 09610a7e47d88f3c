import { constantValue, defineTestProblem, variationalAutoencoder, xavierUniform } from '../src/testproblem/index.js';

/** Variational autoencoder with 8 latent numbers on Fashion-MNIST; 10,151,489 parameters, no labels. Schneider et al. 2019, problem P5. */
export default defineTestProblem({
  name: 'fmnist_vae',
  description: 'variational autoencoder on Fashion-MNIST: squared error plus divergence of the code',
  dataset: 'fmnist',
  inputShape: [1, 28, 28],
  defaults: { batchSize: 64, numEpochs: 100 },
  initial: { weights: xavierUniform(), biases: constantValue(0) },
  model: variationalAutoencoder('pytorch'),
  tf: { model: variationalAutoencoder('tf') },
});
