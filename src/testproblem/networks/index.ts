export { cnn2c2d } from './cnn-2c2d.js';
export { cnn3c3d } from './cnn-3c3d.js';
export { cnn3c3dRoos } from './cnn-3c3d-roos.js';
export { logisticRegression, multilayerPerceptron } from './multilayer.js';
export { noisyFunction } from './noisy-function.js';
export { quadraticFamily } from './noisy-quadratic.js';
export { variationalAutoencoder } from './variational-autoencoder.js';
