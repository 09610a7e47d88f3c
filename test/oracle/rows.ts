import { allocate, type Kernel, type Numbers, operand, read, scalar } from './numbers.js';

/** y[i, j] = Σₖ a[i, k] b[k, j], with k in the middle loop so that the inner one runs along rows. */
const matmul: Kernel = (node, inputs) => {
  const [rows = 0, columns = 0] = node.shape;
  const a = oriented(operand(node, inputs, 0), node.attributes.transposeA === true);
  const b = oriented(operand(node, inputs, 1), node.attributes.transposeB === true);
  const inner = a.length / Math.max(rows, 1);
  const result = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k] ?? 0;
      for (let j = 0; j < columns; j++) {
        result[i * columns + j] = (result[i * columns + j] ?? 0) + factor * (b[k * columns + j] ?? 0);
      }
    }
  }
  return result;
};

function oriented({ data, shape }: ReturnType<typeof operand>, transposed: boolean): Numbers {
  const [rows = 0, columns = 0] = shape;
  return transposed ? read(data, [columns, rows], [1, columns]) : data;
}

/** x[i, j] − log Σₖ exp(x[i, k]), shifted by the row's maximum against overflow. */
const logSoftmax: Kernel = (node, inputs) => {
  const data = new Float64Array(operand(node, inputs, 0).data);
  const [rows = 0, columns = 0] = node.shape;
  const result = allocate(node.shape, node.dtype);
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * columns, (i + 1) * columns);
    const largest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const logTotal = Math.log(row.reduce((total, value) => total + Math.exp(value - largest), 0));
    row.forEach((value, j) => {
      result[i * columns + j] = value - largest - logTotal;
    });
  }
  return result;
};

const argmax: Kernel = (node, inputs) => {
  const { data, shape } = operand(node, inputs, 0);
  const [, columns = 0] = shape;
  return allocate(node.shape, node.dtype).map((_, i) => {
    let best = 0;
    for (let j = 1; j < columns; j++) {
      if ((data[i * columns + j] ?? 0) > (data[i * columns + best] ?? 0)) best = j;
    }
    return best;
  });
};

const oneHot: Kernel = (node, inputs) => {
  const { data } = operand(node, inputs, 0);
  const classes = scalar(node, 'classes');
  const result = allocate(node.shape, node.dtype);
  data.forEach((label, i) => {
    if (label >= 0 && label < classes) result[i * classes + label] = 1;
  });
  return result;
};

/** Operations on matrices and their rows. */
export const rowKernels: Readonly<Record<string, Kernel>> = { matmul, logSoftmax, argmax, oneHot };
