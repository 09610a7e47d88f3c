import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  aggregate,
  bundledBaselinesFolder,
  groupSettings,
  rankSettings,
  readBaselineFiles,
} from '../../src/analysis/index.js';
import { METRICS, type RecordedRun, readResults } from '../../src/results/index.js';

const reference = process.env.PROBPREC_REFERENCE_DIR;

interface Published {
  readonly testproblem: string;
  readonly optimizer: string;
  readonly hyperparams: Record<string, number>;
  readonly curves: Record<string, { mean: number[]; std: number[] }>;
}

/** Published figures have six significant digits. */
function near(found: number | null | undefined, published: number | undefined): boolean {
  return Math.abs((found ?? Number.NaN) - (published ?? 0)) <= 5.1e-6 * Math.abs(published ?? 0) + 1e-12;
}

describe.skipIf(reference === undefined)('the published figures ($PROBPREC_REFERENCE_DIR)', () => {
  let folder: string;
  let runs: RecordedRun[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probprec-published-'));
    execFileSync('tar', ['-xJf', join(reference ?? '', 'deepobs-runs.tar.xz'), '-C', folder]);
    const results = await readResults([folder]);
    expect(results.faults).toEqual([]);
    runs = results.runs;
  });
  afterAll(() => rm(folder, { recursive: true }));

  const load = async (name: string) => JSON.parse(await readFile(join(reference ?? '', name), 'utf8'));
  const of = (testproblem: string, optimizer: string) =>
    groupSettings(runs.filter((run) => run.testproblem === testproblem && run.optimizer === optimizer));

  test.each(['SGD', 'Adam'])('mnist_logreg %s: every mean and std of every epoch is reproduced', async (optimizer) => {
    const { baselines }: { baselines: Published[] } = await load('published-baselines.json');
    const published = baselines.find((entry) => entry.testproblem === 'mnist_logreg' && entry.optimizer === optimizer);
    const rerun = of('mnist_logreg', optimizer).find((setting) => setting.runs.length === 10);
    const { metrics, counts } = aggregate(rerun?.runs ?? []);
    expect(counts.completed).toBe(10);
    for (const metric of METRICS) {
      const curve = metrics[metric]?.curve ?? [];
      const { mean = [], std = [] } = published?.curves[metric] ?? {};
      expect(curve).toHaveLength(51);
      const wrong = curve.filter((at, epoch) => !near(at.mean, mean[epoch]) || !near(at.populationStd, std[epoch]));
      expect(wrong, metric).toEqual([]);
    }
  });

  test.each(['SGD', 'Adam'])('mnist_logreg %s: the ranking of the grid', async (optimizer) => {
    interface Grid {
      readonly testproblem: string;
      readonly optimizer: string;
      readonly points: {
        hyperparams: { lr: number };
        final_valid_accuracy: number;
        all_minibatch_losses_finite: boolean;
      }[];
    }
    const { grids }: { grids: Grid[] } = await load('published-lr-grids.json');
    const grid = grids.find((entry) => entry.testproblem === 'mnist_logreg' && entry.optimizer === optimizer);
    const tuning = of('mnist_logreg', optimizer).map((setting) => ({
      ...setting,
      runs: setting.runs.filter(({ seed }) => seed === 42),
    }));
    expect(tuning).toHaveLength(20);
    const ranking = rankSettings(tuning, { mode: 'final', metric: 'valid_accuracies' });
    const { baselines }: { baselines: Published[] } = await load('published-baselines.json');
    const winner = baselines.find((entry) => entry.testproblem === 'mnist_logreg' && entry.optimizer === optimizer);
    expect(ranking.settings[0]?.setting.hyperparameters.lr).toBeCloseTo(winner?.hyperparams.lr ?? 0, 12);
    const expected = [...(grid?.points ?? [])].sort((a, b) => b.final_valid_accuracy - a.final_valid_accuracy);
    expect(ranking.settings.map(({ value }) => Number(value?.toPrecision(6)))).toEqual(
      expected.map(({ final_valid_accuracy }) => final_valid_accuracy),
    );
    const most = rankSettings(of('mnist_logreg', optimizer), { mode: 'most' });
    expect(most.settings[0]?.setting.runs).toHaveLength(10);
  });

  test('settings whose runs were aborted come last', () => {
    const ranking = rankSettings(of('cifar10_3c3d', 'Nesterov'));
    expect(ranking.settings.every(({ aggregate: { counts } }) => counts.diverged === 1 && counts.completed === 0)).toBe(
      true,
    );
  });

  test('the bundled baselines are these figures', async () => {
    const files = await readBaselineFiles(join(bundledBaselinesFolder(), 'published'));
    for (const [name, source, key] of [
      ['DeepOBS 1.2.0-beta', 'published-baselines.json', 'baselines'],
      ['DeepOBS 1.1', 'published-baselines-tf.json', 'baselines'],
      ['DeepOBS 1.1, large', 'published-baselines-tf.json', 'baselines'],
      ['DeepOBS 1.1, quadratic', 'published-baselines-tf.json', 'baselines'],
      ['DeepOBS 1.2.0-beta, large', 'published-baselines-large.json', 'baselines'],
      ['Bald 2019', 'published-thesis-results.json', 'results'],
      ['Bald 2019, experiment 3', 'published-thesis-experiment3.json', 'baselines'],
    ]) {
      const file = files.find((competitor) => competitor.name === name);
      const results = file?.kind === 'published' ? file.results : [];
      const names = [...new Set(results.map(({ testproblem }) => testproblem))];
      const all: Published[] = (await load(source ?? ''))[key ?? ''];
      // The TensorFlow figures are sorted by test problem, and in three files.
      const published =
        source === 'published-baselines-tf.json'
          ? names.flatMap((own) => all.filter(({ testproblem }) => testproblem === own))
          : all;
      expect(published.length).toBeGreaterThan(0);
      expect(results.map(({ mean, population_std }) => [mean, population_std])).toEqual(
        published.map(({ curves }) => {
          const part = (of: 'mean' | 'std') =>
            Object.fromEntries(Object.entries(curves).map(([metric, curve]) => [metric, curve[of]]));
          return [part('mean'), part('std')];
        }),
      );
    }
  });
});

test('the bundled baselines are read', async () => {
  const files = await readBaselineFiles(bundledBaselinesFolder());
  expect(files.filter(({ kind }) => kind === 'published').map(({ name }) => name)).toEqual([
    'Bald 2019, experiment 3',
    'Bald 2019',
    'DeepOBS 1.1, large',
    'DeepOBS 1.1, quadratic',
    'DeepOBS 1.1',
    'DeepOBS 1.2.0-beta, large',
    'DeepOBS 1.2.0-beta',
  ]);
  for (const file of files) {
    if (file.kind !== 'published') continue;
    const [defect] = file.engine === 'tensorflow' ? ['last incomplete batch'] : ['validation images included'];
    expect(file.defects.join()).toContain(defect);
    for (const { num_epochs, mean } of file.results) {
      for (const curve of Object.values(mean)) expect(curve).toHaveLength(num_epochs + 1);
    }
  }
});
