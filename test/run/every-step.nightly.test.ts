import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DataSplit, openDataset } from '../../src/dataset/index.js';
import { type Engine, openEngine } from '../../src/engine/index.js';
import type { Hyperparameters, OptimizerDefinition } from '../../src/optimizer/index.js';
import { type ResolvedRun, resolveConfiguration } from '../../src/run/index.js';
import { TrainingLoop } from '../../src/run/loop.js';
import { RunRecord } from '../../src/run/record.js';
import { add, multiply } from '../../src/tensor/index.js';
import * as p from '../../src/testproblem/index.js';
import { classicalRows } from '../contract/optimizer-classical.js';
import type { Given } from '../contract/optimizer-row.js';
import { optimizerTable } from '../contract/optimizer-table.js';

const examples = fileURLToPath(new URL('../../examples/optimizers/', import.meta.url));
const EPOCHS = 2;
const BATCH = 16;

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
});
afterAll(() => engine.dispose());

/** Activations grow with the minibatches of the pass: a recurrent state whose value every step depends on. */
const growing: p.Layer = (scope, x) => {
  const count = scope.state('count', [], 0, { per: 'pass' });
  count.set(add(count.value, 1));
  return multiply(x, add(1, multiply(0.1, count.value)));
};

const common = {
  name: 'small',
  description: '',
  defaults: { batchSize: BATCH, numEpochs: EPOCHS },
  initial: { weights: p.xavierUniform(), biases: p.constantValue(0) },
  loss: p.softmaxCrossEntropy(),
};

/** States of a run and of a pass, noise, and (on CIFAR-10) augmented images. */
const networks = {
  plain: p.defineTestProblem({
    ...common,
    dataset: 'mnist',
    inputShape: [1, 28, 28],
    network: [p.maxPool({ size: 4, stride: 4 }), p.flatten(), p.dense(10, { output: true })],
  }),
  'with states, noise and augmentation': p.defineTestProblem({
    ...common,
    dataset: 'cifar10',
    inputShape: [3, 32, 32],
    network: [
      p.maxPool({ size: 8, stride: 8 }),
      p.flatten(),
      p.dense(6),
      p.batchNorm(),
      growing,
      p.relu(),
      p.dropout(0.2),
      p.dense(10, { output: true }),
    ],
  }),
};
type NetworkName = keyof typeof networks;

async function splitFor(network: NetworkName): Promise<DataSplit> {
  const options = { dataDir: 'none', source: 'synthetic', syntheticSize: 200, fetch: false } as const;
  return (await openDataset(networks[network].dataset, options)).split(3, 'probprec');
}

/** What a process writes down when it is interrupted, and the next one reads: through JSON, as the files have it. */
interface Saved {
  readonly training: Awaited<ReturnType<TrainingLoop['training']['save']>>;
  readonly part: TrainingLoop['partOfEpoch'];
  readonly epoch: number;
  readonly parts: readonly unknown[];
}

/**
 * Trains, interrupted wherever `stopAt` says so, and each time with a new training that goes on from what was saved. Returns
 * everything that was measured, the last parameters, and how often it was taken up.
 */
async function trained(resolved: ResolvedRun, split: DataSplit, stopAt: (steps: number) => boolean) {
  let saved = null as Saved | null;
  for (let starts = 0; ; starts++) {
    const controller = new AbortController();
    const loop = await TrainingLoop.start({
      resolved,
      split,
      engine,
      signal: controller.signal,
      onEvent: (event) => {
        // An evaluation that is interrupted in its middle begins again; so is the one after the last step.
        const steps = event.type === 'step' ? (event.epoch - 1) * event.stepsPerEpoch + event.step : null;
        if (steps !== null && stopAt(steps)) controller.abort();
      },
    });
    if (saved !== null) {
      await loop.training.restore(saved.training);
      loop.goOn(RunRecord.of(saved.parts), saved.epoch, saved.part);
    }
    try {
      const status = await loop.run();
      const parameters: number[][] = [];
      for (const value of loop.training.parameters) parameters.push([...(await engine.download(value))]);
      return { status, record: loop.record, parameters, evaluations: loop.training.evaluations, starts };
    } catch (error) {
      if (error !== controller.signal.reason) throw error;
      expect(loop.savable).toBe(true);
      const { arrays, values } = await loop.training.save();
      const copies = Object.entries(arrays).map(([name, array]) => [name, array.slice()] as const);
      const written = { values, part: loop.partOfEpoch, epoch: loop.position.epoch, new: loop.record.takeNew() };
      const read = JSON.parse(JSON.stringify(written)) as Omit<Saved, 'training'> & { values: object; new: object };
      saved = {
        training: { arrays: Object.fromEntries(copies), values: read.values as Record<string, unknown> },
        part: read.part,
        epoch: read.epoch,
        parts: [...(saved?.parts ?? []), read.new],
      };
    }
  }
}

/** Without times, which differ. */
function measured({ record, ...rest }: Awaited<ReturnType<typeof trained>>) {
  const { losses, accuracies, minibatchTrainLosses, optimizerLog, timing } = record;
  const log = JSON.parse(
    JSON.stringify(optimizerLog, (key, value: unknown) => (key === 'seconds' ? undefined : value)),
  ) as unknown;
  const epochs = Object.values(timing).map(({ length }) => length);
  return { ...rest, starts: 0, losses, accuracies, minibatchTrainLosses, log, epochs };
}

async function resolvedRun(name: string, given: Given, network: NetworkName): Promise<ResolvedRun> {
  const own = name.endsWith('.mjs');
  const ofOurs = own ? { optimizer: 'sgd' } : { optimizer: name, hyperparameters: given };
  const request = { testproblem: 'mnist_logreg', ...ofOurs, seed: 3, numEpochs: EPOCHS };
  const budget = { batchSize: BATCH, trainLogInterval: 3, data: 'synthetic', syntheticSize: 200 } as const;
  const lrSchedule = { epochs: [1], factors: [0.5] };
  const resolved = await resolveConfiguration({ ...request, ...budget, lrSchedule, threads: 1 });
  const testProblem = networks[network];
  if (!own) return { ...resolved, testProblem };
  const { default: optimizer } = (await import(`${examples}${name}`)) as { default: OptimizerDefinition };
  const hyperparameters = optimizer.hyperparameters.parse(given) as Hyperparameters;
  const { configuration } = resolved;
  return {
    ...resolved,
    testProblem,
    optimizer,
    configuration: { ...configuration, optimizer: { ...configuration.optimizer, hyperparameters } },
  };
}

const family = { prior_iterations: 3, num_observations: 3 };
const bundled = [...optimizerTable, ...classicalRows].flatMap(({ name, logisticRegression, independentOfEpochs }) => {
  const variants = independentOfEpochs.filter((given) => 'restart' in given);
  return [{ ...family, ...logisticRegression }, ...variants].map((given): [string, Given] => [
    name,
    'prior_iterations' in logisticRegression ? given : logisticRegression,
  ]);
});
const users: readonly [string, Given][] = readdirSync(examples).map((file) => {
  const needsRate = ['adahessian', 'sam', 'schedule-free'].some((name) => file.startsWith(name));
  return [file, needsRate ? { lr: 0.05 } : ({} as Given)];
});

describe.each(Object.keys(networks) as NetworkName[])('on a network %s', (network) => {
  test.each([...bundled, ...users])('%s %j, taken up again after every step, gives every bit', async (name, given) => {
    const split = await splitFor(network);
    const resolved = await resolvedRun(name, given, network);
    const whole = await trained(resolved, split, () => false);
    const steps = EPOCHS * split.trainingSteps(BATCH);
    expect(whole.status.state).toBe('completed');
    const parts = await trained(resolved, split, () => true);
    expect(parts.starts).toBe(steps);
    expect(measured(parts)).toEqual(measured(whole));
  });
});
