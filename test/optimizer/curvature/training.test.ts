import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../src/engine/index.js';
import type { EstimationEvent, EstimationRecord } from '../../../src/optimizer/curvature/log.js';
import { type Hyperparameters, loadOptimizer, type Training, trainingTask } from '../../../src/optimizer/index.js';
import { randomStream } from '../../../src/random/index.js';
import { add, mean, multiply, subtract, sum, type Tensor } from '../../../src/tensor/index.js';
import {
  constantValue,
  defineTestProblem,
  type LossValues,
  loadTestProblem,
  type TestProblem,
} from '../../../src/testproblem/index.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';
import { batchFeeds } from '../minibatch.js';

interface Log {
  readonly epoch: number;
  readonly estimations: readonly EstimationRecord[];
  readonly events: readonly EstimationEvent[];
}

const SIZE = 12;
const BATCH = 4;

/** A loss on two parameters `a` and `b` of SIZE numbers, in groups of their own, and noisy inputs of as many. */
function twoLayers(loss: (x: Tensor, a: Tensor, b: Tensor) => Tensor): TestProblem {
  const parameter = (name: string) => ({
    name,
    shape: [SIZE],
    initial: constantValue(1),
    regularised: false,
    group: `group ${name}`,
  });
  return defineTestProblem({
    name: 'two_layers',
    description: 'two layers of a function',
    dataset: 'none',
    inputShape: [SIZE],
    defaults: { batchSize: BATCH, numEpochs: 1 },
    parameters: [parameter('a'), parameter('b')],
    evaluate: ({ inputs, parameters: [a, b] }): LossValues => {
      if (a === undefined || b === undefined) throw new Error('no parameters');
      return { loss: loss(inputs, a, b), accuracy: null };
    },
  });
}

const bowl = (x: Tensor, theta: Tensor, curvature: number) => {
  const difference = subtract(theta, x);
  return multiply(mean(sum(multiply(difference, difference), [1])), curvature / 2);
};

/** Curvature 2 in `a` and 8 in `b`. */
const separable = twoLayers((x, a, b) => add(bowl(x, a, 2), bowl(x, b, 8)));

async function start(problem: TestProblem, name: string, given: Record<string, unknown>, stepsPerEpoch = 20) {
  const engine = openReferenceEngine();
  const optimizer = await loadOptimizer(name);
  const task = trainingTask(engine, problem, { batchSize: BATCH, stepsPerEpoch });
  const hyperparameters = optimizer.hyperparameters.parse({ prior_iterations: 4, num_observations: 3, ...given });
  return { engine, training: await optimizer.start(task, hyperparameters as Hyperparameters) };
}

async function epoch(engine: Engine, problem: TestProblem, training: Training, index: number, steps = 20, factor = 1) {
  await training.beginEpoch(index, factor);
  const stream = randomStream(5, 'batches', index);
  const before: number[][] = [];
  for (let step = 0; step < steps; step++) {
    before.push(await parameters(engine, training));
    const inputs = Float64Array.from({ length: BATCH * SIZE }, () => 0.1 * stream.normal());
    await training.step(batchFeeds(engine, problem, BATCH, { inputs }));
  }
  return { log: (await training.endEpoch()) as unknown as Log, before };
}

async function parameters(engine: Engine, training: Training): Promise<number[]> {
  const all: number[] = [];
  for (const value of training.parameters) all.push(...(await engine.download(value)));
  return all;
}

describe('the phases', () => {
  test('no parameter changes in the n + m − 1 minibatches of an estimation; then every step changes them', async () => {
    for (const [name, still] of [
      ['preconditioned-sgd', 6],
      ['adaptive-sgd', 6],
      ['only-adaptive-sgd', 4],
    ] as const) {
      const { engine, training } = await start(separable, name, {});
      const { before, log } = await epoch(engine, separable, training, 0);
      const initial = before[0];
      expect(before.findIndex((values) => values.some((value, index) => value !== initial?.[index]))).toBe(still + 1);
      expect(log.estimations.map(({ step }) => step)).toEqual([still]);
    }
  });

  test('one observation is enough', async () => {
    const { engine, training } = await start(separable, 'preconditioned-sgd', { num_observations: 1 });
    const { log } = await epoch(engine, separable, training, 0);
    expect(log).toMatchObject({ epoch: 0, events: [] });
    expect(log.estimations).toMatchObject([{ step: 4, sigma: { a: [expect.any(Number), expect.any(Number)] } }]);
  });

  test('the progress note counts the estimation, then shows α', async () => {
    const { engine, training } = await start(separable, 'adaptive-sgd', { groups: 'all' });
    expect(training.note()).toBeNull();
    await epoch(engine, separable, training, 0, 5);
    expect(training.note()).toBe('estimating 5/6');
    await epoch(engine, separable, training, 1, 8);
    expect(training.note()).toMatch(/^α \d\.\de-\d$/);
  });
});

describe('groups', () => {
  test("the test problem's own: α is the inverse curvature of each", async () => {
    const { engine, training } = await start(separable, 'adaptive-sgd', {});
    const { log } = await epoch(engine, separable, training, 0);
    const [estimation] = log.estimations;
    expect(estimation?.groups.map(({ name }) => name)).toEqual(['group a', 'group b']);
    expect(estimation?.groups[0]?.alpha).toBeCloseTo(1 / 2, 6);
    expect(estimation?.groups[1]?.alpha).toBeCloseTo(1 / 8, 6);
    expect(training.note()).toBe('α 1.3e-1 … 5.0e-1');
  });

  test('one of all, and each layer alone', async () => {
    const all = await start(separable, 'adaptive-sgd', { groups: 'all' });
    const { log } = await epoch(all.engine, separable, all.training, 0);
    expect(log.estimations[0]?.groups).toMatchObject([{ name: 'all' }]);
    const alpha = log.estimations[0]?.groups[0]?.alpha ?? 0;
    expect(alpha).toBeGreaterThan(1 / 8);
    expect(alpha).toBeLessThan(1 / 2);
    const layers = await start(separable, 'adaptive-sgd', { groups: 'layer' });
    const alone = await epoch(layers.engine, separable, layers.training, 0);
    expect(alone.log.estimations[0]?.groups.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('mnist_mlp_groups is mnist_mlp with a group for each layer', async () => {
    const [grouped, plain] = [await loadTestProblem('mnist_mlp_groups'), await loadTestProblem('mnist_mlp')];
    expect([...new Set(grouped.parameters.map(({ group }) => group))]).toEqual([
      'dense1',
      'dense2',
      'dense3',
      'dense4',
    ]);
    expect(new Set(plain.parameters.map(({ group }) => group)).size).toBe(1);
    const start = (problem: TestProblem) => problem.initialParameters(3).map((values) => values.slice(0, 100));
    expect(start(grouped)).toEqual(start(plain));
  });
});

describe('the learning rate', () => {
  const rates = async (name: string, given: Record<string, unknown>) => {
    const { engine, training } = await start(separable, name, { groups: 'all', ...given });
    const logs = [await epoch(engine, separable, training, 0), await epoch(engine, separable, training, 1)];
    return logs.map(({ log }) => ({
      lr: log.estimations[0]?.groups[0]?.lr,
      alpha: log.estimations[0]?.groups[0]?.alpha,
    }));
  };

  test('is α', async () => {
    for (const { lr, alpha } of await rates('preconditioned-sgd', {})) expect(lr).toBe(alpha);
  });

  test('is the given one in the first epoch only', async () => {
    const [first, second] = await rates('preconditioned-sgd', { lr: 0.01 });
    expect(first?.lr).toBe(0.01);
    expect(second?.lr).toBe(second?.alpha);
  });

  test('is always the given one where it is tuned', async () => {
    for (const { lr } of await rates('preconditioned-tuned-sgd', { lr: 0.01 })) expect(lr).toBe(0.01);
  });

  test("is multiplied by the schedule's factor", async () => {
    const steps = async (factor: number) => {
      const { engine, training } = await start(separable, 'adaptive-sgd', {});
      const { before } = await epoch(engine, separable, training, 0, 8, factor);
      return (before[7]?.[0] ?? 0) - (before[6]?.[0] ?? 0);
    };
    expect(await steps(0.5)).toBeCloseTo(0.5 * (await steps(1)), 12);
  });

  test("weight decay acts on the parameters after the preconditioning, as the inner optimizer's own", async () => {
    const flat = twoLayers((x, a, b) => multiply(mean(sum(multiply(x, add(a, b)), [1])), 0));
    const { engine, training } = await start(flat, 'only-adaptive-sgd', { weight_decay: 0.5, lr: 0.1 });
    const { before, log } = await epoch(engine, flat, training, 0, 6);
    // g = 0, v = μθ, h = μv: α = 1/μ; the first epoch's step is θ ← θ − 0.1 · 0.5 θ.
    expect(log.estimations[0]?.groups[0]?.alpha).toBeCloseTo(2, 12);
    expect(before[5]?.[0]).toBeCloseTo(0.95, 12);
  });
});

describe('edge cases', () => {
  /** Curvature 2 in `a`, −3 in `b`. */
  const saddle = twoLayers((x, a, b) => add(bowl(x, a, 2), bowl(x, b, -3)));

  test('a group of negative curvature keeps a step size and is not preconditioned; the other one is', async () => {
    const { engine, training } = await start(saddle, 'preconditioned-sgd', { lr: 0.02 });
    const { log } = await epoch(engine, saddle, training, 0, 8);
    expect(log.events).toMatchObject([
      { step: 3, event: 'step size not usable', where: 'group b', value: expect.closeTo(-1 / 3, 6) },
    ]);
    expect(log.estimations).toMatchObject([{ step: 6, sigma: { b: null } }]);
    expect(log.estimations[0]?.sigma.a).toHaveLength(2);
  });

  test('without any usable group, steps begin right after phase 1', async () => {
    const upsideDown = twoLayers((x, a, b) => add(bowl(x, a, -2), bowl(x, b, -3)));
    const other = await start(upsideDown, 'preconditioned-sgd', { groups: 'all' });
    const { log } = await epoch(other.engine, upsideDown, other.training, 0, 8);
    expect(log.estimations).toMatchObject([{ step: 4, groups: [{ lr: 0.01 }], sigma: {} }]);
    expect(log.events).toMatchObject([{ step: 3, event: 'step size not usable', where: 'all' }]);
  });

  test('a group keeps the last step size that was usable', async () => {
    // The curvature is 2 while θ is large, and negative about the minimum: the second estimation finds it there.
    const { engine, training } = await start(separable, 'adaptive-sgd', { groups: 'all' });
    const first = await epoch(engine, separable, training, 0);
    const saved = await training.save();
    const upsideDown = twoLayers((x, a, b) => add(bowl(x, a, -2), bowl(x, b, -3)));
    const other = await start(upsideDown, 'adaptive-sgd', { groups: 'all', lr: 0.3 });
    await other.training.restore(saved);
    const second = await epoch(other.engine, upsideDown, other.training, 1);
    expect(second.log.estimations[0]?.groups[0]?.lr).toBe(first.log.estimations[0]?.groups[0]?.alpha);
    expect(second.log.events).toHaveLength(1);
  });

  test('a layer without gradient is left out, the others are not', async () => {
    const unused = twoLayers((x, a, b) => add(bowl(x, a, 2), multiply(sum(b), 0)));
    const { engine, training } = await start(unused, 'preconditioned-sgd', { groups: 'all' });
    const { log, before } = await epoch(engine, unused, training, 0, 10);
    expect(log.events).toMatchObject([{ event: 'layer left out', where: 'b', reason: 'ḡ = 0' }]);
    expect(log.estimations[0]?.sigma.b).toBeNull();
    expect(log.estimations[0]?.sigma.a).toHaveLength(2);
    expect(before.at(-1)?.every(Number.isFinite)).toBe(true);
    expect(before.at(-1)?.slice(SIZE)).toEqual(Array(SIZE).fill(1));
  });

  test('without noise the thesis divides by zero: its layers are left out; the paper has a posterior', async () => {
    for (const [estimator, events] of [
      ['thesis', 2],
      ['paper', 0],
    ] as const) {
      const { engine, training } = await start(separable, 'preconditioned-sgd', {
        estimator,
        prior_iterations: 1,
        num_observations: 2,
      });
      const { log, before } = await epoch(engine, separable, training, 0, 8);
      expect(log.estimations[0]?.groups[0]?.lambda).toBe(0);
      expect(log.events).toHaveLength(events);
      expect(before.at(-1)?.every(Number.isFinite)).toBe(true);
    }
  });
});

test('the log has σ of every layer, descending, and the seconds of every phase', async () => {
  const coupled = twoLayers((x, a, b) => add(add(bowl(x, a, 4), bowl(x, b, 4)), sum(multiply(a, b))));
  const { engine, training } = await start(coupled, 'preconditioned-sgd', { est_rank: 3, groups: 'all' });
  const { log } = await epoch(engine, coupled, training, 0, 8);
  const [estimation] = log.estimations;
  for (const name of ['a', 'b']) {
    const sigma = estimation?.sigma[name] ?? [];
    expect(sigma).toHaveLength(3);
    expect(sigma).toEqual(sigma.toSorted((left, right) => (right ?? 0) - (left ?? 0)));
  }
  expect(Object.keys(estimation?.seconds ?? {})).toEqual(['prior', 'posterior', 'low_rank', 'steps']);
  expect(JSON.parse(JSON.stringify(log))).toEqual(log);
});

test('an epoch must be long enough for an estimation', async () => {
  const needed = async (name: string, given: Record<string, unknown>) => {
    const optimizer = await loadOptimizer(name);
    return optimizer.minimumStepsPerEpoch?.(optimizer.hyperparameters.parse(given) as Hyperparameters);
  };
  expect(await needed('preconditioned-sgd', {})).toEqual({
    steps: 15,
    why: 'prior_iterations 10 + num_observations 5',
  });
  expect(await needed('only-adaptive-sgd', {})).toEqual({ steps: 11, why: 'prior_iterations 10 + 1' });
  expect((await needed('only-adaptive-sgd', { idle_observations: true }))?.steps).toBe(15);
  expect((await needed('adaptive-sgd', { restart: 'steps:100' }))?.steps).toBe(1);
});
