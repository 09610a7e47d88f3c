export { relu, sigmoid, tanh } from './activations.js';
export { branches, named, numbered, residual, sequential } from './compose.js';
export { type ConvolutionOptions, conv2d, type Extent, type Padding } from './convolution.js';
export { type DenseOptions, dense, flatten, perPosition } from './dense.js';
export { maxPool, type PoolingOptions } from './pooling.js';
