import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import type { Engine } from '../../src/engine/index.js';
import { openEngine } from '../../src/engine/index.js';
import { openTfjsEngine } from '../../src/engine/tfjs/index.js';
import { type RunRequest, resolveConfiguration } from '../../src/run/index.js';
import { TrainingLoop } from '../../src/run/loop.js';
import { openData } from '../../src/run/open.js';

/** Losses of the three sets before and after one epoch. */
async function lossesOn(engine: Engine, request: RunRequest): Promise<Readonly<Record<string, readonly number[]>>> {
  const resolved = await resolveConfiguration({ ...request, data: 'synthetic', numEpochs: 1, threads: 1 });
  const { split } = await openData(resolved, { dataDir: tmpdir() });
  const loop = await TrainingLoop.start({ resolved, split, engine });
  expect((await loop.run()).state).toBe('completed');
  await engine.dispose();
  return loop.record.losses;
}

const runs: readonly RunRequest[] = [
  { testproblem: 'mnist_mlp', optimizer: 'sgd', hyperparameters: { lr: 0.1 }, syntheticSize: 200, batchSize: 16 },
  { testproblem: 'fmnist_2c2d', optimizer: 'sgd', hyperparameters: { lr: 0.02 }, syntheticSize: 60, batchSize: 10 },
  { testproblem: 'mnist_logreg', optimizer: 'adaptive-sgd', syntheticSize: 600, batchSize: 16 },
  { testproblem: 'mnist_logreg', optimizer: 'preconditioned-sgd', syntheticSize: 600, batchSize: 16 },
  { testproblem: 'quadratic_deep', optimizer: 'preconditioned-sgd', batchSize: 32 },
];

test.each(runs)(
  'an epoch of $optimizer on $testproblem has the losses of onnxruntime',
  async (request) => {
    const found = await lossesOn(await openTfjsEngine('tfjs-cpu'), request);
    const expected = await lossesOn(await openEngine({ threads: 1 }), request);
    for (const [phase, losses] of Object.entries(expected)) {
      expect(losses).toHaveLength(2);
      for (const [epoch, loss] of losses.entries()) {
        expect(Math.abs((found[phase]?.[epoch] ?? Number.NaN) / loss - 1), `${phase}, epoch ${epoch}`).toBeLessThan(
          1e-3,
        );
      }
    }
    const [before = Number.NaN, after = Number.NaN] = expected.train ?? [];
    expect(Math.abs(after / before - 1), 'the epoch moved the loss').toBeGreaterThan(2e-3);
  },
  240_000,
);
