import { describe, expect, test } from 'vitest';
import { DriftMonitor, driftChart } from '../../../src/optimizer/curvature/drift.js';
import { type Hyperparameters, loadOptimizer, trainingTask } from '../../../src/optimizer/index.js';
import { randomStream } from '../../../src/random/index.js';
import { mean, multiply, square, subtract, sum } from '../../../src/tensor/index.js';
import { constantValue, defineTestProblem } from '../../../src/testproblem/index.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';
import { batchFeeds } from '../minibatch.js';

describe('the control chart', () => {
  /** Residuals until the chart signals, at most `longest`. */
  function runLength(stream: ReturnType<typeof randomStream>, shiftAt: number, shift: number, longest: number): number {
    const monitor = new DriftMonitor();
    for (let count = 0; count < longest; count++) {
      const residual = 7 + 0.1 * (stream.normal() + (count >= shiftAt ? shift : 0));
      if (monitor.add(residual)) return count;
    }
    return longest;
  }

  test('rarely signals without drift', () => {
    const stream = randomStream(21, 'no drift');
    // 700 × 1000 residuals; the expected number of signals is about 10.
    const signals = Array.from({ length: 700 }, () => runLength(stream, Number.POSITIVE_INFINITY, 0, 1000));
    expect(signals.filter((length) => length < 1000).length).toBeLessThanOrEqual(20);
  });

  test.each([
    [1, 40],
    [2, 14],
    [-2, 14],
  ])('finds a shift of %d standard deviations within %d residuals on average', (shift, delay) => {
    const stream = randomStream(22, 'shift', shift);
    const delays = Array.from({ length: 50 }, () => runLength(stream, 200, shift, 1000) - 200);
    const found = delays.filter((value) => value >= 0);
    expect(found.length).toBeGreaterThanOrEqual(47);
    expect(found.reduce((total, value) => total + value, 0) / found.length).toBeLessThan(delay);
  });

  test('a single outlier does not signal, and a constant has no drift', () => {
    const stream = randomStream(23, 'outlier');
    const monitor = new DriftMonitor();
    for (let count = 0; count < 100; count++) expect(monitor.add(stream.normal())).toBe(false);
    expect(monitor.add(1e9)).toBe(false);
    const constant = new DriftMonitor();
    for (let count = 0; count < 100; count++) expect(constant.add(3)).toBe(false);
  });

  test('passes over what is not finite', () => {
    const monitor = new DriftMonitor();
    monitor.add(1);
    const { state } = monitor;
    expect(monitor.add(Number.NaN)).toBe(false);
    expect(monitor.add(Number.POSITIVE_INFINITY)).toBe(false);
    expect(monitor.state).toEqual(state);
  });

  test('goes on from its state', () => {
    const stream = randomStream(24, 'state');
    const whole = new DriftMonitor();
    let split = new DriftMonitor();
    for (let count = 0; count < 300; count++) {
      const residual = stream.normal() + count / 100;
      const signal = whole.add(residual);
      expect(split.add(residual)).toBe(signal);
      split = new DriftMonitor(JSON.parse(JSON.stringify(split.state)));
    }
    expect(whole.statistic).toBeGreaterThan(driftChart.limit);
  });
});

/**
 * ½ c ‖θ‖² − eᵀθ, whose curvature c and noise e come with the minibatch: c is the mean of all inputs, e the mean
 * deviation from it.
 */
const SIZE = 16;
const problem = defineTestProblem({
  name: 'changing_quadratic',
  description: 'a quadratic whose curvature changes',
  dataset: 'none',
  inputShape: [SIZE],
  defaults: { batchSize: 8, numEpochs: 1 },
  parameters: [{ name: 'theta', shape: [SIZE], initial: constantValue(0.5), regularised: false }],
  evaluate: ({ inputs, parameters: [theta] }) => {
    if (theta === undefined) throw new Error('no parameter');
    const curvature = mean(inputs);
    const bowl = multiply(multiply(sum(square(theta)), curvature), 0.5);
    const noise = mean(sum(multiply(subtract(inputs, curvature), theta), [1]));
    return { loss: subtract(bowl, noise), accuracy: null };
  },
});

/** Minibatches of curvature 1 until `changeAt`, then of curvature `factor`, with noise in the gradient. */
function batches(seed: number, changeAt: number, factor: number) {
  return (step: number) => {
    const stream = randomStream(seed, 'batch', step);
    const curvature = step < changeAt ? 1 : factor;
    return { inputs: Float64Array.from({ length: 8 * SIZE }, () => curvature + 0.3 * stream.normal()) };
  };
}

/** Trains with restart `drift`; the steps at which it signalled. */
async function signals(name: string, seed: number, steps: number, changeAt: number, factor: number): Promise<number[]> {
  const engine = openReferenceEngine();
  const optimizer = await loadOptimizer(name);
  const task = trainingTask(engine, problem, { batchSize: 8, stepsPerEpoch: steps });
  const hyperparameters = optimizer.hyperparameters.parse({ restart: 'drift' }) as Hyperparameters;
  const training = await optimizer.start(task, hyperparameters);
  // Short steps, so that the parameters are still on their way when the curvature changes.
  await training.beginEpoch(0, 0.01);
  const batch = batches(seed, changeAt, factor);
  for (let step = 0; step < steps; step++) await training.step(batchFeeds(engine, problem, 8, batch(step)));
  const log = (await training.endEpoch()) as { events: { event: string; step: number }[] };
  return log.events.filter(({ event }) => event === 'drift').map(({ step }) => step);
}

describe.each(['preconditioned-sgd', 'adaptive-sgd', 'only-adaptive-sgd'])('%s with restart drift', (name) => {
  test('starts anew soon after the curvature of a quadratic has changed, and not before', async () => {
    for (const seed of [31, 32, 33]) {
      for (const factor of [3, 0.3]) {
        const [first = Number.NaN] = await signals(name, seed, 300, 150, factor);
        expect(first).toBeGreaterThanOrEqual(150);
        expect(first).toBeLessThan(220);
      }
    }
  });

  test('does not start anew while the quadratic stays what it is', async () => {
    for (const seed of [41, 42, 43]) expect(await signals(name, seed, 400, Number.POSITIVE_INFINITY, 1)).toEqual([]);
  });
});
