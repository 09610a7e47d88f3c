import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ComparisonRow, compare } from '../../src/analysis/index.js';
import { importDeepobs, readResults } from '../../src/results/index.js';
import { float2str } from '../../src/results/python-format.js';

/** Mean and population standard deviation of the ten runs of a published setting, epoch by epoch. */
interface PublishedSetting {
  readonly testproblem: string;
  readonly optimizer: string;
  readonly batch_size: number;
  readonly num_epochs: number;
  readonly hyperparams: Readonly<Record<string, number | boolean>> & { readonly lr: number };
  readonly seeds: readonly number[];
  readonly curves: Readonly<Record<string, { readonly mean: readonly number[]; readonly std: readonly number[] }>>;
}

/** The settings of DeepOBS 1.1's paper when the reference figures are at hand, and always one in their form. */
const references = process.env.PROBPREC_REFERENCE_DIR;
const settings: PublishedSetting[] =
  references === undefined
    ? []
    : JSON.parse(await readFile(join(references, 'published-baselines-tf.json'), 'utf8')).baselines;
const example: PublishedSetting = {
  testproblem: 'fmnist_2c2d',
  optimizer: 'GradientDescentOptimizer',
  batch_size: 128,
  num_epochs: 2,
  hyperparams: { lr: 0.15848931924611143 },
  seeds: Array.from({ length: 10 }, (_, index) => 42 + index),
  curves: {
    train_losses: { mean: [2.3, 1, 0.5], std: [0.01, 0.02, 0.03] },
    test_losses: { mean: [2.3, 1, 0.6], std: [0.01, 0.02, 0.03] },
    train_accuracies: { mean: [0.1, 0.7, 0.9], std: [0, 0.01, 0.001] },
    test_accuracies: { mean: [0.1, 0.7, 0.92273], std: [0, 0.01, 0.00175] },
  },
};

/**
 * Files in the form of the published ones: the tuning run of the first seed has the learning rate in full, the others have it
 * as the folder's name does. Half of the runs lie one standard deviation above the mean, half below, which gives the ten
 * runs the published mean and standard deviation.
 */
async function writeSetting(folder: string, setting: PublishedSetting): Promise<void> {
  const { lr, ...hyperparams } = setting.hyperparams;
  const name = ['num_epochs', setting.num_epochs, 'batch_size', setting.batch_size, 'lr', float2str(lr)].join('__');
  const path = join(folder, setting.testproblem, setting.optimizer, name);
  await mkdir(path, { recursive: true });
  for (const [index, seed] of setting.seeds.entries()) {
    const sign = index % 2 === 0 ? 1 : -1;
    const curves = Object.entries(setting.curves).map(([key, { mean, std }]) => [
      key,
      mean.map((value, epoch) => value + sign * (std[epoch] ?? 0)),
    ]);
    const content = {
      testproblem: setting.testproblem,
      batch_size: setting.batch_size,
      num_epochs: setting.num_epochs,
      random_seed: seed,
      optimizer: setting.optimizer,
      learning_rate: index === 0 ? lr : Number(float2str(lr)),
      weight_decay: null,
      lr_sched_epochs: null,
      lr_sched_factors: null,
      hyperparams,
      minibatch_train_losses: Array(setting.num_epochs).fill(1),
      ...Object.fromEntries(curves),
    };
    await writeFile(join(path, `random_seed__${seed}__2019-01-01-00-00-00.json`), JSON.stringify(content));
  }
}

describe.each([
  ['the one example', [example]],
  ['the 24 settings of the paper', settings],
])('%s of the TensorFlow baselines', (name, stated) => {
  let folder: string;
  let rows: Map<string, ComparisonRow>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probprec-tensorflow-'));
    for (const setting of stated) await writeSetting(folder, setting);
    rows = await rowsOf(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const key = (testproblem: string, lr: unknown) => `${testproblem} ${String(lr)}`;
  async function rowsOf(...paths: string[]): Promise<Map<string, ComparisonRow>> {
    const { runs, faults } = await readResults(paths);
    expect(faults).toEqual([]);
    const { tables } = compare(runs);
    return new Map(
      tables.flatMap(({ testproblem, rows: own }) =>
        own.map((row) => [`${key(testproblem, row.hyperparameters.lr)} ${row.hyperparameters.momentum ?? ''}`, row]),
      ),
    );
  }

  test.skipIf(stated.length === 0)('have the published means and standard deviations of ten runs', async (context) => {
    if (references === undefined) context.annotate(`${name} needs PROBPREC_REFERENCE_DIR`);
    expect(rows.size).toBe(stated.length);
    for (const { testproblem, hyperparams, curves, seeds } of stated) {
      const row = rows.get(`${key(testproblem, hyperparams.lr)} ${hyperparams.momentum ?? ''}`);
      const published = curves.test_accuracies ?? curves.test_losses;
      expect(row, testproblem).toMatchObject({ settingsTried: 1, seeds, counts: { completed: 10 } });
      expect(row?.final.mean).toBeCloseTo(published?.mean.at(-1) ?? Number.NaN, 10);
      expect(row?.final.populationStd).toBeCloseTo(published?.std.at(-1) ?? Number.NaN, 10);
    }
  });

  test.skipIf(stated.length === 0)('have them after an import, too', async () => {
    const target = join(folder, 'imported');
    const { faults } = await importDeepobs([folder], target);
    expect(faults).toEqual([]);
    const imported = await rowsOf(target);
    for (const [name, row] of rows) {
      expect(imported.get(name)?.final).toEqual(row.final);
      expect(imported.get(name)?.interval).toEqual(row.interval);
    }
  });
});
