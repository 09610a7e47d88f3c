export { allCnnC } from './all-cnn-c.js';
export { cnn2c2d } from './cnn-2c2d.js';
export { cnn3c3d, cnn3c3dDefinition } from './cnn-3c3d.js';
export { cnn3c3dRoos } from './cnn-3c3d-roos.js';
export { logisticRegression, multilayerPerceptron } from './multilayer.js';
export { type VggOptions, vgg, vggDefinition } from './vgg.js';
export { type WideResNetOptions, wideResNet, wideResNetDefinition } from './wide-resnet.js';
