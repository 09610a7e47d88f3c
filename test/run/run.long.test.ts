import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OutputError } from '../../src/errors.js';
import { readRunFile, reproducibleContent } from '../../src/results/index.js';
import { executeRun, resolveConfiguration } from '../../src/run/index.js';
import { loadTestProblem } from '../../src/testproblem/index.js';
import { optimizers, runSmall, smallByHand, smallRequest, temporaryFolder } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

describe('a run', () => {
  test.each([
    { testproblem: 'mnist_logreg', batchSize: 32, logged: 2, steps: 15 },
    { testproblem: 'mnist_mlp', batchSize: 64, logged: 1, steps: 7 },
  ])(
    'of $testproblem leaves a valid run file with lists of the right length',
    async ({ logged, steps, ...changes }) => {
      const { path, runFile, alreadyComplete, events } = await runSmall(folder, changes);
      expect(alreadyComplete).toBe(false);
      expect(await readRunFile(path)).toEqual(runFile);
      expect(runFile.status).toEqual({ state: 'completed', epoch: 3, step: null, reason: null });
      expect(runFile).toMatchObject({ steps_per_epoch: steps, dataset: { source: 'synthetic', synthetic_size: 600 } });
      const { train_losses, valid_losses, test_losses, train_accuracies, valid_accuracies, test_accuracies } = runFile;
      for (const list of [
        train_losses,
        valid_losses,
        test_losses,
        train_accuracies,
        valid_accuracies,
        test_accuracies,
      ]) {
        expect(list).toHaveLength(4);
      }
      expect(runFile.minibatch_train_losses).toHaveLength(3 * logged);
      expect(runFile.timing.training_wall_seconds).toHaveLength(3);
      expect(train_losses.at(-1)).toBeLessThan(train_losses[0] ?? 0);
      expect(relative(folder, path)).toMatch(
        /^mnist_\w+.SGD.num_epochs__3__batch_size__\d+__lr__1\.e-01.random_seed__42__[\d-]{19}\.json$/,
      );
      expect(await readdir(dirname(path))).toHaveLength(1);
      expect(events.filter(({ type }) => type === 'evaluation')).toHaveLength(4);
      expect(events.filter(({ type }) => type === 'step')).toHaveLength(3 * steps);
      expect(events.at(-1)).toEqual({ type: 'end', status: 'completed', path, reason: null });
    },
  );

  test('of quadratic_deep has no accuracies', async () => {
    const { runFile } = await runSmall(folder, {
      testproblem: 'quadratic_deep',
      hyperparameters: { lr: 0.01 },
      batchSize: 128,
      data: 'real',
      syntheticSize: undefined,
    });
    expect(runFile.status.state).toBe('completed');
    expect(runFile).not.toHaveProperty('test_accuracies');
    expect(runFile.dataset.source).toBe('generated');
    expect(runFile.steps_per_epoch).toBe(7);
    const losses = runFile.test_losses.map(Number);
    expect(losses.toSorted((a, b) => b - a)).toEqual(losses);
  });

  test('of no epochs measures the start', async () => {
    const { runFile } = await runSmall(folder, { numEpochs: 0 });
    expect(runFile.status).toMatchObject({ state: 'completed', epoch: 0 });
    expect(runFile.test_losses).toHaveLength(1);
    expect(runFile.minibatch_train_losses).toEqual([]);
  });

  test('with one image per batch, and with one batch per epoch', async () => {
    const single = await runSmall(folder, { batchSize: 1, numEpochs: 1, syntheticSize: 60 });
    expect(single.runFile).toMatchObject({ steps_per_epoch: 50, status: { state: 'completed' } });
    const whole = await runSmall(folder, { batchSize: 50, numEpochs: 1, syntheticSize: 60 });
    expect(whole.runFile).toMatchObject({ steps_per_epoch: 1, status: { state: 'completed' } });
  });

  test('records every minibatch loss when asked for', async () => {
    const every = await runSmall(folder, { trainLogInterval: 1 });
    const tenth = await runSmall(folder);
    expect(every.runFile.minibatch_train_losses).toHaveLength(45);
    expect(tenth.runFile.minibatch_train_losses).toEqual(
      every.runFile.minibatch_train_losses.filter((_, index) => [0, 10].includes(index % 15)),
    );
  });

  test('by the DeepOBS beta protocol trains in the same way and evaluates whole batches', async () => {
    const own = await runSmall(folder);
    const beta = await runSmall(folder, { protocol: 'deepobs-beta' });
    expect(beta.runFile.minibatch_train_losses).toEqual(own.runFile.minibatch_train_losses);
    expect(beta.runFile.test_losses).not.toEqual(own.runFile.test_losses);
    expect(beta.runFile.test_accuracies?.map((accuracy) => (accuracy ?? 0.5) * 96)).toEqual(
      beta.runFile.test_accuracies?.map((accuracy) => Math.round((accuracy ?? 0.5) * 96)),
    );
    expect(beta.runFile.configuration_hash).not.toBe(own.runFile.configuration_hash);
  });

  test('with an L2 factor adds its term to every loss and names it in the folder', async () => {
    const changes = { testproblem: 'mnist_mlp', batchSize: 64, numEpochs: 1 };
    const without = await runSmall(folder, changes);
    const with_ = await runSmall(folder, { ...changes, l2Reg: 0.01 });
    expect(with_.path).toContain('__l2_reg__1.e-02__');
    expect(with_.runFile.l2_reg).toBe(0.01);
    const problem = await loadTestProblem('mnist_mlp');
    const squares = problem
      .initialParameters(42)
      .map((values, index) => (problem.parameters[index]?.regularised ? values.reduce((sum, w) => sum + w * w, 0) : 0))
      .reduce((sum, square) => sum + square, 0);
    for (const key of ['train_losses', 'valid_losses', 'test_losses', 'minibatch_train_losses'] as const) {
      expect(Number(with_.runFile[key][0]) - Number(without.runFile[key][0]), key).toBeCloseTo(0.005 * squares, 3);
    }
    expect(with_.runFile.train_accuracies?.[0]).toEqual(without.runFile.train_accuracies?.[0]);
  });
});

describe('a diverging run', () => {
  test('ends where the loss was not finite, with what was measured until then', async () => {
    const changes = { testproblem: 'mnist_mlp', batchSize: 64, hyperparameters: { lr: 1e6 }, trainLogInterval: 1 };
    const { path, runFile, events } = await runSmall(folder, changes);
    expect(await readRunFile(path)).toEqual(runFile);
    const { state, epoch, step, reason } = runFile.status;
    expect({ state, epoch }).toEqual({ state: 'diverged', epoch: 0 });
    expect(step).toBeGreaterThan(0);
    expect(reason).toMatch(new RegExp(`^the loss of minibatch ${step} of epoch 1 is (NaN|-?Infinity)$`));
    expect(runFile.test_losses).toHaveLength(1);
    expect(runFile.minibatch_train_losses).toHaveLength((step ?? 0) + 1);
    expect(runFile.minibatch_train_losses.map((loss) => loss === null)).toEqual(
      Array.from({ length: (step ?? 0) + 1 }, (_, index) => index === step),
    );
    expect(await readdir(dirname(path))).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'end', status: 'diverged' });
    expect((await runSmall(folder, changes)).alreadyComplete).toBe(true);
  });

  test('whose last step goes wrong is found by the evaluation after it', async () => {
    const batchSize = 480; // one step in each epoch, with a finite loss
    const changes = { testproblem: 'mnist_mlp', batchSize, numEpochs: 1, hyperparameters: { lr: 1e30 } };
    const { runFile } = await runSmall(folder, changes);
    expect(runFile.steps_per_epoch).toBe(1);
    expect(runFile.status).toMatchObject({ state: 'diverged', epoch: 1, step: null });
    expect(runFile.status.reason).toMatch(/^the train_eval loss after epoch 1 is (NaN|-?Infinity)$/);
    expect(runFile.minibatch_train_losses).toEqual([expect.any(Number)]);
    expect(runFile.test_losses).toEqual([expect.any(Number), null]);
  });
});

describe('one seed', () => {
  test.each(optimizers)('gives $optimizer the same numbers twice', async (changes) => {
    const request = { ...changes, testproblem: 'mnist_mlp', batchSize: 64, numEpochs: 2 };
    const first = await runSmall(folder, request);
    const second = await runSmall(folder, request, { overwrite: true });
    expect(second.alreadyComplete).toBe(false);
    expect(reproducibleContent(second.runFile)).toEqual(reproducibleContent(first.runFile));
    const other = await runSmall(folder, { ...request, seed: 43 });
    expect(other.runFile.test_losses).not.toEqual(first.runFile.test_losses);
  });

  // With a learning rate of 0 the losses tell of the batches alone.
  test.each(['mnist_mlp', 'cifar10_3c3d'])(
    'gives all optimizers the same start and the same batches: %s',
    async (testproblem) => {
      const [sgd, ...others] = await Promise.all(
        optimizers.map(async ({ optimizer, hyperparameters }) => {
          const request = { testproblem, optimizer, hyperparameters: { ...hyperparameters, lr: 0 } };
          const size = { batchSize: 8, numEpochs: 2, syntheticSize: 60, trainLogInterval: 1 };
          return (await runSmall(folder, { ...request, ...size })).runFile;
        }),
      );
      expect(new Set(sgd?.minibatch_train_losses).size).toBe(12);
      expect(new Set(sgd?.test_losses).size).toBe(1);
      for (const other of others) {
        for (const key of ['minibatch_train_losses', 'train_losses', 'valid_losses', 'test_losses'] as const) {
          expect(other[key], key).toEqual(sgd?.[key]);
        }
      }
    },
  );
});

describe('a learning-rate schedule', () => {
  test('takes effect at its epochs, as in a training by hand', async () => {
    const lrSchedule = { epochs: [1, 2], factors: [0.1, 5] };
    const { runFile } = await runSmall(folder, { lrSchedule, trainLogInterval: 1 });
    expect(runFile.training_params).toEqual({ lr_sched_epochs: [1, 2], lr_sched_factors: [0.1, 5] });

    const { dataset, problem, functions } = await smallByHand(folder);
    const parameters = problem.initialParameters(42).map((values) => Float64Array.from(values));
    const losses: number[] = [];
    for (const [epoch, lr] of [0.1, 0.01, 0.5].entries()) {
      for await (const { inputs, labels } of dataset.split(42, 'probprec').trainingBatches(epoch, 32)) {
        const { loss, gradient } = await functions.gradient(parameters, { inputs, labels });
        losses.push(loss);
        for (const [index, values] of parameters.entries()) {
          for (const place of values.keys())
            values[place] = (values[place] ?? 0) - lr * (gradient[index]?.[place] ?? 0);
        }
      }
    }
    await functions.dispose();
    const distance = losses.map((loss, index) => Math.abs(loss - Number(runFile.minibatch_train_losses[index])));
    expect(losses).toHaveLength(45);
    expect(Math.max(...distance)).toBeLessThan(1e-4);
  });

  test('with factor 0 stops the training', async () => {
    const { runFile } = await runSmall(folder, { lrSchedule: { epochs: [1], factors: [0] } });
    const [start, ...later] = runFile.test_losses;
    expect(new Set(later).size).toBe(1);
    expect(later[0]).not.toBe(start);
  });
});

describe('a finished run', () => {
  test('is not trained again, whatever the number of threads', async () => {
    const first = await runSmall(folder);
    const second = await runSmall(folder, { threads: 2 });
    expect(second).toMatchObject({ alreadyComplete: true, path: first.path, events: [] });
    expect(second.runFile).toEqual(first.runFile);
  });

  test('is replaced with overwrite, once the new one has ended', async () => {
    const { path } = await runSmall(folder);
    // Not the name of a run that is started in the same second.
    const older = join(dirname(path), 'random_seed__42__2020-01-01-00-00-00.json');
    await rename(path, older);
    const controller = new AbortController();
    controller.abort();
    const interrupted = await runSmall(folder, {}, { overwrite: true, signal: controller.signal });
    expect(interrupted.runFile.status.state).toBe('interrupted');
    expect(await runSmall(folder)).toMatchObject({ path: older, alreadyComplete: true });
    const again = await runSmall(folder, {}, { overwrite: true });
    expect(again).toMatchObject({ alreadyComplete: false, runFile: { status: { state: 'completed' } } });
    expect(await readdir(dirname(again.path))).toEqual([again.path.slice(dirname(again.path).length + 1)]);
  });

  test('that cannot be read is left alone, and the run done', async () => {
    const { path } = await runSmall(folder);
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 500));
    const second = await runSmall(folder);
    expect(second.alreadyComplete).toBe(false);
    expect(await readdir(dirname(path))).toContain(path.slice(dirname(path).length + 1));
  });
});

describe('a run that cannot go on', () => {
  test('fails with where and why when the optimizer throws', async () => {
    const resolved = await resolveConfiguration(smallRequest);
    const { start } = resolved.optimizer;
    const failing: typeof start = async (...args) => {
      const training = await start(...args);
      const step = training.step.bind(training);
      let steps = 0;
      training.step = async (batch) => {
        steps += 1;
        if (steps === 18) throw new Error('on purpose\nsecond line');
        return step(batch);
      };
      return training;
    };
    const options = { dataDir: folder, outputDir: folder, resume: true, overwrite: false };
    const outcome = await executeRun({ ...resolved, optimizer: { ...resolved.optimizer, start: failing } }, options);
    expect(outcome.runFile.status).toEqual({ state: 'failed', epoch: 1, step: 2, reason: 'on purpose' });
    expect(outcome.error).toEqual(new Error('on purpose\nsecond line'));
    expect(await readRunFile(outcome.path)).toEqual(outcome.runFile);
    const again = await executeRun(resolved, options);
    expect(again.runFile.status.state).toBe('completed');
    expect(again.runFile.resumed).toMatchObject([{ epoch: 1 }]);
    expect(await readdir(dirname(again.path))).toHaveLength(1);
  });

  test('says so before it trains when nothing can be written', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(runSmall(join(file, 'results'))).rejects.toThrow(OutputError);
  });
});
