import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findRunFiles, runFilePath, settingPath, writeRunFile } from '../../src/results/index.js';
import { markPruned, runPlace } from '../../src/run/index.js';
import { acquireRunLock } from '../../src/run/lock.js';
import { type Plan, type PlannedRun, plannedRuns, planOf, planStatus } from '../../src/sweep/index.js';
import { readRunOutcome } from '../../src/sweep/run-outcome.js';
import { exampleParts, exampleRunFile } from '../results/example.js';
import { interruptedWhen, runSmall, temporaryFolder } from '../run/small-run.js';

let folder: string;
let plan: Plan;
let runs: readonly PlannedRun[];
beforeEach(async () => {
  folder = await temporaryFolder();
  const text = `testproblems: mnist_logreg
optimizers: sgd
settings: { lr: [0.1, 0.2] }
seeds: 1-4
options: { num_epochs: 3, batch_size: 32, data: synthetic, synthetic_size: 600 }
output_dir: results
`;
  plan = planOf(join(folder, 'plan.yaml'), text);
  runs = await plannedRuns(plan);
});
afterEach(() => rm(folder, { recursive: true }));

function planned(index: number): PlannedRun {
  const run = runs[index];
  if (run === undefined) throw new Error(`no run ${index}`);
  return run;
}

/** A run file of this run that somebody wrote, with another end than a completed run has. */
async function leave(index: number, state: 'diverged' | 'failed', reason: string, startedAt = '2026-01-01T00:00:00Z') {
  const { configuration } = planned(index);
  const { timing, minibatchTrainLosses } = exampleParts();
  const started = new Date(startedAt);
  const content = exampleRunFile({
    configuration,
    status: { state, epoch: 2, step: 3, reason },
    startedAt: started,
    stepsPerEpoch: 25,
    timing,
    minibatchTrainLosses,
  });
  return writeRunFile(runFilePath(plan.outputDir, configuration, started), content);
}

describe('the status of a plan', () => {
  test('says what became of every run, from run files, locks and checkpoints', async () => {
    const completed = await runSmall(plan.outputDir, planned(0).request);
    const stop = interruptedWhen(({ type }) => type === 'checkpoint');
    const interrupted = await runSmall(plan.outputDir, planned(1).request, stop);
    const killed = await runSmall(
      plan.outputDir,
      planned(2).request,
      interruptedWhen((event) => event.type === 'checkpoint' && event.epoch === 2),
    );
    await rm(killed.path);
    const held = planned(4).configuration;
    await mkdir(settingPath(plan.outputDir, held), { recursive: true });
    const lock = await acquireRunLock(plan.outputDir, held);
    const diverged = await leave(5, 'diverged', 'the loss is NaN');
    const failed = await leave(6, 'failed', 'no {memory} – left');

    const found = await planStatus(plan);
    expect(found.map(({ state, epoch, reason, path }) => ({ state, epoch, reason, path }))).toEqual([
      { state: 'completed', epoch: 3, reason: null, path: completed.path },
      { state: 'interrupted', epoch: 1, reason: 'interrupted by the user', path: interrupted.path },
      { state: 'interrupted', epoch: 2, reason: 'ended without a run file', path: null },
      { state: 'missing', epoch: null, reason: null, path: null },
      { state: 'running', epoch: null, reason: expect.stringMatching(`^process ${process.pid} on host `), path: null },
      { state: 'diverged', epoch: 2, reason: 'the loss is NaN', path: diverged },
      { state: 'failed', epoch: 2, reason: 'no {memory} – left', path: failed },
      { state: 'missing', epoch: null, reason: null, path: null },
    ]);
    expect(found.map(({ run }) => run.hash)).toEqual(runs.map(({ hash }) => hash));

    if (!('release' in lock)) throw new Error('the lock was held by somebody else');
    await lock.release();
    expect((await planStatus(plan))[4]?.state).toBe('missing');
  });

  test('names what is wrong with a checkpoint or lock, and goes on', async () => {
    const folderOf = settingPath(plan.outputDir, planned(0).configuration);
    await mkdir(folderOf, { recursive: true });
    const { request } = planned(0);
    const whole = interruptedWhen((event) => event.type === 'step' && event.epoch === 3);
    await runSmall(plan.outputDir, request, whole);
    const path = runPlace(plan.outputDir, planned(0).configuration).checkpoint;
    const bytes = await readFile(path);
    for (let bit = 0; bit < 64; bit++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(8 + (bit >> 3)) ^ (1 << (bit & 7)), 8 + (bit >> 3));
      await writeFile(path, flipped);
      const [found] = await planStatus(plan);
      expect(found).toMatchObject({
        state: 'interrupted',
        fault: expect.stringMatching(/^damaged checkpoint: found /),
      });
    }
    await writeFile(path, bytes);
    expect((await planStatus(plan))[0]).toMatchObject({ state: 'interrupted', fault: null, epoch: 2 });
    await symlink('/nonexistent', runPlace(plan.outputDir, planned(0).configuration).lock);
    expect((await planStatus(plan))[0]).toMatchObject({
      state: 'interrupted',
      fault: expect.stringMatching(/\.lock: found a symbolic link/),
    });
    spawnSync('mkfifo', [join(folderOf, 'random_seed__1__2026-01-01-00-00-00.json')]);
    spawnSync('mkfifo', [runPlace(plan.outputDir, planned(0).configuration).crash]);
    expect((await planStatus(plan))[0]).toMatchObject({ state: 'interrupted' });
  });

  test('takes a finished run before later attempts, and of unfinished ones the newest', async () => {
    await leave(0, 'failed', 'first', '2026-01-01T00:00:00Z');
    await leave(0, 'failed', 'second', '2026-01-02T00:00:00Z');
    expect((await planStatus(plan))[0]).toMatchObject({ state: 'failed', reason: 'second' });
    await leave(0, 'diverged', 'third', '2025-12-31T00:00:00Z');
    expect((await planStatus(plan))[0]).toMatchObject({ state: 'diverged', reason: 'third' });
  });

  test('takes no other run for one of the plan, nor half a file', async () => {
    const [{ request }, { configuration }] = [planned(0), planned(1)];
    const other = await runSmall(plan.outputDir, { ...request, trainLogInterval: 7 });
    const path = await leave(1, 'diverged', 'the loss is NaN');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.slice(0, -200));
    expect(dirname(other.path)).toBe(settingPath(plan.outputDir, configuration));
    expect((await planStatus(plan)).map(({ state }) => state)).toEqual(runs.map(() => 'missing'));
  });

  test('of a plan that never ran is that everything is missing, and writes nothing', async () => {
    expect((await planStatus(plan)).every(({ state }) => state === 'missing')).toBe(true);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the end of a run file', () => {
  const summaryOf = async (path: string) => {
    const [found] = await findRunFiles(plan.outputDir, planned(0).configuration);
    const { status, runFile } = found ?? {};
    const sources = { optimizer: runFile?.configuration.optimizer.source, testproblem: null, dataset: null };
    const times = { startedAt: runFile?.started_at, finishedAt: runFile?.finished_at };
    const about = { configurationHash: runFile?.configuration_hash, prunedBy: runFile?.pruned_by ?? null };
    return { path, ...about, ...times, status, sources };
  };

  test('tells what the whole file says', async () => {
    const { path } = await runSmall(plan.outputDir, planned(0).request);
    expect(await readRunOutcome(path)).toEqual(await summaryOf(path));
  });

  test('tells which rule has pruned the run', async () => {
    const { path } = await runSmall(plan.outputDir, planned(0).request, { stopAfterEpoch: 1 });
    const told = { rule: 'a "rule"', reason: 'rank 2 of 2' };
    await markPruned(plan.outputDir, planned(0).configuration, told);
    expect(await readRunOutcome(path)).toMatchObject({
      status: { state: 'pruned', epoch: 1, reason: 'rank 2 of 2' },
      prunedBy: 'a "rule"',
    });
    expect(await readRunOutcome(path)).toEqual(await summaryOf(path));
  });

  test.each([
    ['a log that is longer than what is read first', 2_000],
    ['a log that is longer than all that is read of the end', 40_000],
  ])('is found behind %s', async (_, entries) => {
    const { configuration } = planned(0);
    const optimizerLog = Array.from({ length: entries }, (_entry, index) => ({ '"status": {': `${index} } é` }));
    const content = exampleRunFile({ configuration: { ...configuration, numEpochs: 2 }, optimizerLog });
    const path = await writeRunFile(join(plan.outputDir, 'run.json'), content);
    expect(await readRunOutcome(path)).toMatchObject({
      configurationHash: content.configuration_hash,
      status: content.status,
      startedAt: content.started_at,
      finishedAt: content.finished_at,
    });
  });

  test('of a file that is no run file is nothing', async () => {
    const path = join(folder, 'x.json');
    expect(await readRunOutcome(path)).toBeNull();
    await writeFile(path, '{\n  "status": 1\n}\n');
    expect(await readRunOutcome(path)).toBeNull();
  });
});
