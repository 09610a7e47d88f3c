import { readdir, rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { measurementsFolder, readMeasured } from '../../src/conformance/measured.js';
import { OutputError } from '../../src/errors.js';
import { evaluationBatchSize } from '../../src/run/evaluation.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { checkDisk, checkMemory, diskNeed, leastMemory, memoryLimit, memoryNeed } from '../../src/run/resources.js';
import { checkJobs } from '../../src/sweep/jobs.js';
import { loadTestProblem } from '../../src/testproblem/index.js';
import { command } from '../cli/command.js';
import { runSmall, smallRequest, temporaryFolder } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const resolved = (changes = {}) => resolveConfiguration({ ...smallRequest, ...changes });

describe('the memory that a run needs at least', () => {
  test('is that of its parameters, vectors, observations and minibatch', async () => {
    const own = 4 * (784 * 10 + 10);
    const plain = memoryNeed(await resolved());
    expect(plain).toEqual({
      ...{ parameters: 2 * own, vectors: 0, observations: 0, saving: own },
      minibatch: expect.any(Number),
    });
    // The gradient, and of 32 examples a few times the ten outputs.
    expect(plain.minibatch).toBeGreaterThan(own + 4 * 320);
    expect(plain.minibatch).toBeLessThan(own + 4 * 320 * 20);
    expect(memoryNeed(await resolved({ optimizer: 'adam', numEpochs: 1 }))).toMatchObject({
      vectors: 4 * own,
      saving: 0,
    });
    const family = memoryNeed(
      await resolved({ optimizer: 'preconditioned-sgd', hyperparameters: { num_observations: 7 } }),
    );
    expect(family).toMatchObject({ vectors: 0, observations: 14 * own, saving: 15 * own });
  });

  test('grows with the batch as convolutions do that the derivative reads', async () => {
    const conv = (batchSize: number) =>
      resolved({ testproblem: 'mnist_2c2d', hyperparameters: { lr: 0.1 }, batchSize }).then(memoryNeed);
    const [few, many] = [await conv(250), await conv(500)];
    // 32 and 64 channels of 28 × 28 and 14 × 14, then 1024 and 10.
    const kept = 4 * 250 * (32 * 28 * 28 + 64 * 14 * 14 + 1024 + 10);
    expect(many.minibatch - few.minibatch).toBeGreaterThan(kept);
    expect(many.minibatch - few.minibatch).toBeLessThan(5 * kept);
  });

  test('is less than what runs have taken', async () => {
    const { runFile } = await runSmall(folder);
    expect(leastMemory(await resolved())).toBeLessThan(runFile.peak_memory_bytes ?? 0);
  });

  test('is not far below what large networks were seen to take', async () => {
    const { rows } = readMeasured(measurementsFolder()).steps;
    for (const { testproblem, optimizer, hyperparameters, batch_size: batchSize, peak_bytes: peak } of rows) {
      const changes = { testproblem, optimizer, hyperparameters, batchSize, numEpochs: 20, syntheticSize: 600 };
      const share = leastMemory(await resolved(changes)) / peak;
      expect(share, `${testproblem}: ${share.toFixed(2)}`).toBeLessThan(1);
      expect(share, `${testproblem}: ${share.toFixed(2)}`).toBeGreaterThan(0.3);
    }
  });

  test('counts an evaluation of few images where many would not fit', async () => {
    const batchSizes = ['mnist_vae', 'cifar100_wrn404', 'cifar10_vgg16'].map(async (name) =>
      evaluationBatchSize(await loadTestProblem(name), { protocol: 'probprec', batchSize: 4 }),
    );
    expect(await Promise.all(batchSizes)).toEqual([250, 250, 25]);
  });

  test('refuses VGG with its own batch size on a machine of 8 GB, and lets two images pass', async () => {
    const limit = { bytes: 8e9, whose: 'the memory of this machine' };
    const vgg = (batchSize: number) =>
      resolved({
        testproblem: 'cifar100_vgg19',
        optimizer: 'adam',
        hyperparameters: { lr: 1e-4 },
        batchSize,
        syntheticSize: 600,
      });
    const [own, small] = [await vgg(32), await vgg(2)];
    expect(() => checkMemory(own, limit)).toThrow(
      /^memory: found 8.0 GB, the memory of this machine, expected at least \d+\.\d GB for this run \(parameters before and after a step 1.1 GB, the optimizer's vectors 2.2 GB, a minibatch and its gradient \d\.\d GB\); a smaller batchSize needs less, checkResources: false runs anyway$/,
    );
    expect(() => checkMemory(small, limit)).not.toThrow();
  });

  test('is compared with the limit, in one line that says what to do', async () => {
    const limit = { bytes: 2e9, whose: 'the limit of this process (a container or job)' };
    const small = await resolved();
    expect(() => checkMemory(small, limit)).not.toThrow();
    const large = await resolved({ testproblem: 'mnist_2c2d', batchSize: 500, syntheticSize: 6000 });
    expect(() => checkMemory(large, { ...limit, bytes: 1e8 })).toThrow(
      /^memory: found 100 MB, the limit of this process \(a container or job\), expected at least \d+ MB for this run \(parameters before and after a step 26 MB, a minibatch and its gradient \d+ MB\); a smaller batchSize needs less, checkResources: false runs anyway$/,
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
