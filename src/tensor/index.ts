export * from './derivatives.js';
export { intermediateBytes } from './intermediate-bytes.js';
export { constantOperation } from './operations/constant.js';
export { geometryOf, paddingFor } from './operations/conv2d.js';
export { inputOperation } from './operations/input.js';
export { matmulOperation } from './operations/matmul.js';
export {
  maxPoolGather,
  maxPoolGatherOperation,
  maxPoolScatter,
  maxPoolScatterOperation,
  poolingGeometryOf,
} from './operations/max-pool2d.js';
export { multiplyOperation } from './operations/multiply.js';
export { stepOperation } from './operations/step.js';
export { subtractOperation } from './operations/subtract.js';
export { sumOperation } from './operations/sum.js';
export { TensorOrigins } from './origins.js';
export * from './program.js';
export { describe, inputOf, lengthOf, numberOf, numbersOf } from './shape-rules.js';
export * from './simplify.js';
export * from './substitute.js';
export * from './tensor.js';
export * from './tree.js';
export * from './vocabulary.js';
