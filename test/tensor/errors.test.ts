import { expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import * as t from '../../src/tensor/index.js';

const [scalar, vector, matrix] = [t.input('scalar', []), t.input('vector', [3]), t.input('matrix', [2, 4])];
const [image, kernel] = [t.input('image', [2, 3, 8, 8]), t.input('kernel', [4, 3, 3, 3])];
const integers = t.input('integers', [3], 'int');
const truths = t.greater(vector, 0);
const plain: t.ConvolutionGeometry = { stride: [1, 1], padding: [0, 0, 0, 0] };
const pooling: t.PoolingGeometry = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] };

/** What is called, and what the message says: the operation first, then the shapes. */
const violations: readonly [() => unknown, string, ...string[]][] = [
  // Elementwise, two operands: shapes that do not broadcast, types that are not float.
  [() => t.add(vector, matrix), 'add', '[3] float', '[2, 4] float'],
  [() => t.subtract(vector, matrix), 'subtract', '[3] float', '[2, 4] float'],
  [() => t.multiply(matrix, vector), 'multiply', '[2, 4] float', '[3] float'],
  [() => t.divide(matrix, vector), 'divide', '[2, 4] float', '[3] float'],
  [() => t.maximum(matrix, vector), 'maximum', '[2, 4] float', '[3] float'],
  [() => t.minimum(matrix, vector), 'minimum', '[2, 4] float', '[3] float'],
  [() => t.greater(matrix, vector), 'greater', '[2, 4] float', '[3] float'],
  [() => t.greaterEqual(matrix, vector), 'greaterEqual', '[2, 4] float', '[3] float'],
  [() => t.equal(matrix, vector), 'equal', '[2, 4] float', '[3] float'],
  [() => t.equal(integers, vector), 'equal', '[3] int', '[3] float'],
  [() => t.greater(truths, truths), 'greater', '[3] bool'],
  [() => t.add(integers, 1), 'add', '[3] int'],
  [() => t.subtract(1, integers), 'subtract', '[3] int'],
  [() => t.multiply(truths, vector), 'multiply', '[3] bool'],
  [() => t.divide(integers, integers), 'divide', '[3] int'],
  [() => t.maximum(integers, integers), 'maximum', '[3] int'],
  // Select.
  [() => t.select(vector, vector, vector), 'select', '[3] float', 'bool'],
  [() => t.select(truths, matrix, vector), 'select', '[2, 4] float', '[3] float'],
  [() => t.select(truths, matrix, 0), 'select', '[3] bool', '[2, 4] float'],
  [() => t.select(truths, integers, 0), 'select', '[3] int'],
  // Sums and broadcasts.
  [() => t.sum(matrix, [2]), 'sum', 'axis 2', '[2, 4]'],
  [() => t.sum(matrix, [-3]), 'sum', 'axis -1', '[2, 4]'],
  [() => t.sum(matrix, [0.5]), 'sum', 'axis 0.5', '[2, 4]'],
  [() => t.sum(integers), 'sum', '[3] int'],
  [() => t.mean(matrix, [2]), 'mean', 'axis 2', '[2, 4]'],
  [() => t.broadcastTo(vector, [4]), 'broadcastTo', '[3] float', '[4]'],
  [() => t.broadcastTo(matrix, [4]), 'broadcastTo', '[2, 4] float', '[4]'],
  [() => t.broadcastTo(vector, [3, 2]), 'broadcastTo', '[3] float', '[3, 2]'],
  [() => t.sumTo(matrix, [2]), 'sumTo', '[2, 4] float', '[2]'],
  [() => t.sumTo(vector, [1, 3]), 'sumTo', '[3] float', '[1, 3]'],
  [() => t.sumTo(t.input('four', [4]), [2, 2]), 'sumTo', '[4] float', '[2, 2]'],
  // Rearrangements.
  [() => t.reshape(matrix, [3, 3]), 'reshape', '[2, 4] float', '[3, 3]'],
  [() => t.reshape(matrix, [-2, -4]), 'reshape', '[-2, -4]'],
  [() => t.reshape(matrix, [0.5, 16]), 'reshape', '[0.5, 16]'],
  [() => t.transpose(matrix, [0, 2]), 'transpose', '[0, 2]', '[2, 4] float'],
  [() => t.transpose(matrix, [0, 0]), 'transpose', '[0, 0]', '[2, 4] float'],
  [() => t.transpose(matrix, [0]), 'transpose', '[0]', '[2, 4] float'],
  [() => t.slice(matrix, [0, 0], [3, 4]), 'slice', '[3, 4]', '[2, 4] float'],
  [() => t.slice(matrix, [-1, 0], [2, 4]), 'slice', '[-1, 0]', '[2, 4] float'],
  [() => t.slice(matrix, [1, 0], [0, 4]), 'slice', '[1, 0]', '[2, 4] float'],
  [() => t.slice(matrix, [0], [1]), 'slice', '[0] to [1]', '[2, 4] float'],
  [() => t.slice(matrix, [0.5, 0], [1.5, 4]), 'slice', '[0.5, 0]', '[2, 4] float'],
  [() => t.pad(matrix, [1], [1]), 'pad', '[1] and [1]', '[2, 4] float'],
  [() => t.pad(matrix, [0, -1], [0, 0]), 'pad', '[0, -1]', '[2, 4] float'],
  [() => t.pad(matrix, [0.5, 0], [0.5, 0]), 'pad', '[0.5, 0]', '[2, 4] float'],
  [() => t.pad(integers, [1], [1]), 'pad', '[3] int'],
  [() => t.concatenate([], 0), 'concatenate', 'at least one'],
  [() => t.concatenate([matrix, t.input('other', [3, 3])], 0), 'concatenate', '[3, 3] float', '[2, 4] float', 'axis 0'],
  [() => t.concatenate([matrix, vector], 1), 'concatenate', '[3] float', '[2, 4] float'],
  [() => t.concatenate([matrix, matrix], 2), 'concatenate', 'axis 2', '[2, 4]'],
  [() => t.concatenate([integers, integers], 0), 'concatenate', '[3] int'],
  // Matrices.
  [() => t.matmul(matrix, matrix), 'matmul', '[2, 4] float', '[2, 4] float'],
  [() => t.matmul(matrix, t.input('b', [3, 5]), { transposeB: true }), 'matmul', '[2, 4] float', '[3, 5] floatᵀ'],
  [() => t.matmul(matrix, vector), 'matmul', '2 axes', '[3] float'],
  [() => t.matmul(scalar, matrix), 'matmul', '2 axes', '[] float'],
  [() => t.matmul(t.input('s', [2, 3, 4]), t.input('u', [3, 4, 5])), 'matmul', '[2, 3, 4] float', '[3, 4, 5] float'],
  [() => t.matmul(t.input('s', [2, 3, 4]), matrix), 'matmul', '[2, 3, 4] float', '[2, 4] float'],
  [() => t.matmul(t.oneHot(integers, 2), t.input('n', [2, 2], 'int')), 'matmul', '[2, 2] int'],
  [() => t.dot(vector, matrix), 'dot', '[3] float', '[2, 4] float'],
  [() => t.dot(scalar, vector), 'dot', '[] float', '[3] float'],
  [() => t.logSoftmax(vector), 'logSoftmax', '2 axes', '[3] float'],
  [() => t.softmax(image), 'logSoftmax', '2 axes', '[2, 3, 8, 8] float'],
  [() => t.argmax(vector), 'argmax', '2 axes', '[3] float'],
  [() => t.oneHot(vector, 3), 'oneHot', '[3] float'],
  [() => t.oneHot(t.input('n', [2, 2], 'int'), 3), 'oneHot', '[2, 2] int'],
  [() => t.oneHot(integers, 1.5), 'oneHot', '[3, 1.5]'],
  [() => t.softmaxCrossEntropy(matrix, integers), 'softmaxCrossEntropy', '[2, 4] float', '[3] int'],
  [() => t.softmaxCrossEntropy(vector, integers), 'softmaxCrossEntropy', '[3] float', '[3] int'],
  [() => t.softmaxCrossEntropy(matrix, t.input('one', [1], 'int')), 'softmaxCrossEntropy', '[2, 4] float', '[1] int'],
  [() => t.softmaxCrossEntropy(matrix, t.input('two', [2])), 'softmaxCrossEntropy', '[2, 4] float', '[2] float'],
  // Images.
  [() => t.conv2d(image, t.input('w', [4, 2, 3, 3]), plain), 'conv2d', '[2, 3, 8, 8]', '[4, 2, 3, 3]'],
  [() => t.conv2d(matrix, kernel, plain), 'conv2d', '[2, 4]', '[4, 3, 3, 3]'],
  [() => t.conv2d(image, t.input('w', [4, 3, 9, 9]), plain), 'conv2d', '[2, 3, 8, 8]', '[4, 3, 9, 9]'],
  [() => t.conv2d(image, kernel, { ...plain, stride: [0, 1] }), 'conv2d', '[2, 3, 8, 8]', 'stride 0,1'],
  [() => t.conv2d(image, kernel, { ...plain, stride: [1, 1.5] }), 'conv2d', 'stride 1,1.5'],
  [() => t.conv2d(image, kernel, { ...plain, padding: [0, 0, 0, -1] }), 'conv2d', 'padding 0,0,0,-1'],
  [() => t.conv2d(image, kernel, { ...plain, stride: [Number.NaN, 1] }), 'conv2d', 'stride NaN,1'],
  [
    () => t.conv2dInputGradient(image, kernel, [2, 3, 8, 8], plain),
    'conv2dInputGradient',
    '[2, 3, 8, 8]',
    '[2, 4, 6, 6]',
  ],
  [
    () => t.conv2dInputGradient(image, kernel, [2, 2, 8, 8], plain),
    'conv2dInputGradient',
    '[2, 2, 8, 8]',
    '[4, 3, 3, 3]',
  ],
  [
    () => t.conv2dWeightGradient(image, image, [4, 3, 3, 3], plain),
    'conv2dWeightGradient',
    '[2, 3, 8, 8]',
    '[2, 4, 6, 6]',
  ],
  [
    () => t.conv2dWeightGradient(image, image, [4, 2, 3, 3], plain),
    'conv2dWeightGradient',
    '[2, 3, 8, 8]',
    '[4, 2, 3, 3]',
  ],
  [() => t.paddingFor('same', matrix, [3, 3], [1, 1]), 'padding', '4 axes', '[2, 4] float'],
  [() => t.maxPool2d(matrix, pooling), 'maxPool2d', '4 axes', '[2, 4] float'],
  [() => t.maxPool2d(image, { ...pooling, window: [9, 2] }), 'maxPool2d', 'window 9,2', '[2, 3, 8, 8] float'],
  [
    () => t.maxPool2d(image, { ...pooling, padding: [2, 0, 0, 0] }),
    'maxPool2d',
    'padding 2,0,0,0',
    '[2, 3, 8, 8] float',
  ],
  [() => t.maxPool2d(image, { ...pooling, padding: [0, 0, 0, -1] }), 'maxPool2d', 'padding 0,0,0,-1'],
  [() => t.maxPool2d(image, { ...pooling, stride: [0, 2] }), 'maxPool2d', 'stride 0,2'],
  [() => t.maxPool2d(image, { ...pooling, window: [0, 2] }), 'maxPool2d', 'window 0,2'],
  [() => t.maxPoolScatter(image, image, pooling), 'maxPoolScatter', '[2, 3, 8, 8] float', '[2, 3, 4, 4]'],
  [() => t.maxPoolGather(image, kernel, pooling), 'maxPoolGather', '[4, 3, 3, 3] float', '[2, 3, 8, 8]'],
  // Sources and derivatives.
  [() => t.input('x', [2, -1]), 'input', '[2, -1]'],
  [() => t.constant(1, [1.5]), 'constant', '[1.5]'],
  [() => t.zeros([Number.NaN]), 'constant', '[NaN]'],
  [() => t.gradients(vector, [vector]), 'gradients', '[3] float'],
  [() => t.hessianVectorProduct([vector], [vector], []), 'hessianVectorProduct', 'vector 0'],
  [() => t.hessianVectorProduct([vector], [vector], [matrix]), 'dot', '[3] float', '[2, 4] float'],
  // Elementwise, one operand: types that are not float.
  ...[
    t.abs,
    t.cos,
    t.erf,
    t.exp,
    t.log,
    t.negate,
    t.relu,
    t.sigmoid,
    t.sign,
    t.sin,
    t.softplus,
    t.sqrt,
    t.step,
    t.tanh,
  ].map((operation): [() => unknown, string, string] => [() => operation(integers), operation.name, '[3] int']),
];

const rows = violations.map(([call, operation, ...parts]) => ({ call, operation, parts: parts.join(' · ') }));

test.each(rows)('$operation: $parts', ({ call, operation, parts }) => {
  expect(call).toThrow(ShapeError);
  for (const part of [`${operation}: `, ...parts.split(' · ')]) expect(call).toThrow(part);
  expect(call).not.toThrow('\n');
});

test("the padding modes are TensorFlow's", () => {
  // 28 at stride 2, kernel 5: out 14, total 13·2 + 5 − 28 = 3, 1 before and 2 after; kernel 1 at stride 2 needs none.
  expect(t.samePadding(28, 5, 2)).toEqual({ before: 1, after: 2 });
  expect(t.samePadding(28, 5, 1)).toEqual({ before: 2, after: 2 });
  expect(t.samePadding(27, 1, 2)).toEqual({ before: 0, after: 0 });
  expect(t.paddingFor('same', image, [3, 2], [2, 1])).toEqual([0, 0, 1, 1]);
  expect(t.paddingFor('valid', image, [3, 2], [2, 1])).toEqual([0, 0, 0, 0]);
});
