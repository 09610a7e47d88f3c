import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agreementJson, loadExperiment } from '../../src/experiment/index.js';
import { randomStream } from '../../src/random/index.js';
import { type RecordedRun, recordRunFile, writeRunFile } from '../../src/results/index.js';
import { loadedCommand } from '../cli/loaded-command.js';
import { exampleConfiguration, exampleRunFile } from '../results/example.js';

/** The statistics of a comparison once more, by NumPy and SciPy. */
const script = fileURLToPath(new URL('../../scripts/conformance/statistics.py', import.meta.url));

// Debian's own Python has the packages.
const python = ['/usr/bin/python3', 'python3'].find(
  (name) => spawnSync(name, ['-c', 'import numpy, scipy.stats'], { timeout: 60_000 }).status === 0,
);
const skipped = python === undefined ? ' (skipped: python3 has no scipy)' : '';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-statistics-'));
});
afterEach(() => rm(folder, { recursive: true }));

const recompute = (...args: string[]) => spawnSync(python ?? '', [script, ...args], { cwd: folder, encoding: 'utf8' });

/** Runs of three optimizers whose last accuracies are drawn: with ten seeds a bootstrap, with five Student's t. */
async function drawRuns(testproblem: string, seeds: number): Promise<RecordedRun[]> {
  const runs: RecordedRun[] = [];
  const random = randomStream(3, 'statistics', testproblem);
  for (const [index, className] of ['SGD', 'Adam', 'Momentum'].entries()) {
    for (let seed = 42; seed < 42 + seeds; seed++) {
      const configuration = exampleConfiguration({ testproblem, seed });
      const last = Math.round(1e4 * (0.8 + 0.01 * index + 0.05 * random.uniform())) / 1e4;
      const accuracies = [0.1, 0.7, last];
      const runFile = exampleRunFile({
        configuration: { ...configuration, optimizer: { ...configuration.optimizer, className } },
        accuracies: { train: accuracies, valid: accuracies, test: accuracies },
        datasetSizes: { train: 25 * 128, valid: 1, trainEval: 1, test: 1 },
      });
      const name = `random_seed__${seed}__2026-11-22-10-00-00.json`;
      const path = await writeRunFile(join(folder, 'results', testproblem, className, name), runFile);
      runs.push({ ...recordRunFile(path, runFile), label: className });
    }
  }
  return runs;
}

test.skipIf(python === undefined)(
  `means, intervals and tests of compare are those of NumPy and SciPy${skipped}`,
  async () => {
    await drawRuns('mnist_logreg', 10);
    await drawRuns('mnist_mlp', 5);
    const args = ['compare', 'results', '--baselines', 'none', '--format', 'json'];
    const { stdout } = await loadedCommand(args, { cwd: folder });
    await writeFile(join(folder, 'compare.json'), stdout);
    const agreeing = recompute('compare.json', 'results');
    expect(agreeing.stdout).toBe('54 numbers compared, 0 differ\n');
    expect(agreeing.status).toBe(0);

    const [mean] = /(?<="mean": )0\.\d+/.exec(stdout) ?? [];
    await writeFile(join(folder, 'wrong.json'), stdout.replace(String(mean), String(Number(mean) + 1e-6)));
    const differing = recompute('wrong.json', 'results');
    expect(differing.stdout).toMatch(/, mean: .* here, .* stated\n54 numbers compared, 1 differ\n$/);
    expect(differing.status).toBe(1);
  },
);

test.skipIf(python === undefined)(`so are the ratios of runtime${skipped}`, async () => {
  const { stdout } = await loadedCommand(
    [
      'runtime',
      '--testproblem',
      'mnist_logreg',
      '--data',
      'synthetic',
      '--synthetic-size',
      '300',
      '--num-epochs',
      '1',
    ].concat(['--repeats', '3', '--optimizers', 'adam', '--batch-size', '50', '--quiet', '--json']),
    { cwd: folder },
  );
  await writeFile(join(folder, 'runtime.json'), stdout);
  const { stdout: found, status } = recompute('runtime.json');
  expect(found).toBe('16 numbers compared, 0 differ\n');
  expect(status).toBe(0);
  expect(JSON.parse(await readFile(join(folder, 'runtime.json'), 'utf8')).repeats).toBe(3);
});

test.skipIf(python === undefined).each([5, 10])(
  `so are the numbers of an experiment's agreement with %i seeds${skipped}`,
  async (seeds) => {
    const runs = await drawRuns('fmnist_2c2d', seeds);
    const experiment = await loadExperiment('preconditioning');
    if (experiment.kind !== 'plan') throw new Error('expected a plan');
    const path = join(folder, 'agreement.json');
    const parts = await experiment.results(runs, 'laptop');
    const text = agreementJson(path, { experiment, scale: 'laptop', parts, version: '0.0.0' });
    await writeFile(path, text ?? '');
    // Two parts; three curves of two metrics each, four on validation data; three epochs with five numbers, and the points inside.
    const agreeing = recompute('agreement.json');
    expect(agreeing.stdout).toMatch(/^\d{3} numbers compared, 0 differ\n$/);
    const [inside] = /"inside": \d+/.exec(text ?? '') ?? [];
    await writeFile(path, (text ?? '').replace(String(inside), '"inside": 17'));
    expect(recompute('agreement.json').stdout).toMatch(
      /, points inside: \d here, 17 stated\n\d+ numbers compared, 1 differ\n$/,
    );
  },
);
