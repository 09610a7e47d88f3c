/** Every operation that an expression is written with, by name; a new operation gets its row here. */
export { abs } from './operations/abs.js';
export { add } from './operations/add.js';
export { argmax } from './operations/argmax.js';
export { equal, greater, greaterEqual } from './operations/compare.js';
export { concatenate } from './operations/concatenate.js';
export { constant, zeros } from './operations/constant.js';
export {
  type ConvolutionGeometry,
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  samePadding,
} from './operations/conv2d.js';
export { divide } from './operations/divide.js';
export { dot, norm } from './operations/dot.js';
export { erf } from './operations/erf.js';
export { exp } from './operations/exp.js';
export { input } from './operations/input.js';
export { log } from './operations/log.js';
export { logSoftmax, softmax } from './operations/log-softmax.js';
export { matmul } from './operations/matmul.js';
export { maxPool2d, type PoolingGeometry } from './operations/max-pool2d.js';
export { mean } from './operations/mean.js';
export { multiply, square } from './operations/multiply.js';
export { negate } from './operations/negate.js';
export { oneHot } from './operations/one-hot.js';
export { relu } from './operations/relu.js';
export { flatten, reshape } from './operations/reshape.js';
export { maximum, minimum, select } from './operations/select.js';
export { sigmoid } from './operations/sigmoid.js';
export { sign } from './operations/sign.js';
export { pad, slice } from './operations/slice.js';
export { softmaxCrossEntropy } from './operations/softmax-cross-entropy.js';
export { softplus } from './operations/softplus.js';
export { sqrt } from './operations/sqrt.js';
export { step } from './operations/step.js';
export { stopGradient } from './operations/stop-gradient.js';
export { subtract } from './operations/subtract.js';
export { broadcastTo, sum, sumTo } from './operations/sum.js';
export { tanh } from './operations/tanh.js';
export { toFloat } from './operations/to-float.js';
export { transpose } from './operations/transpose.js';
export { cos, sin } from './operations/trigonometric.js';
