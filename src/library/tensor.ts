/**
 * Symbolic tensors and their exact derivatives: `probprec/tensor`, in users' files `tensor.add`, `tensor.gradients`, …
 * Functions make expressions and check shapes at once; a wrong one throws ShapeError, which names the operation and the shapes.
 * Images are [n, c, h, w], kernels [o, c, h, w]; `float` is the engine's floating-point type.
 */
export {
  type Attributes,
  type DType,
  gradients,
  hessianVectorProduct,
  type Like,
  leavesOf,
  lengthOf,
  mapLeaves,
  nodesOf,
  type Operand,
  type Operation,
  type Program,
  printProgram,
  program,
  type Shape,
  sameShape,
  sizeOf,
  type Tensor,
  type Tree,
} from '../tensor/index.js';
export * from '../tensor/vocabulary.js';
