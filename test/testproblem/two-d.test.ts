import { describe, expect, test } from 'vitest';
import { openDataset } from '../../src/dataset/index.js';
import { gradients, hessianVectorProduct, input, program } from '../../src/tensor/index.js';
import { loadTestProblem } from '../../src/testproblem/index.js';
import { runProgram } from '../oracle/reference-engine.js';

const dataset = await openDataset('two_d', { dataDir: 'unused', source: 'real', fetch: false });
const split = dataset.split(42, 'probprec');

async function inputsOf(phase: 'train_eval' | 'valid' | 'test'): Promise<Float64Array> {
  for await (const { inputs } of split.evaluationBatches(phase, 0, 10_000)) return Float64Array.from(inputs);
  throw new Error('the part is empty');
}

describe('the noise', () => {
  // numpy.random.RandomState(42).normal(0, 1, 10000)[:3], then the next 10000[:3]; RandomState(44) for validation.
  test.each([
    ['train_eval', [0.49671414, -0.1382643, 0.64768857], [-0.67849475, -0.30549946, -0.59738106]],
    ['valid', [-0.7506147, 1.3163574, 1.24614], [1.0411208, 1.1248431, -1.5156467]],
    ['test', [0, 0, 0], [0, 0, 0]],
  ] as const)('of %s is NumPy’s', async (phase, x, y) => {
    const inputs = await inputsOf(phase);
    expect(inputs).toHaveLength(20_000);
    for (const row of [0, 1, 2]) {
      expect(inputs[2 * row]).toBeCloseTo(x[row] ?? Number.NaN, 6);
      expect(inputs[2 * row + 1]).toBeCloseTo(y[row] ?? Number.NaN, 6);
    }
  });

  test('has the means that NumPy has', async () => {
    const mean = (values: Float64Array, place: number) =>
      values.reduce((sum, value, index) => (index % 2 === place ? sum + value : sum), 0) / 10_000;
    const [train, valid] = [await inputsOf('train_eval'), await inputsOf('valid')];
    expect([mean(train, 0), mean(train, 1)].map((value) => value.toFixed(7))).toEqual(['-0.0021360', '0.0135341']);
    expect([mean(valid, 0), mean(valid, 1)].map((value) => value.toFixed(7))).toEqual(['-0.0055723', '-0.0093023']);
  });
});

/** Loss, gradient and Hessian of a function in float64 at a point, on a part of the data. */
async function at(name: string, point: readonly number[] | null, phase: 'train_eval' | 'valid' | 'test') {
  const problem = await loadTestProblem(name);
  const { loss, parameters } = problem.build(10_000);
  const slopes = gradients(loss, parameters);
  const vectors = parameters.map((_, index) => input(`vector${index}`, [1]));
  const products = hessianVectorProduct(slopes, parameters, vectors);
  const outputs = program({
    loss,
    ...Object.fromEntries(slopes.map((slope, index) => [`slope${index}`, slope])),
    ...Object.fromEntries(products.map((product, index) => [`product${index}`, product])),
  });
  const start = problem.initialParameters(1).map((values) => values[0] ?? Number.NaN);
  const [u, v] = point ?? start;
  const inputs = await inputsOf(phase);
  const along = (direction: readonly number[]) =>
    runProgram(outputs, {
      inputs,
      'parameter/weight': Float64Array.of(u ?? Number.NaN),
      'parameter/bias': Float64Array.of(v ?? Number.NaN),
      vector0: Float64Array.of(direction[0] ?? 0),
      vector1: Float64Array.of(direction[1] ?? 0),
    });
  const [first, second] = [along([1, 0]), along([0, 1])];
  const [a, b, d] = [first.product0?.[0] ?? 0, first.product1?.[0] ?? 0, second.product1?.[0] ?? 0];
  const radius = Math.hypot((a - d) / 2, b);
  return {
    loss: first.loss?.[0] ?? Number.NaN,
    gradient: [first.slope0?.[0], first.slope1?.[0]],
    eigenvalues: [(a + d) / 2 - radius, (a + d) / 2 + radius],
  };
}

/** Computed from the formulas by hand (design figures), in float64. */
describe.each([
  {
    name: 'two_d_rosenbrock',
    ...{ start: 158.5, train: 158.52137, valid: 158.48883, gradient: [247, 250], eigenvalues: [-368.376, 270.376] },
    ...{ minimum: [1, 1], least: 0, curvatures: [0.399, 1001.6] },
  },
  {
    name: 'two_d_beale',
    ...{ start: 169_680.832, train: 169_680.9, valid: 169_680.82 },
    ...{ gradient: [-75_977.671875, 227_268.703125], eigenvalues: [-20_648.4, 289_880.4] },
    ...{ minimum: [3, 0.5], least: 0, curvatures: [0.3, 48.98] },
  },
  {
    name: 'two_d_branin',
    ...{ start: 95.84466837, train: 96.008504, valid: 95.714459 },
    ...{ gradient: [12.544608, 19.342941], eigenvalues: [0.97927, 5.5042] },
    ...{ minimum: [Math.PI, 2.275], least: 0.3978873577, curvatures: [1.73, 11.09] },
  },
])('$name', ({ name, start, train, valid, gradient, eigenvalues, minimum, least, curvatures }) => {
  const near = (found: number | undefined, expected: number | undefined, digits: number) =>
    expect(Math.abs((found ?? Number.NaN) - (expected ?? Number.NaN))).toBeLessThanOrEqual(
      10 ** -digits * Math.max(1, Math.abs(expected ?? 0)),
    );

  test('starts at the published loss, and with its gradient and curvature', async () => {
    const found = await at(name, null, 'test');
    near(found.loss, start, 8);
    for (const place of [0, 1]) {
      near(found.gradient[place], gradient[place], 6);
      near(found.eigenvalues[place], eigenvalues[place], 5);
    }
  });

  test('has the published mean losses on the noisy parts', async () => {
    near((await at(name, null, 'train_eval')).loss, train, 6);
    near((await at(name, null, 'valid')).loss, valid, 6);
  });

  test('has its minimum where it is known to be', async () => {
    const found = await at(name, minimum, 'test');
    near(found.loss, least, 9);
    for (const place of [0, 1]) {
      near(found.gradient[place], 0, 9);
      near(found.eigenvalues[place], curvatures[place], 2);
    }
  });
});
