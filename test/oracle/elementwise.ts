import { allocate, broadcast, type Kernel, operand } from './numbers.js';

/** y[i] = f(x[i]). */
function unary(f: (x: number) => number): Kernel {
  return (node, inputs) => {
    const { data } = operand(node, inputs, 0);
    const result = allocate(node.shape, node.dtype);
    for (let i = 0; i < result.length; i++) result[i] = f(data[i] ?? 0);
    return result;
  };
}

/** y[i] = f(a[i], b[i]) after broadcasting. */
function binary(f: (a: number, b: number) => number): Kernel {
  return (node, inputs) => {
    const [left, right] = [operand(node, inputs, 0), operand(node, inputs, 1)];
    const a = broadcast(left.data, left.shape, node.shape);
    const b = broadcast(right.data, right.shape, node.shape);
    const result = allocate(node.shape, node.dtype);
    for (let i = 0; i < result.length; i++) result[i] = f(a[i] ?? 0, b[i] ?? 0);
    return result;
  };
}

const select: Kernel = (node, inputs) => {
  const [condition, a, b] = [0, 1, 2].map((index) => {
    const { data, shape } = operand(node, inputs, index);
    return broadcast(data, shape, node.shape);
  });
  return allocate(node.shape, node.dtype).map((_, i) => (condition?.[i] ? (a?.[i] ?? 0) : (b?.[i] ?? 0)));
};

/** Operations that treat every element alone. */
export const elementwiseKernels: Readonly<Record<string, Kernel>> = {
  abs: unary(Math.abs),
  exp: unary(Math.exp),
  log: unary(Math.log),
  negate: unary((x) => -x),
  relu: unary((x) => Math.max(x, 0)),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  sign: unary(Math.sign),
  sqrt: unary(Math.sqrt),
  step: unary((x) => (x > 0 ? 1 : 0)),
  tanh: unary(Math.tanh),
  toFloat: unary((x) => x),
  add: binary((a, b) => a + b),
  subtract: binary((a, b) => a - b),
  multiply: binary((a, b) => a * b),
  divide: binary((a, b) => a / b),
  greater: binary((a, b) => (a > b ? 1 : 0)),
  greaterEqual: binary((a, b) => (a >= b ? 1 : 0)),
  equal: binary((a, b) => (a === b ? 1 : 0)),
  select,
};
