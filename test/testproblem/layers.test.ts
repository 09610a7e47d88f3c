import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random/index.js';
import * as t from '../../src/tensor/index.js';
import {
  constantValue,
  conv2d,
  defineTestProblem,
  dense,
  flatten,
  inputNames,
  type Layer,
  maxPool,
  relu,
  sequential,
  sigmoid,
  softmaxCrossEntropy,
  tanh,
  traceModel,
} from '../../src/testproblem/index.js';
import { evaluate } from '../oracle/reference-engine.js';

/** What layers make of an input, at parameters that are inputs of the program. */
function applied(x: t.Tensor, ...layers: Layer[]): t.Tensor {
  const initialOf = () => constantValue(0);
  return traceModel((scope) => sequential(layers)(scope, x), { mode: 'train', initialOf }).result;
}

function shapeAfter(shape: readonly number[], ...layers: Layer[]): readonly number[] {
  return applied(t.input('x', shape), ...layers).shape;
}

function network(layers: readonly Layer[], inputShape: readonly number[] = [1, 4, 4]) {
  return defineTestProblem({
    name: 'small',
    description: '',
    dataset: 'mnist',
    inputShape,
    defaults: { batchSize: 2, numEpochs: 1 },
    initial: { weights: constantValue(1), biases: constantValue(0) },
    network: layers,
    loss: softmaxCrossEntropy(),
  });
}

describe('layers', () => {
  test('have the shapes of TensorFlow’s paddings', () => {
    expect(shapeAfter([2, 3, 32, 32], conv2d({ filters: 64, kernel: 5, padding: 'valid' }))).toEqual([2, 64, 28, 28]);
    expect(shapeAfter([2, 3, 32, 32], conv2d({ filters: 8, kernel: 4, padding: 'same' }))).toEqual([2, 8, 32, 32]);
    expect(shapeAfter([2, 3, 9, 7], conv2d({ filters: 8, kernel: 3, stride: 2, padding: 'same' }))).toEqual([
      2, 8, 5, 4,
    ]);
    expect(shapeAfter([2, 3, 9, 7], conv2d({ filters: 8, kernel: 3, stride: 2, padding: 'valid' }))).toEqual([
      2, 8, 4, 3,
    ]);
    expect(shapeAfter([2, 3, 28, 28], maxPool({ size: 3, stride: 2 }))).toEqual([2, 3, 14, 14]);
    expect(shapeAfter([2, 3, 7, 7], maxPool({ size: 2, stride: 2 }))).toEqual([2, 3, 4, 4]);
    expect(shapeAfter([2, 3, 7, 7], maxPool({ size: 2, stride: 2, padding: 'valid' }))).toEqual([2, 3, 3, 3]);
    expect(shapeAfter([2, 3, 4, 5], flatten(), dense(7), relu())).toEqual([2, 7]);
  });

  test('compute y = W x + b, and images are flattened channel by channel', () => {
    const x = t.input('x', [1, 2, 1, 2]);
    const y = applied(x, flatten(), dense(2));
    const feeds = {
      x: Float64Array.of(1, 2, 3, 4),
      'parameter/dense1.weight': Float64Array.of(1, 0, 0, 0, 0, 0, 1, 10),
      'parameter/dense1.bias': Float64Array.of(5, 6),
    };
    expect(evaluate({ y }, feeds).y).toEqual(Float64Array.of(6, 49));
  });

  test('activate', () => {
    const x = t.input('x', [3]);
    const outputs = { relu: applied(x, relu()), tanh: applied(x, tanh()), sigmoid: applied(x, sigmoid()) };
    const results = evaluate(outputs, { x: Float64Array.of(-1, 0, 2) });
    expect(results.relu).toEqual(Float64Array.of(0, 0, 2));
    expect(results.tanh?.[2]).toBeCloseTo(Math.tanh(2), 12);
    expect(results.sigmoid?.[0]).toBeCloseTo(1 / (1 + Math.E), 12);
  });

  test('that do not fit say so', () => {
    expect(() => network([dense(10)])).toThrow(
      /^dense\(10\): the input has shape \[1,4,4\]; put flatten\(\) before it, or perPosition\(\) around it$/,
    );
    expect(() => network([flatten(), conv2d({ filters: 2, kernel: 3, padding: 'same' })])).toThrow(
      /^conv2d of 2 filters: the input has shape \[16\], expected \[channels, rows, columns\]$/,
    );
    expect(() => network([conv2d({ filters: 2, kernel: 5, padding: 'valid' }), flatten(), dense(3)])).toThrow(
      /conv2d.*\[2, 1, 4, 4\]/,
    );
    expect(() => network([flatten(), maxPool({ size: 2, stride: 2 })])).toThrow(
      /^maxPool of size 2: the input has shape \[16\]/,
    );
    expect(() => network([])).toThrow(/softmax/i);
    expect(() => network([conv2d({ filters: 2, kernel: 3, padding: 'same' })])).toThrow(/softmax/i);
  });

  test('are numbered by kind in the names of their parameters', () => {
    const layers = [conv2d({ filters: 2, kernel: 3, padding: 'same' }), relu(), flatten(), dense(4), relu(), dense(3)];
    expect(network(layers).parameters.map(({ name }) => name)).toEqual([
      'conv1.weight',
      'conv1.bias',
      'dense1.weight',
      'dense1.bias',
      'dense2.weight',
      'dense2.bias',
    ]);
  });
});

describe('a test problem’s loss', () => {
  const problem = network([flatten(), dense(3)], [2]);
  const random = randomStream(1, 'loss');
  const feeds = {
    [inputNames.inputs]: Float64Array.from({ length: 8 }, () => random.normal()),
    [inputNames.labels]: Int32Array.of(0, 2, 1, 1),
    'parameter/dense1.weight': Float64Array.from({ length: 6 }, () => random.normal()),
    'parameter/dense1.bias': Float64Array.from({ length: 3 }, () => random.normal()),
  };

  test('is the mean cross entropy, and the accuracy the fraction of largest logits that are the labels’', () => {
    const { loss, accuracy } = problem.build(4);
    const found = evaluate({ loss, accuracy: accuracy ?? loss }, feeds);
    const [x, labels] = [feeds[inputNames.inputs] ?? [], [0, 2, 1, 1]];
    const [w, b] = [feeds['parameter/dense1.weight'], feeds['parameter/dense1.bias']];
    const rows = labels.map((label, row) => {
      const logits = [0, 1, 2].map(
        (unit) =>
          (w[2 * unit] ?? 0) * (x[2 * row] ?? 0) + (w[2 * unit + 1] ?? 0) * (x[2 * row + 1] ?? 0) + (b[unit] ?? 0),
      );
      const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
      return { loss: total - (logits[label] ?? 0), right: logits.indexOf(Math.max(...logits)) === label ? 1 : 0 };
    });
    expect(found.loss?.[0]).toBeCloseTo(rows.reduce((sum, row) => sum + row.loss, 0) / 4, 12);
    expect(found.accuracy?.[0]).toBe(rows.reduce((sum, row) => sum + row.right, 0) / 4);
  });

  test('has ½ λ Σ w² over the weights, and its gradient λ w', () => {
    const plain = problem.build(4);
    const regularised = problem.build(4, { l2Reg: 0.25 });
    const derivative = (built: typeof plain) => {
      const [weight = built.loss, bias = built.loss] = t.gradients(built.loss, built.parameters);
      return evaluate({ loss: built.loss, weight, bias }, feeds);
    };
    const [without, with_] = [derivative(plain), derivative(regularised)];
    const w = feeds['parameter/dense1.weight'];
    const squares = w.reduce((sum, value) => sum + value * value, 0);
    expect((with_.loss?.[0] ?? 0) - (without.loss?.[0] ?? 0)).toBeCloseTo(0.125 * squares, 12);
    for (const [index, value] of w.entries()) {
      expect((with_.weight?.[index] ?? 0) - (without.weight?.[index] ?? 0)).toBeCloseTo(0.25 * value, 12);
    }
    expect(with_.bias).toEqual(without.bias);
  });

  test('with equal logits is ln 10, and the first class wins', () => {
    const even = network([flatten(), dense(10)], [2]);
    const { loss, accuracy } = even.build(4);
    const found = evaluate(
      { loss, accuracy: accuracy ?? loss },
      {
        ...feeds,
        [inputNames.labels]: Int32Array.of(0, 9, 1, 0),
        'parameter/dense1.weight': new Float64Array(20),
        'parameter/dense1.bias': new Float64Array(10).fill(7),
      },
    );
    expect(found.loss?.[0]).toBeCloseTo(Math.log(10), 12);
    expect(found.accuracy?.[0]).toBe(0.5);
  });
});
