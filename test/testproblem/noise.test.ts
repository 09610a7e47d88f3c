import { describe, expect, test } from 'vitest';
import * as t from '../../src/tensor/index.js';
import * as p from '../../src/testproblem/index.js';
import { evaluate, openReferenceEngine } from '../oracle/reference-engine.js';

const noises: readonly p.NoiseDefinition[] = [
  { name: 'mask', shape: [100, 1000], distribution: { kind: 'bernoulli', keep: 0.8, value: 1.25 } },
  { name: 'other', shape: [100, 1000], distribution: { kind: 'bernoulli', keep: 0.8, value: 1.25 } },
  { name: 'uniform', shape: [100_000], distribution: { kind: 'uniform' } },
  { name: 'normal', shape: [100_000], distribution: { kind: 'normal' } },
];
const drawn = (place: Partial<p.MinibatchPlace> = {}) =>
  p.minibatchNoise({ noises }, { seed: 42, epoch: 3, step: 7, ...place });
const empty = new Float32Array();
/** Whether two arrays have the same bits; much faster than a comparison that explains itself. */
const same = (a: Float32Array | undefined, b: Float32Array | undefined) =>
  a !== undefined && b !== undefined && Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

describe('the noise of a minibatch', () => {
  const numbers = drawn();

  test('is named and as long as declared', () => {
    expect(Object.entries(numbers).map(([name, { length }]) => [name, length])).toEqual(
      noises.map(({ name }) => [`noise/${name}`, 100_000]),
    );
    expect(p.minibatchNoise({ noises: [] }, { seed: 1, epoch: 0, step: 0 })).toEqual({});
  });

  test('is the same for the same place and different for another seed, epoch, step and name', () => {
    const again = drawn();
    for (const [name, values] of Object.entries(numbers)) expect(same(again[name], values), name).toBe(true);
    for (const place of [{ seed: 43 }, { epoch: 4 }, { step: 8 }]) {
      const other = drawn(place);
      for (const [name, values] of Object.entries(numbers)) {
        const equal = values.filter((value, index) => value === other[name]?.[index]).length / values.length;
        // Two independent masks agree at 0.8² + 0.2² of the places.
        const expected = name === 'noise/mask' || name === 'noise/other' ? 0.68 : 0;
        expect(Math.abs(equal - expected), `${name} of ${JSON.stringify(place)}`).toBeLessThan(0.01);
      }
    }
    const agreeing = (numbers['noise/mask'] ?? empty).filter(
      (value, index) => value === numbers['noise/other']?.[index],
    );
    expect(Math.abs(agreeing.length / 100_000 - 0.68)).toBeLessThan(0.01);
  });

  test('is none of an evaluation', () => {
    const ofEvaluation = (phase: string) =>
      p.evaluationNoise({ noises }, { seed: 42, phase, epoch: 3, batch: 7 })['noise/normal'];
    expect(same(ofEvaluation('test'), ofEvaluation('test'))).toBe(true);
    expect(same(ofEvaluation('test'), ofEvaluation('valid'))).toBe(false);
    expect(same(ofEvaluation('test'), numbers['noise/normal'])).toBe(false);
  });

  test('has its distribution, without correlation of neighbours', () => {
    const moments = (values: Float32Array) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      const neighbours = values.reduce((sum, value, i) => sum + (value - mean) * ((values[i + 1] ?? mean) - mean), 0);
      return { mean, variance, correlation: neighbours / values.length / variance };
    };
    const expected = { mask: [1, 0.25], other: [1, 0.25], uniform: [0.5, 1 / 12], normal: [0, 1] };
    for (const [name, [mean = 0, variance = 0]] of Object.entries(expected)) {
      const found = moments(numbers[`noise/${name}`] ?? empty);
      const error = 5 / Math.sqrt(100_000);
      expect(Math.abs(found.mean - mean), `mean of ${name}`).toBeLessThan(error * Math.sqrt(variance));
      expect(Math.abs(found.variance / variance - 1), `variance of ${name}`).toBeLessThan(2 * error);
      expect(Math.abs(found.correlation), `neighbours of ${name}`).toBeLessThan(error);
    }
    expect(new Set(numbers['noise/mask'])).toEqual(new Set([0, 1.25]));
    expect((numbers['noise/uniform'] ?? empty).every((value) => value >= 0 && value < 1)).toBe(true);
  });

  test('that has another size than declared is an error', () => {
    const engine = openReferenceEngine();
    expect(() => p.uploadNoise(engine, { noises }, { 'noise/mask': new Float32Array(3) })).toThrow(
      /^noise mask: found 3 numbers, expected 100000$/,
    );
    expect(() => p.uploadNoise(engine, { noises }, {})).toThrow(/^noise mask: missing, expected 100000$/);
  });
});

describe('the noise of an epoch', () => {
  const dist = new URL('../../dist/src/testproblem/index.js', import.meta.url);

  test.each([{ ahead: false }, { ahead: true }])(
    'is that of its minibatches, one after the other: %o',
    async (options) => {
      // The worker is there in the compiled package.
      const { epochNoise }: typeof p = await import(dist.href);
      const noise = epochNoise({ noises }, { seed: 42, epoch: 3 }, options);
      for (let step = 0; step < 4; step++) {
        const numbers = await noise.next();
        const expected = drawn({ step });
        expect(Object.keys(numbers)).toEqual(Object.keys(expected));
        for (const name of Object.keys(expected)) expect(same(numbers[name], expected[name]), name).toBe(true);
      }
      await noise.close();
    },
  );
});

describe('dropout', () => {
  const problem = p.defineTestProblem({
    name: 'dropout',
    description: '',
    dataset: 'none',
    inputShape: [40],
    defaults: { batchSize: 3, numEpochs: 1 },
    initial: { weights: p.uniformValues(0.5), biases: p.constantValue(0.1) },
    network: [p.dropout(0.2), p.dense(30), p.tanh(), p.dropout(0.5), p.dense(4)],
    loss: p.softmaxCrossEntropy(),
  });
  const symbolic = problem.build(3);
  const initial = problem.initialParameters(1);
  const feeds = {
    inputs: Float64Array.from({ length: 120 }, (_, index) => Math.sin(index)),
    labels: Int32Array.of(0, 3, 1),
    ...Object.fromEntries(problem.parameters.map(({ name }, index) => [`parameter/${name}`, initial[index] ?? empty])),
    ...Object.fromEntries(
      problem.parameters.map(({ name, shape }) => [`vector/${name}`, new Float32Array(t.sizeOf(shape)).fill(1)]),
    ),
  };
  const [weight = symbolic.loss] = symbolic.parameters;
  const [gradient = weight] = t.gradients(symbolic.loss, [weight]);
  const vectors = symbolic.parameters.map(({ shape }, index) =>
    t.input(`vector/${problem.parameters[index]?.name}`, shape),
  );
  const [product = weight] = t.hessianVectorProduct(
    t.gradients(symbolic.loss, symbolic.parameters),
    symbolic.parameters,
    vectors,
  );

  test('has the same mask in loss, gradient and product: one input of their programs', () => {
    const [first, second] = symbolic.noises;
    expect([first?.shape, second?.shape]).toEqual([
      [3, 40],
      [3, 30],
    ]);
    const { inputs } = t.program({ loss: symbolic.loss, gradient, product });
    expect([...inputs.keys()].filter((name) => name.startsWith('noise/'))).toEqual([
      'noise/dropout1.mask',
      'noise/dropout2.mask',
    ]);
  });

  test('leaves no gradient and no product for what it drops in all examples', () => {
    const noise = p.minibatchNoise(symbolic, { seed: 1, epoch: 0, step: 0 });
    const mask = noise['noise/dropout1.mask'] ?? empty;
    const dropped = Array.from({ length: 40 }, (_, column) => [0, 1, 2].every((row) => mask[40 * row + column] === 0));
    for (let row = 0; row < 3; row++) mask.fill(0, 40 * row, 40 * row + 2);
    const found = evaluate({ gradient, product }, { ...feeds, ...noise });
    for (const values of [found.gradient, found.product]) {
      for (let column = 0; column < 40; column++) {
        const ofColumn = Array.from({ length: 30 }, (_, unit) => values?.[40 * unit + column]);
        expect(
          ofColumn.every((value) => value === 0),
          `input ${column}`,
        ).toBe(column < 2 || dropped[column]);
      }
    }
  });

  test('draws another mask in each step, and is left out of evaluation', () => {
    const at = (step: number) =>
      evaluate({ loss: symbolic.loss }, { ...feeds, ...p.minibatchNoise(symbolic, { seed: 1, epoch: 0, step }) })
        .loss?.[0];
    expect(new Set([0, 1, 2, 3].map(at)).size).toBe(4);
    expect(at(2)).toBe(at(2));
    const evaluation = problem.build(3, { mode: 'eval' });
    expect(evaluation.noises).toEqual([]);
    expect(evaluate({ loss: evaluation.loss }, feeds).loss?.[0]).toBeGreaterThan(0);
  });
});
