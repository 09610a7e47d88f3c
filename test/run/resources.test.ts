import { readdir, rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OutputError } from '../../src/errors.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { checkDisk, checkMemory, diskNeed, memoryLimit, memoryNeed } from '../../src/run/resources.js';
import { checkJobs } from '../../src/sweep/jobs.js';
import { command } from '../cli/command.js';
import { runSmall, smallRequest, temporaryFolder } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const resolved = (changes = {}) => resolveConfiguration({ ...smallRequest, ...changes });

describe('the memory that a run needs at least', () => {
  test('is that of its parameters, observations and minibatch', async () => {
    // 784 · 10 + 10 numbers, and the 32 · 10 products of a minibatch.
    const plain = await memoryNeed(await resolved());
    expect(plain).toEqual({ parameters: 31_400, vectors: 62_800, observations: 0, minibatch: 4 * 320 });
    const family = await resolved({ optimizer: 'preconditioned-sgd', hyperparameters: { num_observations: 7 } });
    expect(memoryNeed(family).observations).toBe(14 * 31_400);
  });

  test('counts what convolutions leave behind', async () => {
    const conv = await resolved({ testproblem: 'mnist_2c2d', hyperparameters: { lr: 0.1 }, batchSize: 100 });
    // 32 and 64 channels of 28 × 28 and 14 × 14, then 1024 and 10.
    expect(memoryNeed(conv).minibatch).toBe(4 * 100 * (32 * 28 * 28 + 64 * 14 * 14 + 1024 + 10));
  });

  test('is less than what runs have taken', async () => {
    const { runFile } = await runSmall(folder);
    const { parameters, vectors, observations, minibatch } = memoryNeed(await resolved());
    expect(120e6 + parameters + vectors + observations + minibatch).toBeLessThan(runFile.peak_memory_bytes ?? 0);
  });

  test('is compared with the limit, in one line that says what to do', async () => {
    const limit = { bytes: 2e9, whose: 'the limit of this process (a container or job)' };
    const small = await resolved();
    expect(() => checkMemory(small, limit)).not.toThrow();
    const large = await resolved({ testproblem: 'mnist_2c2d', batchSize: 500, syntheticSize: 6000 });
    expect(() => checkMemory(large, { ...limit, bytes: 1e8 })).toThrow(
      /^memory: found 100 MB, the limit of this process \(a container or job\), expected at least \d+ MB for this run \(parameters and gradients 39 MB, a minibatch \d+ MB\); a smaller batchSize needs less, checkResources: false runs anyway$/,
    );
    const family = await resolved({
      testproblem: 'mnist_mlp',
      optimizer: 'preconditioned-sgd',
      hyperparameters: { num_observations: 14, prior_iterations: 1 },
    });
    expect(() => checkMemory(family, { ...limit, bytes: 2e8 })).toThrow(/observations 150 MB.*num_observations needs/);
  });

  test('has a limit on every machine', () => {
    expect(memoryLimit().bytes).toBeGreaterThan(1e8);
  });

  test('stops a run before anything is written, unless told otherwise', async () => {
    const huge = [
      '--testproblem',
      'mnist_2c2d',
      '--optimizer',
      'sgd',
      '--data',
      'synthetic',
      '--synthetic-size',
      '1000000',
    ];
    const args = ['run', ...huge, '--batch-size', '833333', '--num-epochs', '1', '--output-dir', 'r'];
    const { code, stdout, stderr } = await command(args, { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^probprec: memory: found .* expected at least \d+\.\d GB for this run .*\n$/);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the disk space of a run', () => {
  test('grows with its epochs and its optimizer', async () => {
    const few = diskNeed(await resolved({ numEpochs: 1 }), 15);
    expect(few).toBeLessThan(200_000);
    expect(diskNeed(await resolved({ numEpochs: 10_000 }), 15)).toBeGreaterThan(few + 10_000 * 14 * 24);
  });

  test('is compared with what is free, in one line', async () => {
    await checkDisk(folder, 1000);
    await checkDisk(folder, 1e9, async () => null);
    const refused = checkDisk(folder, 5e6, async () => 1.5e6);
    await expect(refused).rejects.toThrow(
      `${folder}: found 1.5 MB of free disk space, expected at least 5.0 MB for the checkpoints and the run file of this run`,
    );
    await expect(refused).rejects.toBeInstanceOf(OutputError);
    await expect(refused).rejects.toMatchObject({ exitCode: 1 });
  });
});

test('the number of runs at the same time has a bound', async () => {
  for (const jobs of [1, 32]) checkJobs(jobs, 2);
  checkJobs(64, 16);
  expect(() => checkJobs(100_000, 2)).toThrow('jobs: found 100000, expected a whole number from 1 to 32; this process');
});
