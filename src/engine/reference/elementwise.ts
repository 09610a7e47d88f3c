import { allocate, broadcast, type Kernel, operand } from './numbers.js';

/** y[i] = f(x[i]). */
function unary(f: (x: number) => number): Kernel {
  return (node, inputs) => {
    const { data } = operand(node, inputs, 0);
    const result = allocate(node.shape, node.dtype);
    for (let i = 0; i < result.length; i++) result[i] = f(data[i] as number);
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
    for (let i = 0; i < result.length; i++) result[i] = f(a[i] as number, b[i] as number);
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

/**
 * erf to float64's last digits: the series 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)), whose terms all have one sign, up to
 * |x| = 3, and beyond it 1 minus the continued fraction of erfc, evaluated from its 60th denominator back.
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x) || size > 6) return Number.isNaN(x) ? x : Math.sign(x);
  if (size <= 3) {
    let [term, total] = [x, 0];
    for (let n = 0; Math.abs(term) > 1e-18 * Math.abs(total) && n < 200; n++) {
      total += term;
      term *= (2 * x * x) / (2 * n + 3);
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
  }
  let denominator = size;
  for (let k = 60; k >= 1; k--) denominator = size + k / 2 / denominator;
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / denominator);
}

/** Operations that treat every element alone. */
export const elementwiseKernels: Readonly<Record<string, Kernel>> = {
  abs: unary(Math.abs),
  cos: unary(Math.cos),
  erf: unary(erf),
  exp: unary(Math.exp),
  log: unary(Math.log),
  negate: unary((x) => -x),
  relu: unary((x) => Math.max(x, 0)),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  sign: unary(Math.sign),
  sin: unary(Math.sin),
  softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
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
