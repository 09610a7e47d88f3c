import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runFilePath, writeRunFile } from '../../src/results/index.js';
import {
  expandPlan,
  type Plan,
  type PlanRanking,
  plannedRuns,
  planOf,
  planText,
  rankPlan,
  rerunStatement,
} from '../../src/sweep/index.js';
import { exampleParts, exampleRunFile } from '../results/example.js';
import { temporaryFolder } from '../run/small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const text = (seeds: string) => `testproblems: mnist_logreg
optimizers: { name: momentum, settings: { lr: [0.1, 0.2, 0.3], momentum: 0.9 } }
seeds: ${seeds}
options: { num_epochs: 2, l2_reg: 0.01, lr_schedule_epochs: [1], lr_schedule_factors: [0.5] }
resources: { jobs: 2, threads: 1, time: "00:10:00" }
`;

/** Writes run files of a plan: final accuracies by learning rate and seed; null diverges, undefined is missing. */
async function results(plan: Plan, accuracies: Readonly<Record<string, Readonly<Record<number, number | null>>>>) {
  for (const { configuration } of await plannedRuns(plan)) {
    const final = accuracies[String(configuration.optimizer.hyperparameters.lr)]?.[configuration.seed];
    if (final === undefined) continue;
    const { losses, timing } = exampleParts();
    const curve = (last: number) => ({
      train: [0.1, 0.95, last],
      valid: [0.1, 0.95, last],
      test: [0.1, 0.2, last - 0.01],
    });
    const cut = (list: ArrayLike<number | null>) => Array.from(list).slice(0, 2);
    const ended = final === null;
    const content = exampleRunFile({
      configuration,
      status: ended
        ? { state: 'diverged', epoch: 1, step: 0, reason: 'the loss is NaN' }
        : { state: 'completed', epoch: 2, step: null, reason: null },
      losses: ended ? { train: cut(losses.train), valid: cut(losses.valid), test: cut(losses.test) } : losses,
      accuracies: ended ? { train: [0.1, 0.99], valid: [0.1, 0.99], test: [0.1, 0.99] } : curve(final),
      ...(ended
        ? {
            minibatchTrainLosses: [1, 2, 3],
            timing: {
              trainingWallSeconds: [1],
              trainingCpuSeconds: [1],
              evaluationWallSeconds: cut(timing.evaluationWallSeconds) as number[],
              evaluationCpuSeconds: cut(timing.evaluationCpuSeconds) as number[],
            },
          }
        : {}),
    });
    await writeRunFile(runFilePath(plan.outputDir, configuration, new Date('2026-01-01')), content);
  }
}

async function ranked(
  seeds: string,
  accuracies: Parameters<typeof results>[1],
  options: Partial<Parameters<typeof rankPlan>[1]> = {},
): Promise<PlanRanking> {
  const plan = planOf(join(folder, 'plan.yaml'), text(seeds));
  await results(plan, accuracies);
  const { rankings, faults } = await rankPlan(plan, { metric: 'valid_accuracies', mode: 'final', ...options });
  expect({ faults, count: rankings.length }).toEqual({ faults: [], count: 1 });
  return rankings[0] as PlanRanking;
}

/** `lr=value (runs)`, best first. */
function summary({ settings }: PlanRanking): string[] {
  return settings.map(
    ({ run, value, setting }) =>
      `${run.request.hyperparameters?.lr}=${value?.toFixed(3)} (${setting.runs.map(({ seed }) => seed).join(',')})`,
  );
}

describe('the best setting of a plan', () => {
  test('is found over the seeds that all settings have', async () => {
    const ranking = await ranked('1-3', {
      '0.1': { 1: 0.8, 2: 0.9, 3: 0.99 },
      '0.2': { 1: 0.85, 2: 0.89 },
      '0.3': { 1: 0.5, 2: 0.5 },
    });
    // With its third seed the setting 0.1 would have won.
    expect(summary(ranking)).toEqual(['0.2=0.870 (1,2)', '0.1=0.850 (1,2)', '0.3=0.500 (1,2)']);
    expect(ranking).toMatchObject({ seeds: [1, 2], unusedSeeds: [3], leftOut: [], optimizer: 'Momentum' });
  });

  test('leaves out settings without results, and those without the seed that most have', async () => {
    const ranking = await ranked('1-2', { '0.1': { 1: 0.8 }, '0.2': { 2: 0.9 }, '0.3': {} });
    expect(summary(ranking)).toEqual(['0.1=0.800 (1)']);
    expect(ranking.leftOut.map(({ run, reason }) => `${run.request.hyperparameters?.lr}: ${reason}`)).toEqual([
      '0.3: no result that can be read (2 missing)',
      '0.2: is missing seed 1, which most settings have',
    ]);
  });

  test('never is one that diverged, however good it was until then', async () => {
    const ranking = await ranked('1', { '0.1': { 1: null }, '0.2': { 1: 0.2 }, '0.3': { 1: 0.3 } });
    expect(summary(ranking)).toEqual(['0.3=0.300 (1)', '0.2=0.200 (1)', '0.1=undefined (1)']);
  });

  test('by the mode best is that of the best point of the mean curve', async () => {
    const ranking = await ranked('1', { '0.1': { 1: 0.8 }, '0.2': { 1: 0.99 }, '0.3': { 1: 0.7 } }, { mode: 'best' });
    expect(summary(ranking)).toEqual(['0.2=0.990 (1)', '0.1=0.950 (1)', '0.3=0.950 (1)']);
  });

  test('by the mode most is that with most runs', async () => {
    const accuracies = { '0.1': { 1: 0.9 }, '0.2': { 1: 0.8, 2: 0.8 }, '0.3': { 1: 0.95 } };
    const ranking = await ranked('1-2', accuracies, { mode: 'most' });
    expect(summary(ranking)).toEqual(['0.2=0.800 (1,2)', '0.3=0.950 (1)', '0.1=0.900 (1)']);
  });

  test('by another metric', async () => {
    const ranking = await ranked('1', { '0.1': { 1: 0.8 }, '0.2': { 1: 0.9 } }, { metric: 'test_accuracies' });
    expect(summary(ranking)).toEqual(['0.2=0.890 (1)', '0.1=0.790 (1)']);
  });
});

describe('rankings', () => {
  test('say that the best setting is at the edge of the plan, also of what has no results', async () => {
    const ranking = await ranked('1', { '0.1': { 1: 0.8 }, '0.2': { 1: 0.9 } });
    expect(ranking.edges).toEqual([]);
    const edge = await ranked('1', { '0.1': { 1: 0.95 }, '0.2': { 1: 0.9 }, '0.3': { 1: 0.9 } });
    expect(edge.edges).toEqual([{ hyperparameter: 'lr', value: 0.1, side: 'smallest', tried: 3 }]);
  });

  test('are separate for labels, engines, data and protocols', async () => {
    const plan = planOf(
      join(folder, 'plan.yaml'),
      `testproblems: mnist_logreg
optimizers:
  - { name: momentum, label: a, settings: { lr: 0.1 } }
  - { name: momentum, label: b, settings: { lr: 0.2 } }
  - { name: momentum, settings: { lr: [0.1, 0.3] }, options: { data: synthetic, synthetic_size: 600 } }
  - { name: momentum, settings: { lr: 0.4 }, options: { protocol: deepobs-beta } }
seeds: 1
options: { num_epochs: 2 }
`,
    );
    const { rankings } = await rankPlan(plan, { metric: 'valid_accuracies', mode: 'final' });
    expect(rankings.map(({ label, conditions, leftOut }) => [label, conditions, leftOut.length])).toEqual([
      ['a', null, 1],
      ['b', null, 1],
      [null, 'engine onnxruntime cpu, synthetic data (600), protocol probprec', 2],
      [null, 'engine onnxruntime cpu, real data, protocol deepobs-beta', 1],
    ]);
  });
});

describe('the plan of a rerun', () => {
  test('is the best setting with everything else as it was, and other seeds', async () => {
    const plan = planOf(join(folder, 'plan.yaml'), text('42'));
    await results(plan, { '0.1': { 42: 0.8 }, '0.2': { 42: 0.9 }, '0.3': { 42: null } });
    const { rankings } = await rankPlan(plan, { metric: 'valid_accuracies', mode: 'final' });
    const file = join(folder, 'again.yaml');
    const rerun = planOf(file, planText(file, rerunStatement(plan, rankings, [43, 44], { file, name: 'again' })));
    expect(rerun).toMatchObject({ outputDir: plan.outputDir, resources: { jobs: 2, threads: 1, time: '00:10:00' } });
    const [winner] = (await plannedRuns(plan)).filter(({ request }) => request.hyperparameters?.lr === 0.2);
    const { runs } = await expandPlan(rerun);
    expect(runs.map(({ configuration }) => configuration)).toEqual(
      [43, 44].map((seed) => ({ ...winner?.configuration, seed })),
    );
  });

  test('needs a setting that completed', async () => {
    const plan = planOf(join(folder, 'plan.yaml'), text('42'));
    await results(plan, { '0.1': { 42: null } });
    const { rankings } = await rankPlan(plan, { metric: 'valid_accuracies', mode: 'final' });
    const make = () => rerunStatement(plan, rankings, [43], { file: 'again.yaml', name: 'again' });
    expect(make).toThrow(/found no completed run of Momentum on mnist_logreg/);
  });
});
