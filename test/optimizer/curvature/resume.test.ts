import { expect, test } from 'vitest';
import type { Training } from '../../../src/optimizer/index.js';
import { noisyBatches, parametersOf, startNoisy, useNoisy } from './noisy-curvature.js';

const STEPS = 16;
const batches = [noisyBatches(STEPS, 0.5, 1), noisyBatches(STEPS, 0.5, 2)];
const paper = { estimator: 'paper', scaling: 'relative' };

test.each([
  ['preconditioned-sgd', { ...paper, warm_start: true }],
  ['preconditioned-sgd', { ...paper, warm_start: true, restart: 'steps:9', widening: 0, warm_columns: 1 }],
  ['adaptive-sgd', { ...paper, estimator: 'paper', scaling: undefined, num_observations: 'auto:6', noise_products: 2 }],
  [
    'preconditioned-sgd',
    { ...paper, num_observations: 'auto:5', noise_products: 3, warm_start: true, groups: 'layer' },
  ],
  ['preconditioned-tuned-momentum', { ...paper, restart: 'uncertain:0.2', lr: 0.05, warm_start: true }],
  ['preconditioned-sgd', { ...paper, restart: 'uncertain', train_while_estimating: true, lr: 0.01, safeguard: true }],
  ['preconditioned-sgd', { estimator: 'krylov', num_observations: 4, update_interval: 2, restart: 'steps:14' }],
  [
    'preconditioned-momentum',
    { estimator: 'krylov', num_observations: 4, update_interval: 1, train_while_estimating: true },
  ],
])('%s %j goes on from a checkpoint after any step as if nothing had been', async (name, given) => {
  const settings = { prior_iterations: 3, num_observations: 3, ...given };
  const start = () => startNoisy(name, JSON.parse(JSON.stringify(settings)), STEPS);
  const from = (epoch: number, step: number) => (batches[epoch] ?? []).slice(step);
  const whole = await start();
  const states: Awaited<ReturnType<Training['save']>>[] = [];
  const logs: unknown[] = [];
  for (const epoch of [0, 1]) {
    await whole.beginEpoch(epoch, 1);
    for (const inputs of from(epoch, 0)) {
      states.push(structuredClone(await whole.save()));
      await useNoisy(whole, [inputs]);
    }
    logs.push(withoutSeconds(await whole.endEpoch()));
  }
  const expected = await parametersOf(whole);
  expect(expected.every(Number.isFinite)).toBe(true);
  for (const [index, state] of states.entries()) {
    const training = await start();
    await training.restore(state);
    const [first, step] = [Math.floor(index / STEPS), index % STEPS];
    for (let epoch = first; epoch < 2; epoch++) {
      if (epoch > first || step === 0) await training.beginEpoch(epoch, 1);
      else await training.continueEpoch?.(epoch, 1);
      await useNoisy(training, from(epoch, epoch === first ? step : 0));
      expect(withoutSeconds(await training.endEpoch()), `after ${index} steps`).toEqual(logs[epoch]);
    }
    expect(await parametersOf(training), `after ${index} steps`).toEqual(expected);
  }
});

/** A log without what the clock says. */
function withoutSeconds(log: unknown): unknown {
  return JSON.parse(JSON.stringify(log, (key, value) => (key === 'seconds' ? undefined : value)));
}
