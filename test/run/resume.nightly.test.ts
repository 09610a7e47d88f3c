import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InterruptedError } from '../../src/errors.js';
import { readRunFile, reproducibleContent } from '../../src/results/index.js';
import { readCheckpointHeader } from '../../src/run/checkpoint.js';
import { type RunRequest, resolveConfiguration } from '../../src/run/index.js';
import { runPlace } from '../../src/run/place.js';
import { command, startCommand } from '../cli/command.js';
import { interruptedWhen, optimizers, runSmall, smallRequest, temporaryFolder } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const checkpointFile = async () =>
  runPlace(folder, (await resolveConfiguration(smallRequest)).configuration).checkpoint;

describe('an interrupted run that is started again', () => {
  test.each(optimizers)('gives the same numbers as one that was not: $optimizer', async (optimizer) => {
    const changes = { ...optimizer, testproblem: 'mnist_mlp', batchSize: 64, trainLogInterval: 3 };
    const whole = await runSmall(join(folder, 'whole'), changes);
    const parts = join(folder, 'parts');
    const first = await runSmall(
      parts,
      changes,
      interruptedWhen((e) => e.type === 'step' && e.epoch === 2 && e.step === 4),
    );
    expect(first.runFile.status).toMatchObject({ state: 'interrupted', epoch: 1, step: 4 });
    expect(await readRunFile(first.path)).toEqual(first.runFile);
    const second = await runSmall(
      parts,
      changes,
      interruptedWhen((e) => e.type === 'epoch' && e.epoch === 3),
    );
    expect(second.runFile.status).toMatchObject({ state: 'interrupted', epoch: 2 });
    expect(second.runFile.resumed).toMatchObject([{ epoch: 1, step: 4 }]);
    expect(await readRunFile(second.path)).toEqual(second.runFile);
    const third = await runSmall(parts, changes);
    const steps = third.runFile.steps_per_epoch;
    expect(third.events.find(({ type }) => type === 'start')).toMatchObject({
      resumedFromEpoch: 2,
      resumedFromStep: steps,
    });
    expect(third.runFile.resumed).toMatchObject([
      { epoch: 1, step: 4 },
      { epoch: 2, step: steps },
    ]);
    expect(reproducibleContent(third.runFile)).toEqual(reproducibleContent(whole.runFile));
    expect(await readdir(dirname(third.path))).toHaveLength(1);
  });

  test('goes on within its first epoch', async () => {
    const whole = await runSmall(join(folder, 'whole'));
    const first = await runSmall(
      folder,
      {},
      interruptedWhen((e) => e.type === 'step' && e.step === 3),
    );
    expect(first.runFile.status).toMatchObject({ state: 'interrupted', epoch: 0, step: 3 });
    const second = await runSmall(folder);
    expect(second.runFile).toMatchObject({ status: { state: 'completed' }, resumed: [{ epoch: 0, step: 3 }] });
    expect(reproducibleContent(second.runFile)).toEqual(reproducibleContent(whole.runFile));
    expect(await readdir(dirname(second.path))).toHaveLength(1);
  });

  test('adds up what an epoch took over its parts', async () => {
    const taken: number[] = [];
    for (const step of [3, 7, 11]) {
      await runSmall(
        folder,
        {},
        interruptedWhen((e) => e.type === 'step' && e.step === step),
      );
      const found = await readCheckpointHeader(await checkpointFile());
      if (found.kind !== 'whole') throw new Error(found.kind);
      expect(found.checkpoint.part_of_epoch).toMatchObject({ step });
      taken.push(found.checkpoint.part_of_epoch?.wall_seconds ?? Number.NaN);
    }
    const { runFile } = await runSmall(folder);
    taken.push(runFile.timing.training_wall_seconds[0] ?? Number.NaN);
    expect(taken).toEqual([...new Set(taken)].toSorted((a, b) => a - b));
    expect(runFile.timing.training_wall_seconds).toHaveLength(3);
    expect(runFile.resumed.map(({ step }) => step)).toEqual([3, 7, 11]);
  });

  test.each([1, 3, 5, 8])('gives every bit within an estimation of the preconditioner, after step %i', async (step) => {
    const changes: Partial<RunRequest> = {
      optimizer: 'preconditioned-sgd',
      hyperparameters: { prior_iterations: 3, num_observations: 3 },
    };
    const whole = await runSmall(join(folder, 'whole'), changes);
    for (const epoch of [1, 3]) {
      const at = interruptedWhen((e) => e.type === 'step' && e.epoch === epoch && e.step === step);
      expect((await runSmall(join(folder, 'parts'), changes, at)).runFile.status).toMatchObject({ step });
    }
    const { runFile } = await runSmall(join(folder, 'parts'), changes);
    expect(runFile.resumed).toHaveLength(2);
    expect(reproducibleContent(runFile)).toEqual(reproducibleContent(whole.runFile));
  });

  test('loses nothing by an interruption before its programs are compiled', async () => {
    const whole = await runSmall(join(folder, 'whole'));
    const first = await runSmall(
      folder,
      {},
      interruptedWhen((e) => e.type === 'step' && e.epoch === 2 && e.step === 4),
    );
    const reason = 'interrupted by SIGTERM';
    const second = await runSmall(folder, {}, { signal: AbortSignal.abort(new InterruptedError(reason)) });
    expect(second.events).toMatchObject([{ type: 'end' }]);
    expect(second.runFile.status).toEqual({ state: 'interrupted', epoch: 1, step: 4, reason });
    expect(second.runFile.test_losses).toEqual(first.runFile.test_losses);
    expect(second.runFile.started_at).toBe(first.runFile.started_at);
    expect(await readRunFile(second.path)).toEqual(second.runFile);
    const third = await runSmall(folder);
    expect(third.runFile.resumed).toMatchObject([{ epoch: 1, step: 4 }]);
    expect(reproducibleContent(third.runFile)).toEqual(reproducibleContent(whole.runFile));
  });

  test('ends quietly before the first evaluation, too', async () => {
    const { runFile, path } = await runSmall(
      folder,
      {},
      interruptedWhen(({ type }) => type === 'start'),
    );
    expect(runFile.status).toMatchObject({ state: 'interrupted', epoch: 0 });
    expect(runFile.test_losses).toEqual([]);
    expect(await readRunFile(path)).toEqual(runFile);
  });

  test('ignores the checkpoint when it shall not resume', async () => {
    await runSmall(
      folder,
      {},
      interruptedWhen((e) => e.type === 'step' && e.epoch === 3),
    );
    const { events, runFile } = await runSmall(folder, {}, { resume: false });
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ resumedFromEpoch: null });
    expect(runFile).toMatchObject({ status: { state: 'completed' }, resumed: [] });
  });

  test('does not take up the checkpoint of another configuration', async () => {
    await runSmall(
      folder,
      {},
      interruptedWhen((e) => e.type === 'step' && e.epoch === 3),
    );
    const { events } = await runSmall(folder, { trainLogInterval: 5 });
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ resumedFromEpoch: null });
  });

  test('warns of a damaged checkpoint and starts at the beginning', async () => {
    const whole = await runSmall(join(folder, 'whole'));
    await runSmall(
      folder,
      {},
      interruptedWhen((e) => e.type === 'step' && e.epoch === 3),
    );
    const path = await checkpointFile();
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 100));
    const { events, runFile } = await runSmall(folder);
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings).toEqual([
      expect.stringMatching(
        /\.checkpoint: damaged checkpoint: found \d+ bytes, expected .*; it is now .*\.damaged, and the run starts again from the beginning$/,
      ),
    ]);
    expect(warnings[0]).not.toContain('\n');
    expect(reproducibleContent(runFile)).toEqual(reproducibleContent(whole.runFile));
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });
});

describe('a run that is killed', () => {
  test.each(optimizers)('and started again gives the same numbers as one that was not: $optimizer', async (row) => {
    const settings = Object.entries(row.hyperparameters).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const args = ['run', '--testproblem', 'mnist_logreg', '--optimizer', row.optimizer, ...settings];
    const small = ['--data', 'synthetic', '--synthetic-size', '1200', '--num-epochs', '30', '--threads', '1'];
    const run = [...args, ...small, '--batch-size', '32'];
    const killed = startCommand(run, { cwd: folder });
    await killed.said(/epoch 3\/30/);
    killed.child.kill('SIGKILL');
    expect((await killed.finished).code).toBeNull();
    const again = await command(run, { cwd: folder });
    expect(again.stderr).toMatch(/resumes from the checkpoint of epoch \d+/);
    const whole = await command([...run, '--output-dir', 'whole'], { cwd: folder });
    expect(whole.stderr).not.toContain('checkpoint of epoch');
    const files = await Promise.all([again, whole].map(({ stdout }) => readRunFile(join(folder, stdout.trim()))));
    const [resumed, uninterrupted] = files.map(reproducibleContent);
    expect(resumed?.status.state).toBe('completed');
    expect(resumed).toEqual(uninterrupted);
    expect(await readdir(dirname(join(folder, again.stdout.trim())))).toHaveLength(1);
  });
});
