import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as t from '../../src/tensor/index.js';
import * as p from '../../src/testproblem/index.js';
import { relativeDistance } from '../contract/engine-case.js';
import { evaluate, runProgram } from '../oracle/reference-engine.js';
import { derivativesOf, feedsOf, integers, models, numbers } from './pytorch/models.js';

interface Fixture {
  readonly networks: Readonly<
    Record<
      string,
      {
        readonly loss: number;
        readonly gradient: Readonly<Record<string, readonly number[]>>;
        readonly product: Readonly<Record<string, readonly number[]>>;
        readonly extra: Readonly<Record<string, readonly number[]>>;
      }
    >
  >;
  readonly 'running statistics': { readonly mean: number[]; readonly variance: number[]; readonly evaluated: number[] };
  readonly layers: Readonly<Record<string, readonly number[]>>;
}

/** Written by pytorch/fixtures.py with PyTorch 1.13 in float64. */
const fixture: Fixture = JSON.parse(readFileSync(new URL('./pytorch/fixtures.json', import.meta.url), 'utf8'));

/** The oracle sums in another order than PyTorch. */
const ROUNDING = 1e-12;

const batchSizes: Readonly<Record<string, number>> = { residual: 4, recurrent: 2, autoencoder: 2, attention: 2 };
const rows = models.map((model) => ({ name: model.name, model, batchSize: batchSizes[model.name] ?? 2 }));

describe.each(rows)('the network $name in float64', ({ name, model, batchSize }) => {
  const feeds = feedsOf(model, batchSize);
  const names = model.parameters.map((parameter) => parameter.name);
  const subject = t.program(derivativesOf(model, batchSize));
  const found = runProgram(subject, feeds);

  test('has PyTorch’s loss, gradient and Hessian-vector product', () => {
    const { loss, gradient, product } = fixture.networks[name] ?? {};
    expect(Object.keys(gradient ?? {})).toEqual(names);
    expect(relativeDistance(found.loss, [loss ?? 0])).toBeLessThan(ROUNDING);
    const scale = (values: typeof gradient) => Math.hypot(...Object.values(values ?? {}).flat());
    for (const parameter of names) {
      const near = (output: string, values: typeof gradient) =>
        relativeDistance(found[`${output}/${parameter}`], values?.[parameter] ?? [], scale(values));
      expect(near('gradient', gradient), `gradient of ${parameter}`).toBeLessThan(ROUNDING);
      expect(near('product', product), `product of ${parameter}`).toBeLessThan(ROUNDING);
    }
  });

  test('has PyTorch’s states and metrics after the batch', () => {
    const { nextStates, metrics } = model.build(batchSize);
    const results = evaluate({ ...nextStates, ...metrics }, feeds);
    const { extra = {} } = fixture.networks[name] ?? {};
    expect(Object.keys(results).toSorted()).toEqual(Object.keys(extra).toSorted());
    for (const [state, values] of Object.entries(extra)) {
      expect(relativeDistance(results[state], values), state).toBeLessThan(ROUNDING);
    }
  });

  /** The feeds with the parameters moved along the direction of the Hessian-vector product. */
  const moved = (amount: number) => {
    const changed = names.map((parameter) => {
      const direction = feeds[`vector/${parameter}`] ?? [];
      const values = Float64Array.from(
        feeds[`parameter/${parameter}`] ?? [],
        (x, i) => x + amount * (direction[i] ?? 0),
      );
      return [`parameter/${parameter}`, values] as const;
    });
    return { ...feeds, ...Object.fromEntries(changed) };
  };
  /** Central differences of fourth order: exact for polynomials up to the fourth degree. */
  const STEP = 1e-4;
  const [behind2, behind, ahead, ahead2] = [-2, -1, 1, 2].map((steps) => runProgram(subject, moved(steps * STEP)));
  const difference = (output: string, place: number) => {
    const at = (results: typeof ahead) => results?.[output]?.[place] ?? Number.NaN;
    return (8 * (at(ahead) - at(behind)) - (at(ahead2) - at(behind2))) / (12 * STEP);
  };

  test('has the derivatives that central differences have', () => {
    const [slopes, products, differences]: [number[], number[], number[]] = [[], [], []];
    for (const parameter of names) {
      const direction = feeds[`vector/${parameter}`] ?? [];
      for (const [place, value] of (found[`gradient/${parameter}`] ?? []).entries()) {
        slopes.push(value * (direction[place] ?? 0));
        products.push(found[`product/${parameter}`]?.[place] ?? Number.NaN);
        differences.push(difference(`gradient/${parameter}`, place));
      }
    }
    const slope = slopes.reduce((sum, term) => sum + term, 0);
    expect(relativeDistance([slope], [difference('loss', 0)])).toBeLessThan(1e-8);
    expect(relativeDistance(products, differences)).toBeLessThan(1e-8);
  });
});

test('batch normalisation has PyTorch’s running statistics after 50 steps, and its evaluation', () => {
  const rules = { initialOf: () => p.constantValue(0) };
  const images = t.input('images', [4, 3, 2, 2]);
  const training = p.traceModel((scope) => p.batchNorm()(scope, images), { mode: 'train', ...rules });
  const evaluation = p.traceModel((scope) => p.batchNorm()(scope, images), { mode: 'eval', ...rules });
  const own = { 'parameter/norm1.gain': Float64Array.of(1, 1, 1), 'parameter/norm1.bias': new Float64Array(3) };
  let states: Record<string, Float64Array> = Object.fromEntries(
    training.states.map(({ name, initial }) => [`modelState/${name}`, Float64Array.from(initial)]),
  );
  let batch: Float64Array = new Float64Array();
  for (let step = 0; step < 50; step++) {
    batch = numbers(step, 48).map((x) => (1 + 0.02 * step) * x + 0.05 * step);
    const next = evaluate({ ...training.nextStates }, { images: batch, ...own, ...states });
    states = Object.fromEntries(Object.entries(next).map(([name, values]) => [`modelState/${name}`, values]));
  }
  const { mean, variance, evaluated } = fixture['running statistics'];
  expect(relativeDistance(states['modelState/norm1.mean'], mean)).toBeLessThan(ROUNDING);
  expect(relativeDistance(states['modelState/norm1.variance'], variance)).toBeLessThan(ROUNDING);
  const { y } = evaluate({ y: evaluation.result }, { images: batch, ...own, ...states });
  expect(relativeDistance(y, evaluated)).toBeLessThan(ROUNDING);
  expect(evaluation.nextStates).toEqual({});
});

describe('a layer or loss has PyTorch’s values', () => {
  const x = t.input('x', [24]);
  const image = t.input('image', [2, 3, 5, 4]);
  const [logits, labels] = [t.input('logits', [4, 5]), t.input('labels', [4], 'int')];
  const targets = t.input('targets', [4, 5]);
  const [mean, deviation] = [t.input('mean', [4, 3]), t.input('deviation', [4, 3])];
  const feeds = {
    x: numbers(1, 24).map((value) => 3 * value),
    image: numbers(2, 120),
    'parameter/deconv1.weight': numbers(3, 54),
    'parameter/deconv1.bias': numbers(4, 2),
    logits: numbers(5, 20).map((value) => 3 * value),
    labels: integers(6, 4, 5),
    targets: numbers(7, 20).map((value) => 0.5 + 0.5 * value),
    mean: numbers(8, 12),
    deviation: numbers(9, 12),
  };
  const smoothed = p.softmaxCrossEntropy({ labelSmoothing: 0.2 });
  const applied = (layer: p.Layer, input: t.Tensor) =>
    p.traceModel((scope) => layer(scope, input), { mode: 'train', initialOf: () => p.constantValue(0) });
  const rows: readonly { name: string; subject: { result: t.Tensor; constants?: p.Trace<t.Tensor>['constants'] } }[] = [
    { name: 'gelu', subject: applied(p.gelu(), x) },
    { name: 'gelu tanh', subject: applied(p.gelu('tanh'), x) },
    { name: 'softplus', subject: applied(p.softplus(), x) },
    { name: 'leakyRelu', subject: applied(p.leakyRelu(0.2), x) },
    { name: 'resize 7 3', subject: applied(p.resizeBilinear({ rows: 7, columns: 3 }), image) },
    { name: 'resize 2 9', subject: applied(p.resizeBilinear({ rows: 2, columns: 9 }), image) },
    {
      name: 'average of places',
      subject: applied(p.averagePool({ size: 3, stride: 2, padding: [1, 1, 1, 1], countPadding: true }), image),
    },
    {
      name: 'average of pixels',
      subject: applied(p.averagePool({ size: 3, stride: 2, padding: [1, 1, 1, 1] }), image),
    },
    {
      name: 'transposed',
      subject: applied(p.transposedConv2d({ filters: 2, kernel: 3, stride: 2, padding: [1, 1, 1, 1] }), image),
    },
    {
      name: 'transposed, nothing cut',
      subject: applied(p.transposedConv2d({ filters: 2, kernel: 3, stride: [1, 3], padding: 'valid' }), image),
    },
    { name: 'smoothed cross entropy', subject: { result: smoothed(logits, { size: 4, inputs: logits, labels }).loss } },
    { name: 'binary cross entropies', subject: { result: p.binaryCrossEntropies(logits, targets) } },
    { name: 'divergences', subject: { result: p.gaussianDivergences(mean, deviation) } },
  ];

  test.each(rows)('$name', ({ name, subject: { result, constants = new Map() } }) => {
    const fixed = [...constants].map(([constant, { data }]) => [`constant/${constant}`, data()] as const);
    const { y } = evaluate({ y: result }, { ...feeds, ...Object.fromEntries(fixed) });
    // The resizing weights are float32, as they reach an engine.
    const tolerance = name.startsWith('resize') ? 1e-7 : ROUNDING;
    expect(relativeDistance(y, fixture.layers[name] ?? [])).toBeLessThan(tolerance);
  });

  test('every value of the fixture is compared', () => {
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(fixture.layers));
  });
});
