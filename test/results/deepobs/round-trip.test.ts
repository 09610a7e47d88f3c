import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compare } from '../../../src/analysis/index.js';
import { randomStream } from '../../../src/random/index.js';
import { exportDeepobs, importDeepobs, readResults, runFilePath, writeRunFile } from '../../../src/results/index.js';
import { exampleConfiguration, exampleParts, exampleRunFile } from '../example.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 1e9));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-round-trip-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Random results of a few optimizers and settings on two test problems, some of which diverged. */
async function writeResults(path: string): Promise<number> {
  const random = randomStream(seed, 'round-trip');
  let written = 0;
  for (const [testproblem, version] of [
    ['mnist_logreg', {}],
    ['cifar10_3c3d', { variant: 'pytorch', init: 'deepobs' }],
    ['cifar10_3c3d', { variant: 'tf', init: 'deepobs' }],
    ['cifar10_3c3d', { variant: 'tf', init: 'pytorch' }],
  ] as const) {
    for (const [className, name] of [
      ['SGD', 'sgd'],
      ['Adam', 'adam'],
      ['AdaptiveSGD', 'adaptive-sgd'],
    ] as const) {
      for (let setting = 0; setting < 3; setting++) {
        const lr = setting === 0 && name === 'adaptive-sgd' ? null : 10 ** (-4 * random.uniform());
        for (const run of [42, 43, 44].slice(0, 1 + random.integer(3))) {
          const configuration = exampleConfiguration({
            testproblem,
            ...version,
            seed: run,
            l2Reg: testproblem === 'cifar10_3c3d' ? 0.002 : null,
            optimizer: {
              name,
              className,
              hyperparameters: { lr, rank: 2 },
              integerHyperparameters: ['rank'],
              source: null,
            },
          });
          const count = () => random.integer(10_000) / 10_000;
          const accuracies = {
            train: [0.1, count(), count()],
            valid: [0.1, count(), count()],
            test: [0.1, count(), count()],
          };
          const content = exampleRunFile({ ...exampleParts(), configuration, accuracies });
          await writeRunFile(runFilePath(path, configuration, new Date(2026, 0, 1 + run)), content);
          written++;
        }
      }
    }
  }
  return written;
}

/** What a comparison says about values; times and conditions are not in files of DeepOBS. */
async function comparisonOf(path: string) {
  const { runs, faults } = await readResults([path]);
  expect(faults).toEqual([]);
  const { tables } = compare(runs, { allSettings: true, reference: 'SGD' });
  return tables.map(({ testproblem, conditions, metric, rows }) => ({
    testproblem,
    version: conditions.match(/variant \w+|init \w+/g)?.join(),
    metric,
    rows: rows
      .map(({ optimizer, seeds, counts, final, interval, best, difference, hyperparameters }) => ({
        setting: JSON.stringify([optimizer, hyperparameters]),
        ...{ seeds, counts, final, interval, best },
        difference: difference && { mean: difference.mean, pValue: difference.pValue, seeds: difference.seeds },
      }))
      .sort((left, right) => (left.setting < right.setting ? -1 : 1)),
  }));
}

test(`a comparison of exported and imported results is that of the results (random stream ${seed})`, async () => {
  const [own, theirs, back] = ['own', 'theirs', 'back'].map((name) => join(folder, name)) as [string, string, string];
  const written = await writeResults(own);
  const before = await comparisonOf(own);
  expect(before).toHaveLength(4);
  expect((await exportDeepobs([own], theirs)).written).toHaveLength(written);
  expect((await importDeepobs([theirs], back)).written).toHaveLength(written);
  for (const path of [theirs, back]) expect(await comparisonOf(path)).toEqual(before);
});
