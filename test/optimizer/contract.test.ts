import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Engine, openEngine } from '../../src/engine/index.js';
import {
  averageParameters,
  chain,
  clipByGlobalNorm,
  defineOptimizer,
  linearAlgebra,
  loadOptimizer,
  masked,
  type OptimizerDefinition,
  type ParameterInfo,
  scaleByAdam,
  scaleByLearningRate,
  stateless,
  type Training,
  type Transformation,
  type UpdateContext,
} from '../../src/optimizer/index.js';
import * as t from '../../src/tensor/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { pointOf, startOnToyB, toyB, trajectory } from './toy-b.js';

const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8'));

/** An optimizer around a transformation. */
function optimizer(transformation: (lr: t.Tensor) => Transformation): OptimizerDefinition {
  return defineOptimizer({
    name: 'mine',
    className: 'Mine',
    description: '',
    hyperparameters: z.strictObject({ lr: z.number().default(0.05) }),
    transformation: ({ lr }) => transformation(lr),
  });
}

const engines: Record<string, Engine> = { oracle: openReferenceEngine() };
beforeAll(async () => {
  engines.onnxruntime = await openEngine({ engine: 'onnxruntime', threads: 1 });
  engines.tfjs = await openEngine({ engine: 'tfjs-cpu' });
});
afterAll(async () => {
  for (const engine of Object.values(engines)) await engine.dispose();
});
const engineNames = ['oracle', 'onnxruntime', 'tfjs'];

/** State and counters as a checkpoint keeps them. */
async function copied(training: Training) {
  const { arrays, values } = await training.save();
  return { arrays, values: JSON.parse(JSON.stringify(values)) as Record<string, unknown> };
}

async function steps(training: Training, count: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = 0; step < count; step++) losses.push(await training.step({}));
  return losses;
}

describe('hyperparameters are arguments', () => {
  const renamed = defineOptimizer({
    name: 'adam-b',
    className: 'AdamB',
    description: '',
    hyperparameters: z.strictObject({ eta: z.number(), b1: z.number(), b2: z.number(), eps: z.number() }),
    learningRate: 'eta',
    transformation: ({ eta, b1, b2, eps }) =>
      chain(scaleByAdam({ beta1: b1, beta2: b2, epsilon: eps }), scaleByLearningRate(eta)),
  });

  test('a user’s Adam with names of its own is the bundled one', async () => {
    const mine = await startOnToyB(renamed, { eta: 0.1, b1: 0.5, b2: 0.9, eps: 0.1 });
    const bundled = await startOnToyB(await loadOptimizer('adam'), { lr: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 0.1 });
    const path = await trajectory(mine, 6);
    expect(path).toEqual(await trajectory(bundled, 6));
    const others = await startOnToyB(await loadOptimizer('adam'), { lr: 0.1 });
    expect(path).not.toEqual(await trajectory(others, 6));
  });

  test('the schedule scales the declared learning rate, whatever its name', async () => {
    const training = await startOnToyB(renamed, { eta: 0.1, b1: 0.9, b2: 0.999, eps: 1e-8 });
    await training.beginEpoch(0, 0.5);
    await training.step({});
    const [w00 = 0] = await pointOf(training);
    expect(w00).toBeCloseTo(0.95, 8);
  });

  test('two Adams in a chain have scalars and states of their own', async () => {
    const twice = optimizer((lr) =>
      chain(
        scaleByAdam({ beta1: 0.5, beta2: 0.9, epsilon: 0.1 }),
        scaleByAdam({ beta1: 0.8, beta2: 0.99 }),
        scaleByLearningRate(lr),
      ),
    );
    const found = await trajectory(await startOnToyB(twice, { lr: 0.1 }), 5);
    // The formulas of Kingma & Ba, one after the other.
    const adam = (beta1: number, beta2: number, epsilon: number) => {
      const [m, v] = [new Float64Array(8), new Float64Array(8)];
      return (g: Float64Array, step: number) =>
        g.map((x, i) => {
          m[i] = beta1 * (m[i] ?? 0) + (1 - beta1) * x;
          v[i] = beta2 * (v[i] ?? 0) + (1 - beta2) * x * x;
          return (m[i] ?? 0) / (1 - beta1 ** step) / (Math.sqrt((v[i] ?? 0) / (1 - beta2 ** step)) + epsilon);
        });
    };
    const [first, second] = [adam(0.5, 0.9, 0.1), adam(0.8, 0.99, 1e-8)];
    let theta = Float64Array.of(1, 1, 1, 1, 1, 1, 0, 0);
    for (let step = 1; step <= 5; step++) {
      const update = second(first(toyGradient(theta), step), step);
      theta = theta.map((x, i) => x - 0.1 * (update[i] ?? 0));
      for (const [i, x] of theta.entries()) expect(found[step - 1]?.[i]).toBeCloseTo(x, 9);
    }
  });

  test('scaleByLearningRate says what is missing where no learning rate is declared', async () => {
    const without = defineOptimizer({
      name: 'none',
      className: 'None',
      description: '',
      hyperparameters: z.strictObject({ eta: z.number() }),
      transformation: () => scaleByLearningRate(),
    });
    await expect(startOnToyB(without, { eta: 1 })).rejects.toThrow(/has no learning rate; state which hyperparameter/);
    expect(() =>
      defineOptimizer({ ...without, learningRate: 'rate', transformation: () => scaleByLearningRate() }),
    ).toThrow(/found the learning rate rate, expected one of eta/);
  });
});

function toyGradient(theta: Float64Array): Float64Array {
  const s = [0.5, -1, 0.25, 1, -0.75, 0.1, 0.3, -0.2];
  const difference = theta.map((x, i) => x - (s[i] ?? 0));
  const total = difference.reduce((sum, x) => sum + x, 0);
  return difference.map((x, i) => ([1, 2, 3, 4, 5, 6, 0.5, 8][i] ?? 0) * x + 0.25 * total);
}

describe('init', () => {
  const keeper = optimizer((lr) => ({
    init: (parameters) => ({ start: parameters, again: parameters, twice: parameters.map((p) => t.multiply(p, 2)) }),
    update: (gradients, { state, parameters }) => {
      const { start, twice } = state as { start: readonly t.Tensor[]; twice: readonly t.Tensor[] };
      const updates = gradients.map((g) => t.negate(t.multiply(g, lr)));
      // The same tensor as parameter and as state, the old state in another place, and a state that stays.
      const next = parameters.map((p, i) => t.add(p, updates[i] ?? 0));
      return { updates, state: { start, again: next, twice } };
    },
  }));

  test.each(engineNames)('is fed the parameters; what a rule keeps stays, on %s', async (name) => {
    const engine = engines[name] as Engine;
    const training = await startOnToyB(keeper, {}, { engine });
    await training.beginEpoch(0, 1);
    await steps(training, 7);
    const { arrays } = await training.save();
    const numbers = (path: string) => [0, 1].flatMap((i) => [...(arrays[`carried.state.${path}.${i}`] ?? [])]);
    expect(numbers('start')).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
    expect(numbers('twice')).toEqual([2, 2, 2, 2, 2, 2, 0, 0]);
    expect(numbers('again')).toEqual(await pointOf(training, false, engine));
    expect(numbers('again')).not.toContain(1);
    const plain = await startOnToyB(await loadOptimizer('sgd'), { lr: 0.05 }, { engine });
    await plain.beginEpoch(0, 1);
    await steps(plain, 7);
    expect(await pointOf(training, false, engine)).toEqual(await pointOf(plain, false, engine));
  });
});

describe('update', () => {
  test('sees loss, step, steps per epoch, names and kinds', async () => {
    let seen: UpdateContext<unknown> | undefined;
    const looking = optimizer(() => ({
      init: () => ({}),
      update: (gradients, context) => {
        seen = context;
        context.log('loss', context.loss, 'step');
        context.log('t', context.step, 'step');
        context.log(
          'last',
          context.scalar((step) => step ** 2),
        );
        return { updates: gradients.map((g) => t.multiply(g, -0.05)), state: {} };
      },
    }));
    const training = await startOnToyB(looking, {}, { stepsPerEpoch: 17 });
    await training.beginEpoch(0, 1);
    const losses = await steps(training, 3);
    expect(seen).toMatchObject({ names: ['w', 'c'], kinds: ['matrix', 'bias'], stepsPerEpoch: 17 });
    expect(losses[0]).toBeCloseTo(19.5425, 12);
    expect(await training.endEpoch()).toEqual({ epoch: 0, loss: losses, t: [1, 2, 3], last: 9 });
    expect(await training.endEpoch()).toBeNull();
    expect(training.evaluations).toEqual({ gradients: 3, products: 0, losses: 0 });
  });

  test.each([
    ['forgets a state', (state: { a: t.Tensor }) => ({ b: state.a }), /has no next value of state\.a/],
    [
      'invents a state',
      (state: { a: t.Tensor }) => ({ ...state, b: state.a }),
      /next value of state\.b, which init did not/,
    ],
    ['changes a shape', () => ({ a: t.zeros([2]) }), /next value of state\.a is \[2\] float, expected \[\] float/],
    ['keeps a number', () => ({ a: 1 as unknown as t.Tensor }), /found number, expected a tensor/],
  ])('that %s is refused in one line', async (_, after, message) => {
    const wrong = optimizer(() => ({
      init: () => ({ a: t.constant(1) }),
      update: (updates, { state }) => ({ updates, state: after(state as { a: t.Tensor }) as { a: t.Tensor } }),
    }));
    await expect(startOnToyB(wrong, {})).rejects.toThrow(message);
  });

  test('gradients and products at another point are those of the moved loss, and are counted', async () => {
    const there = optimizer(() => ({
      init: () => ({}),
      update: (gradients, { parameters, lossAt, gradientsAt, hessianVectorProduct, log }) => {
        const point = parameters.map((p) => t.add(t.multiply(p, 3), 0.5));
        const second = gradientsAt(point);
        const product = hessianVectorProduct(second.gradients, point);
        log('at', lossAt(point));
        log('loss', second.loss);
        for (const [i, g] of second.gradients.entries()) log(`g${i}`, t.sum(g));
        for (const [i, p] of product.entries()) log(`p${i}`, t.sum(p));
        return { updates: gradients.map((g) => t.multiply(g, 0)), state: {} };
      },
    }));
    const training = await startOnToyB(there, {});
    await training.beginEpoch(0, 1);
    await steps(training, 2);
    const theta = Float64Array.of(3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 0.5, 0.5);
    const g = toyGradient(theta);
    const h = toyGradient(g.map((x, i) => x + ([0.5, -1, 0.25, 1, -0.75, 0.1, 0.3, -0.2][i] ?? 0)));
    const sum = (x: Float64Array) => x.reduce((total, value) => total + value, 0);
    const log = (await training.endEpoch()) as Record<string, number>;
    expect(log.at).toBe(log.loss);
    expect(log.g0).toBeCloseTo(sum(g.slice(0, 6)), 10);
    expect(log.g1).toBeCloseTo(sum(g.slice(6)), 10);
    expect(log.p0).toBeCloseTo(sum(h.slice(0, 6)), 8);
    expect(log.p1).toBeCloseTo(sum(h.slice(6)), 8);
    expect(training.evaluations).toEqual({ gradients: 4, products: 2, losses: 2 });
  });

  test('what is asked for only in some steps is computed only in those', async () => {
    const sometimes = optimizer(() => ({
      init: () => ({ estimates: t.constant(0) }),
      update: (gradients, { state, parameters, when, hessianVectorProduct }) => {
        const { estimates } = state as { estimates: t.Tensor };
        const updates = gradients.map((g) => t.multiply(g, -0.01));
        if (!when((step) => step % 4 === 1)) return { updates, state: { estimates } };
        const [product = t.constant(0)] = hessianVectorProduct(parameters);
        return { updates, state: { estimates: t.add(estimates, t.multiply(t.sum(product), 0 + 1)) } };
      },
    }));
    const training = await startOnToyB(sometimes, {});
    await training.beginEpoch(0, 1);
    const after: number[] = [];
    for (let step = 0; step < 9; step++) {
      await training.step({});
      after.push((await training.save()).arrays['carried.state.estimates']?.[0] ?? Number.NaN);
    }
    expect(new Set(after).size).toBe(3);
    expect(after[0]).toBe(after[3]);
    expect(after[4]).toBe(after[7]);
    expect(training.evaluations).toEqual({ gradients: 9, products: 3, losses: 0 });
  });
});

describe('random tensors', () => {
  const noisy = optimizer(() => ({
    init: (parameters, { random }) => ({ first: parameters.map(({ shape }) => random('start', 'normal', shape)) }),
    update: (gradients, { state, parameters, random, log }) => {
      const probes = parameters.map(({ shape }) => random('probe', 'rademacher', shape));
      for (const [i, probe] of probes.entries()) log(`sum${i}`, t.sum(probe), 'step');
      for (const [i, probe] of probes.entries()) log(`square${i}`, t.sum(t.square(probe)), 'step');
      return { updates: gradients.map((g, i) => t.multiply(t.add(g, probes[i] ?? 0), -0.01)), state };
    },
  }));

  test('differ in each step, are signs, and are the same again after a resume', async () => {
    const whole = await startOnToyB(noisy, {});
    await whole.beginEpoch(0, 1);
    const losses = await steps(whole, 12);
    const log = (await whole.endEpoch()) as Record<string, number[]>;
    expect(new Set(log.sum0).size).toBeGreaterThan(2);
    expect(log.square0).toEqual(Array(12).fill(6));
    const half = await startOnToyB(noisy, {});
    await half.beginEpoch(0, 1);
    expect(await steps(half, 5)).toEqual(losses.slice(0, 5));
    const resumed = await startOnToyB(noisy, {});
    await resumed.restore(await copied(half));
    await resumed.beginEpoch(1, 1);
    expect(await steps(resumed, 7)).toEqual(losses.slice(5));
    await resumed.endEpoch();
    expect(await pointOf(resumed)).toEqual(await pointOf(whole));
    expect((await copied(resumed)).arrays).toEqual((await copied(whole)).arrays);
  });
});

describe('computations on the host', () => {
  /** Shampoo (Gupta et al. 2018, algorithms 1 and 2): L += GGᵀ, R += GᵀG, W −= η L^(−1/4) G R^(−1/4); a vector by −1/2. */
  const shampoo = optimizer((lr) => ({
    init: (parameters) => ({
      sides: parameters.map(({ shape }) => shape.map((size) => t.multiply(identity(size), 1e-4))),
    }),
    update: (gradients, { state, onHost }) => {
      const { sides } = state as { sides: readonly (readonly t.Tensor[])[] };
      const next: t.Tensor[][] = [];
      const updates = gradients.map((gradient, index) => {
        const own = sides[index] ?? [];
        const g = gradient.shape.length === 1 ? t.reshape(gradient, [gradient.shape[0] ?? 0, 1]) : gradient;
        const products = [t.matmul(g, g, { transposeB: true }), t.matmul(g, g, { transposeA: true })];
        const sums = own.map((side, axis) => t.add(side, products[axis] ?? 0));
        next.push(sums);
        const shapes = sums.map(({ shape }) => shape);
        const [left = g, right] = onHost(sums, shapes, (matrices) =>
          matrices.map((matrix) => linearAlgebra.power(matrix as linearAlgebra.Matrix, -1 / (2 * matrices.length))),
        );
        const half = t.matmul(left, g);
        const direction = right === undefined ? half : t.matmul(half, right);
        return t.negate(t.multiply(t.reshape(direction, gradient.shape), lr));
      });
      return { updates, state: { sides: next } };
    },
  }));
  const identity = (size: number) =>
    t.reshape(
      t.concatenate(
        Array.from({ length: size ** 2 }, (_, i) => t.constant(i % (size + 1) === 0 ? 1 : 0, [1])),
        0,
      ),
      [size, size],
    );

  test('come between the parts of a step: Shampoo by eigenvectors on the host', async () => {
    const path = await trajectory(await startOnToyB(shampoo, { lr: 0.1 }), 5);
    const expected = golden['shampoo lr=0.1 eps=1e-4 (Gupta et al. 2018, Algorithm 1/2; c by exponent -1/2)'];
    for (const [name, step] of [
      ['step1', 1],
      ['step5', 5],
    ] as const) {
      for (const [i, x] of expected[name].entries()) expect(path[step - 1]?.[i]).toBeCloseTo(x, 9);
    }
  });

  test('on onnxruntime, too', async () => {
    const engine = engines.onnxruntime as Engine;
    const training = await startOnToyB(shampoo, { lr: 0.1 }, { engine });
    await training.beginEpoch(0, 1);
    await steps(training, 5);
    const expected = golden['shampoo lr=0.1 eps=1e-4 (Gupta et al. 2018, Algorithm 1/2; c by exponent -1/2)'].step5;
    for (const [i, x] of (await pointOf(training, false, engine)).entries()) expect(x).toBeCloseTo(expected[i], 4);
  });
});

describe('parts compose', () => {
  const sgd = (lr: t.Tensor) => scaleByLearningRate(lr);
  const averages = golden['averages of sgd lr=0.05 after 5 steps'];

  test.each([
    ['ema d=0.9 from theta_0', 0.1],
    ['uniform over theta_1..theta_5', (step: number) => 1 / step],
    ['polynomial decay gamma=8 from theta_1', (step: number) => 9 / (8 + step)],
  ] as const)('%s is evaluated, and training does not see it', async (row, weight) => {
    const averaging = optimizer((lr) => chain(sgd(lr), averageParameters(weight)));
    const training = await startOnToyB(averaging, {});
    const path = await trajectory(training, 5, true);
    for (const [i, x] of averages[row].entries()) expect(path[4]?.[i]).toBeCloseTo(x, 9);
    expect(await pointOf(training)).toEqual((await trajectory(await startOnToyB(optimizer(sgd), {}), 5))[4]);
  });

  test('a mask gives a rule its own parameters, gradients and products', async () => {
    const newton: Transformation = {
      init: () => ({}),
      update: (gradients, { parameters, hessianVectorProduct, log }) => {
        expect(parameters.map(({ shape }) => shape)).toEqual([[2]]);
        const [product = t.constant(0)] = hessianVectorProduct([t.constant(1, [2])]);
        log('rows', t.sum(product));
        return { updates: gradients, state: {} };
      },
    };
    const chosen: ParameterInfo[] = [];
    const biases = (parameter: ParameterInfo) => {
      chosen.push(parameter);
      return parameter.kind === 'bias';
    };
    const training = await startOnToyB(
      optimizer((lr) =>
        chain(
          masked(newton, biases),
          masked(scaleByAdam(), ({ name }) => name === 'w'),
          sgd(lr),
        ),
      ),
      { lr: 0.1 },
    );
    const [after = []] = await trajectory(training, 1);
    expect(chosen[0]).toEqual({ name: 'w', kind: 'matrix', shape: [2, 3] });
    // c by plain SGD, W by Adam; the rows and columns of c in H sum up to 0.5 + 8 + 4 · 0.25.
    const g = toyGradient(Float64Array.of(1, 1, 1, 1, 1, 1, 0, 0));
    expect(after[6]).toBeCloseTo(-0.1 * (g[6] ?? 0), 12);
    expect(after[0]).toBeCloseTo(0.9, 8);
    expect((await training.endEpoch())?.rows).toBeCloseTo(9.5, 12);
  });

  test('clipping shortens what is too long, keeps its direction, and leaves zero alone', async () => {
    const clipped = optimizer(() =>
      chain(
        clipByGlobalNorm(1),
        stateless((g) => t.negate(g)),
      ),
    );
    const [after = []] = await trajectory(await startOnToyB(clipped, {}), 1);
    const g = toyGradient(Float64Array.of(1, 1, 1, 1, 1, 1, 0, 0));
    const norm = Math.hypot(...g);
    const start = [1, 1, 1, 1, 1, 1, 0, 0];
    for (const [i, x] of after.entries()) expect(x).toBeCloseTo((start[i] ?? 0) - (g[i] ?? 0) / norm, 12);
    const still = optimizer(() =>
      chain(
        stateless((g) => t.multiply(g, 0)),
        clipByGlobalNorm(1),
      ),
    );
    const engine = engines.onnxruntime as Engine;
    const training = await startOnToyB(still, {}, { engine });
    await training.beginEpoch(0, 1);
    await steps(training, 2);
    expect(await pointOf(training, false, engine)).toEqual(start);
  });
});

test('toy B has its documented loss and parameters', () => {
  expect(toyB.parameterCount).toBe(8);
});
