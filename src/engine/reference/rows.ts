import { exactly } from '../../expect.js';
import { allocate, type Kernel, type Numbers, operand, read, scalar } from './numbers.js';

/** y[s, i, j] = Σₖ a[s, i, k] b[s, k, j], with k in the middle loop so that the inner one runs along rows. */
const matmul: Kernel = (node, inputs) => {
  const [rows, columns] = exactly(node.shape.slice(-2), 2);
  const a = oriented(operand(node, inputs, 0), node.attributes.transposeA === true);
  const b = oriented(operand(node, inputs, 1), node.attributes.transposeB === true);
  const stack = node.shape.length === 3 ? (node.shape[0] as number) : 1;
  const inner = a.length / Math.max(stack * rows, 1);
  const result = new Float64Array(stack * rows * columns);
  for (let row = 0; row < stack * rows; row++) {
    const matrix = Math.floor(row / rows);
    for (let k = 0; k < inner; k++) {
      const factor = a[row * inner + k] as number;
      const from = (matrix * inner + k) * columns;
      for (let j = 0; j < columns; j++) {
        result[row * columns + j] = (result[row * columns + j] as number) + factor * (b[from + j] as number);
      }
    }
  }
  return result;
};

function oriented({ data, shape }: ReturnType<typeof operand>, transposed: boolean): Numbers {
  const [rows, columns] = exactly(shape.slice(-2), 2);
  const stack = shape.slice(0, -2);
  return transposed ? read(data, [...stack, columns, rows], [...stack.map(() => rows * columns), 1, columns]) : data;
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
      if ((data[i * columns + j] as number) > (data[i * columns + best] as number)) best = j;
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
