import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findResultFiles, findRunFiles, readRunFile, validateResultFile } from '../../src/results/index.js';
import { type RunRequest, resolveConfiguration } from '../../src/run/index.js';
import { planOf, planStatus } from '../../src/sweep/index.js';

/** Run files of version 1, written by the last commit before version 2 (5bf21e2) on small synthetic data. */
const files = fileURLToPath(new URL('./version-1', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-version-1-'));
  await cp(files, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

const synthetic = { data: 'synthetic', syntheticSize: 120, batchSize: 20 };
const momentum = { testproblem: 'mnist_logreg', optimizer: 'momentum', hyperparameters: { lr: 0.1 }, numEpochs: 2 };
const cifar: RunRequest = { testproblem: 'cifar10_3c3d', optimizer: 'sgd', numEpochs: 0, ...synthetic };

/** Requests, and in how many of the old files their values are in force. */
const requests: readonly (readonly [string, RunRequest, number])[] = [
  ['as it was stated', { ...momentum, ...synthetic }, 3],
  ['with the L2 factor stated', { ...momentum, ...synthetic, l2Reg: 0 }, 3],
  ['with an empty schedule', { ...momentum, ...synthetic, lrSchedule: { epochs: [], factors: [] } }, 3],
  ['with a schedule of its own', { ...momentum, ...synthetic, lrSchedule: { epochs: [1], factors: [0.1] } }, 1],
  ['with the problem’s own L2 factor', cifar, 2],
  ['with the problem’s own L2 factor stated', { ...cifar, l2Reg: 0.002 }, 2],
  ['with another L2 factor', { ...cifar, l2Reg: 0.001 }, 0],
  ['of generated data', { testproblem: 'quadratic_deep', optimizer: 'adam', numEpochs: 1 }, 1],
  [
    'with hyperparameters that are null',
    {
      testproblem: 'mnist_logreg',
      optimizer: 'adaptive-sgd',
      numEpochs: 1,
      hyperparameters: { prior_iterations: 2, num_observations: 2 },
      ...synthetic,
    },
    1,
  ],
];

describe('run files of version 1', () => {
  test.each(requests)('a run %s is found', async (_, request, count) => {
    const { configuration } = await resolveConfiguration(request);
    const found = await findRunFiles(folder, configuration);
    expect(found).toHaveLength(count);
    for (const { runFile } of found)
      expect(runFile).toMatchObject({ schema_version: 2, status: { state: 'completed' } });
  });

  test('are found by the status of a plan', async () => {
    const plan = planOf(
      join(folder, 'plan.yaml'),
      [
        'testproblems: mnist_logreg',
        'optimizers: [{ name: momentum, settings: { lr: 0.1 } }]',
        'seeds: [42]',
        'options: { num_epochs: 2, batch_size: 20, data: synthetic, synthetic_size: 120, l2_reg: 0 }',
        'output_dir: .',
      ].join('\n'),
    );
    expect(await planStatus(plan)).toMatchObject([{ state: 'completed' }]);
  });

  test('are all valid, and are left as they are', async () => {
    const paths = await findResultFiles([folder]);
    expect(paths).toHaveLength(9);
    for (const path of paths) expect(await validateResultFile(path)).toMatchObject({ faults: [], state: 'completed' });
    const [first = ''] = paths;
    expect(await readFile(first, 'utf8')).toContain('"schema_version": 1');
  });

  test('a changed one is refused', async () => {
    const [path = ''] = await findResultFiles([join(folder, 'quadratic_deep')]);
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('"num_epochs": 1', '"num_epochs": 2'));
    await expect(readRunFile(path)).rejects.toThrow(/content_digest|configuration_hash/);
  });
});
