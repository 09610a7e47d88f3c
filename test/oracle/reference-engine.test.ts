import { describe, expect, test } from 'vitest';
import { EngineError } from '../../src/errors.js';
import * as t from '../../src/tensor/index.js';
import { evaluate, openReferenceEngine } from './reference-engine.js';

/** The numbers 1, 2, 3, … in a tensor of the given shape. */
const counting = (shape: t.Shape) => Float64Array.from({ length: t.sizeOf(shape) }, (_, index) => index + 1);

/** f at inputs that count 1, 2, 3, … */
function ofCounting(shapes: readonly t.Shape[], f: (...inputs: t.Tensor[]) => t.Tensor): number[] {
  const inputs = shapes.map((shape, index) => t.input(`${index}`, shape));
  const feeds = Object.fromEntries(shapes.map((shape, index) => [`${index}`, counting(shape)]));
  return [...(evaluate({ result: f(...inputs) }, feeds).result ?? [])];
}

const vector = (values: readonly number[]) =>
  t.concatenate(
    values.map((value) => t.constant(value, [1])),
    0,
  );

describe('hand-computed values', () => {
  test.each<[string, t.Tensor, number[]]>([
    ['abs', t.abs(vector([-2, 0, 3])), [2, 0, 3]],
    ['sign', t.sign(vector([-2, 0, 3])), [-1, 0, 1]],
    ['step', t.step(vector([-2, 0, 3])), [0, 0, 1]],
    ['relu', t.relu(vector([-2, 0, 3])), [0, 0, 3]],
    ['negate', t.negate(vector([-2, 3])), [2, -3]],
    ['exp', t.exp(vector([0, 1])), [1, Math.E]],
    // Abramowitz and Stegun, table 7.1, and 1 − 1.541725790028002e-8.
    ['erf', t.erf(vector([0, 0.5, -2, 4])), [0, 0.5204998778130465, -0.9953222650189527, 0.9999999845827421]],
    ['softplus', t.softplus(vector([0, -800, 800])), [Math.LN2, 0, 800]],
    ['log', t.log(vector([1, Math.E])), [0, 1]],
    ['sqrt', t.sqrt(vector([4, 9])), [2, 3]],
    ['sigmoid', t.sigmoid(vector([0, Math.log(3), -1000, 1000])), [0.5, 0.75, 0, 1]],
    ['tanh', t.tanh(vector([0, Math.log(3)])), [0, 0.8]],
    ['sin', t.sin(vector([0, Math.PI / 6, -Math.PI / 2])), [0, 0.5, -1]],
    ['cos', t.cos(vector([0, Math.PI / 3, Math.PI])), [1, 0.5, -1]],
    ['add', t.add(vector([1, 2]), 3), [4, 5]],
    ['subtract', t.subtract(vector([1, 2]), 3), [-2, -1]],
    ['multiply', t.multiply(vector([1, 2]), 3), [3, 6]],
    ['divide', t.divide(3, vector([1, 2])), [3, 1.5]],
    ['greater', t.greater(vector([1, 2, 3]), 2), [0, 0, 1]],
    ['greaterEqual', t.greaterEqual(vector([1, 2, 3]), 2), [0, 1, 1]],
    ['equal', t.equal(vector([1, 2, 3]), 2), [0, 1, 0]],
    ['select', t.select(t.greater(vector([1, 2, 3]), 2), vector([Number.NaN, 5, 6]), -1), [-1, -1, 6]],
    ['toFloat', t.toFloat(t.equal(vector([1, 2]), 2)), [0, 1]],
    ['argmax, the first on ties', t.argmax(t.reshape(vector([1, 5, 5, -1, -2, -3]), [2, 3])), [1, 0]],
    ['oneHot', t.oneHot(t.argmax(t.reshape(vector([1, 5, 5, -1, -2, -3]), [2, 3])), 3), [0, 1, 0, 1, 0, 0]],
    ['logSoftmax', t.logSoftmax(t.reshape(vector([0, Math.log(3)]), [1, 2])), [Math.log(0.25), Math.log(0.75)]],
  ])('%s', (_, tensor, expected) => {
    const { result } = evaluate({ result: tensor });
    expect(result).toHaveLength(expected.length);
    expected.forEach((value, index) => {
      expect(result?.[index]).toBeCloseTo(value, 14);
    });
  });

  test('broadcasting a column over a row', () => {
    expect(ofCounting([[2, 1], [3]], (a, b) => t.add(t.multiply(a, 10), b))).toEqual([11, 12, 13, 21, 22, 23]);
    expect(ofCounting([[2, 1]], (x) => t.broadcastTo(x, [2, 2, 2]))).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
  });

  test('sum over the first, the last and two axes', () => {
    expect(ofCounting([[2, 3]], (x) => t.sum(x, [0]))).toEqual([5, 7, 9]);
    expect(ofCounting([[2, 3]], (x) => t.sum(x, [1], { keepDims: true }))).toEqual([6, 15]);
    expect(ofCounting([[2, 2, 2]], (x) => t.sum(x, [0, 2]))).toEqual([1 + 2 + 5 + 6, 3 + 4 + 7 + 8]);
    expect(ofCounting([[2, 3]], (x) => t.sum(x))).toEqual([21]);
  });

  test('transpose, slice, pad and concatenate', () => {
    expect(ofCounting([[2, 3]], (x) => t.transpose(x))).toEqual([1, 4, 2, 5, 3, 6]);
    // y[k, i, j] = x[i, j, k].
    expect(ofCounting([[2, 1, 3]], (x) => t.transpose(x, [2, 0, 1]))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(ofCounting([[3, 3]], (x) => t.slice(x, [1, 0], [3, 2]))).toEqual([4, 5, 7, 8]);
    expect(ofCounting([[1, 2]], (x) => t.pad(x, [1, 0], [0, 1]))).toEqual([0, 0, 0, 1, 2, 0]);
    expect(
      ofCounting(
        [
          [2, 1],
          [2, 2],
        ],
        (a, b) => t.concatenate([a, b], 1),
      ),
    ).toEqual([1, 1, 2, 2, 3, 4]);
  });

  test('matmul, each factor plain and transposed', () => {
    // [1 2; 3 4; 5 6] · [1 2 3; 4 5 6].
    expect(
      ofCounting(
        [
          [3, 2],
          [2, 3],
        ],
        (a, b) => t.matmul(a, b),
      ),
    ).toEqual([9, 12, 15, 19, 26, 33, 29, 40, 51]);
    // [1 2 3; 4 5 6] · [1 2 3; 4 5 6]ᵀ and [1 2 3; 4 5 6]ᵀ · [1 2 3; 4 5 6].
    const shapes = [
      [2, 3],
      [2, 3],
    ];
    expect(ofCounting(shapes, (a, b) => t.matmul(a, b, { transposeB: true }))).toEqual([14, 32, 32, 77]);
    expect(ofCounting(shapes, (a, b) => t.matmul(a, b, { transposeA: true }))).toEqual([
      17, 22, 27, 22, 29, 36, 27, 36, 45,
    ]);
    const both = (a: t.Tensor, b: t.Tensor) => t.matmul(a, b, { transposeA: true, transposeB: true });
    // [1 3; 2 4]… of [1 2; 3 4]: aᵀ bᵀ = (b a)ᵀ = [7 10; 15 22]ᵀ.
    expect(
      ofCounting(
        [
          [2, 2],
          [2, 2],
        ],
        both,
      ),
    ).toEqual([7, 15, 10, 22]);
  });

  test('conv2d is a cross-correlation; padding is [top, left, bottom, right]', () => {
    const plain: t.ConvolutionGeometry = { stride: [1, 1], padding: [0, 0, 0, 0] };
    const shapes = [
      [1, 1, 3, 3],
      [1, 1, 2, 2],
    ];
    // First window [1 2; 4 5] with kernel [1 2; 3 4]: 1 + 4 + 12 + 20 = 37.
    expect(ofCounting(shapes, (x, w) => t.conv2d(x, w, plain))).toEqual([37, 47, 67, 77]);
    // Left column of zeros, stride 2 along the columns: windows [0 1; 0 4], [2 3; 5 6], then a row lower.
    const left: t.ConvolutionGeometry = { stride: [1, 2], padding: [0, 1, 0, 0] };
    expect(ofCounting(shapes, (x, w) => t.conv2d(x, w, left))).toEqual([18, 47, 36, 77]);
    // A row of zeros on top, stride 2 along the rows: windows [0 0; 1 2], [0 0; 2 3], then [4 5; 7 8], [5 6; 8 9].
    const top: t.ConvolutionGeometry = { stride: [2, 1], padding: [1, 0, 0, 0] };
    expect(ofCounting(shapes, (x, w) => t.conv2d(x, w, top))).toEqual([11, 18, 67, 77]);
    // A row of zeros at the bottom: the third row of windows is [7 8; 0 0], [8 9; 0 0].
    const bottom: t.ConvolutionGeometry = { stride: [1, 1], padding: [0, 0, 1, 0] };
    expect(ofCounting(shapes, (x, w) => t.conv2d(x, w, bottom)).slice(4)).toEqual([23, 26]);
  });

  test('the maximum of a window with NaN is NaN, wherever it is, and the gradient goes there', () => {
    const geometry: t.PoolingGeometry = { window: [1, 3], stride: [1, 3], padding: [0, 0, 0, 0] };
    const x = t.input('x', [1, 1, 1, 9]);
    const feeds = { x: Float64Array.of(Number.NaN, 1, 2, 3, Number.NaN, 4, 5, 6, Number.NaN) };
    const outputs = {
      pooled: t.maxPool2d(x, geometry),
      gradient: t.gradients(t.sum(t.maxPool2d(x, geometry)), [x])[0],
    };
    const { pooled, gradient } = evaluate(outputs as Record<string, t.Tensor>, feeds);
    expect([...(pooled ?? [])]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect([...(gradient ?? [])]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  test('conv2d adds over input channels, for each filter and image', () => {
    const plain: t.ConvolutionGeometry = { stride: [1, 1], padding: [0, 0, 0, 0] };
    // Two images of channels (1, 2) and (3, 4); filters (1, 2) and (3, 4), all 1×1.
    const values = ofCounting(
      [
        [2, 2, 1, 1],
        [2, 2, 1, 1],
      ],
      (x, w) => t.conv2d(x, w, plain),
    );
    expect(values).toEqual([5, 11, 11, 25]);
  });
});

describe('as an engine', () => {
  const x = t.input('x', [2]);
  const subject = t.program({ y: t.square(x), positive: t.greater(x, 0) });

  test('compiles, runs and hands numbers back in float64', async () => {
    const engine = openReferenceEngine();
    expect(engine.record.name).toBe('oracle');
    const { run, compileSeconds } = await engine.compile(subject);
    expect(compileSeconds).toBe(0);
    const { y, positive } = await run({ x: engine.upload(Float32Array.of(3, -0.5), [2]) });
    if (y === undefined || positive === undefined) throw new Error('an output is missing');
    expect(await engine.download(y)).toEqual(Float64Array.of(9, 0.25));
    expect(await engine.download(positive)).toEqual(Int32Array.of(1, 0));
    expect([y.shape, y.dtype, positive.dtype]).toEqual([[2], 'float', 'bool']);
    await engine.dispose();
  });

  test('rejects what does not fit', async () => {
    const engine = openReferenceEngine();
    const { run } = await engine.compile(subject);
    expect(() => engine.upload(Float32Array.of(1), [2])).toThrow(EngineError);
    await expect(run({})).rejects.toThrow('x is not fed');
    await expect(run({ x: engine.upload(Float32Array.of(1), [1]) })).rejects.toThrow('expected [2] float');
    await expect(run({ x: engine.upload(Int32Array.of(1, 2), [2]) })).rejects.toThrow('[2] int');
    await expect(run({ x: { shape: [2], dtype: 'float' } })).rejects.toThrow("another engine's value");
  });
});
