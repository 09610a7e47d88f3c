import {
  accumulate,
  allocate,
  broadcast,
  type Kernel,
  list,
  operand,
  read,
  rowMajorStrides,
  scalar,
} from './numbers.js';

const reshape: Kernel = (node, inputs) => operand(node, inputs, 0).data;

const stopGradient: Kernel = (node, inputs) => operand(node, inputs, 0).data;

const broadcastTo: Kernel = (node, inputs) => {
  const { data, shape } = operand(node, inputs, 0);
  return broadcast(data, shape, node.shape);
};

/** y[i₀, i₁, …] = x[j₀, j₁, …] with j at axis permutation[a] equal to i at axis a. */
const transpose: Kernel = (node, inputs) => {
  const { data, shape } = operand(node, inputs, 0);
  const strides = rowMajorStrides(shape);
  return read(
    data,
    node.shape,
    list(node, 'permutation').map((axis) => strides[axis] as number),
  );
};

/** y[i] = x[begin + i]. */
const slice: Kernel = (node, inputs) => {
  const { data, shape } = operand(node, inputs, 0);
  const strides = rowMajorStrides(shape);
  return read(data, node.shape, strides, offsetOf(list(node, 'begin'), strides));
};

/** y[before + i] = x[i], zero elsewhere. */
const pad: Kernel = (node, inputs) => {
  const { data, shape } = operand(node, inputs, 0);
  const strides = rowMajorStrides(node.shape);
  const start = offsetOf(list(node, 'before'), strides);
  return accumulate(allocate(node.shape, node.dtype), data, shape, strides, start);
};

const concatenate: Kernel = (node, inputs) => {
  const axis = scalar(node, 'axis');
  const strides = rowMajorStrides(node.shape);
  const result = allocate(node.shape, node.dtype);
  let begin = 0;
  node.inputs.forEach((_, index) => {
    const { data, shape } = operand(node, inputs, index);
    accumulate(result, data, shape, strides, begin * (strides[axis] as number));
    begin += shape[axis] as number;
  });
  return result;
};

/** Every element of x is added to the one element of y that has the same index on the axes that stay. */
const sum: Kernel = (node, inputs) => {
  const { data, shape } = operand(node, inputs, 0);
  const axes = list(node, 'axes');
  const kept = rowMajorStrides(shape.map((length, axis) => (axes.includes(axis) ? 1 : length)));
  const strides = kept.map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  return accumulate(allocate(node.shape, node.dtype), data, shape, strides);
};

function offsetOf(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((offset, place, axis) => offset + place * (strides[axis] as number), 0);
}

/** Operations that move, repeat or add up elements. */
export const arrangementKernels: Readonly<Record<string, Kernel>> = {
  constant: (node) => allocate(node.shape, node.dtype).fill(scalar(node, 'value')),
  reshape,
  stopGradient,
  broadcastTo,
  transpose,
  slice,
  pad,
  concatenate,
  sum,
};
