import { describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../../src/engine/index.js';
import { loadOptimizer } from '../../../src/optimizer/index.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';
import { type ReferenceFile, readReference, referenceDirectory, referenceTask, skipNote } from './reference.js';

interface EstimationLog {
  readonly estimations: readonly {
    readonly step: number;
    readonly groups: readonly { readonly alpha: number; readonly w: number; readonly lambda: number }[];
  }[];
  readonly events: readonly unknown[];
}

/** The largest difference of a parameter after each minibatch, relative to the largest value of that parameter. */
async function follow(
  engine: Engine,
  file: ReferenceFile,
  trajectory: string,
  optimizerName: string,
  hyperparameters: Record<string, unknown>,
  stepsPerEpoch = file.restart_estimate_every_steps,
) {
  const expected = file.trajectories[trajectory] ?? [];
  const { task, batches } = referenceTask(engine, file);
  const optimizer = await loadOptimizer(optimizerName);
  const resolved = optimizer.hyperparameters.parse(hyperparameters) as Record<string, number | string | boolean | null>;
  const training = await optimizer.start(task, resolved);
  const parameterErrors: number[] = [];
  const lossErrors: number[] = [];
  const estimateErrors: number[] = [];
  const logs: EstimationLog[] = [];
  for (const [index, batch] of batches.entries()) {
    if (index % stepsPerEpoch === 0) await training.beginEpoch(index / stepsPerEpoch, 1);
    const reference = expected[index];
    if (reference === undefined) throw new Error(`the file has no step ${index}`);
    lossErrors.push(Math.abs((await training.step(batch)) / reference.loss - 1));
    const errors: number[] = [];
    for (const [place, values] of Object.values(reference.params).entries()) {
      const value = training.parameters[place];
      if (value === undefined) throw new Error(`no parameter ${place}`);
      const found = await engine.download(value);
      const largest = Math.max(...values.map(Math.abs));
      errors.push(...values.map((number, element) => Math.abs(number - (found[element] ?? Number.NaN)) / largest));
    }
    parameterErrors.push(Math.max(...errors));
    if ((index + 1) % stepsPerEpoch === 0) {
      logs.push((await training.endEpoch()) as unknown as EstimationLog);
    }
  }
  const estimations = logs.flatMap((log) => log.estimations);
  for (const [count, { groups }] of estimations.entries()) {
    const last = expected[(count + 1) * file.restart_estimate_every_steps - 1];
    for (const [group, { alpha, w, lambda }] of groups.entries()) {
      const reference = last?.groups[group];
      if (reference === undefined) throw new Error('the file has no such group');
      estimateErrors.push(
        Math.abs(alpha / reference.alpha - 1),
        Math.abs(w / reference.w - 1),
        Math.abs(lambda / reference.lambda - 1),
      );
    }
  }
  return {
    parameters: Math.max(...parameterErrors),
    losses: Math.max(...lossErrors),
    estimates: Math.max(...estimateErrors),
    atTheEnd: parameterErrors.at(-1) ?? Number.NaN,
    estimations: estimations.length,
    events: logs.flatMap((log) => log.events),
  };
}

const cases = [
  ['preconditioner-mlp.json', 'PreconditionedSGD', 'preconditioned-sgd', {}],
  ['preconditioner-mlp.json', 'AdaptiveSGD', 'adaptive-sgd', {}],
  ['preconditioner-mlp.json', 'AdaptiveSGD', 'only-adaptive-sgd', { idle_observations: true }],
  ['preconditioner-paper.json', 'PreconditionedSGD', 'preconditioned-sgd', { estimator: 'paper' }],
] as const;

describe.skipIf(referenceDirectory === undefined)(`reference trajectories${skipNote}`, () => {
  describe.each(cases)('%s, %s by %s', (name, trajectory, optimizer, extra) => {
    const prepared = () => {
      const file = readReference(name);
      const { est_rank, ...others } = file.hyperparams;
      const hyperparameters = { ...others, ...(optimizer === 'only-adaptive-sgd' ? {} : { est_rank }), ...extra };
      return { file, hyperparameters };
    };

    test('in float64, after every minibatch', async () => {
      const { file, hyperparameters } = prepared();
      const found = await follow(openReferenceEngine(), file, trajectory, optimizer, hyperparameters);
      expect(found).toMatchObject({ estimations: 2, events: [] });
      expect(found.losses).toBeLessThan(1e-8);
      expect(found.parameters).toBeLessThan(1e-8);
      expect(found.estimates).toBeLessThan(1e-8);
    });

    test('in float64 with restart steps:12 in one long epoch', async () => {
      const { file, hyperparameters } = prepared();
      const every = { ...hyperparameters, restart: `steps:${file.restart_estimate_every_steps}` };
      const found = await follow(openReferenceEngine(), file, trajectory, optimizer, every, 24);
      expect(found).toMatchObject({ estimations: 2, events: [] });
      expect(found.parameters).toBeLessThan(1e-8);
    });

    test('with the onnxruntime engine', async () => {
      const { file, hyperparameters } = prepared();
      const engine = await openEngine({ engine: 'onnxruntime' });
      try {
        const found = await follow(engine, file, trajectory, optimizer, hyperparameters);
        expect(found).toMatchObject({ estimations: 2, events: [] });
        expect(found.atTheEnd).toBeLessThan(5e-4);
      } finally {
        await engine.dispose();
      }
    });
  });
});
