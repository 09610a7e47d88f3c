import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reproducibleContent } from '../../src/results/index.js';
import { type RunRequest, resolveConfiguration } from '../../src/run/index.js';
import { keptEndPaths } from '../../src/run/kept-end.js';
import { interruptedWhen, runSmall, smallRequest, temporaryFolder } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const kept = { keepCheckpoint: true };
const notesOf = ({ events }: Awaited<ReturnType<typeof runSmall>>) =>
  events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
const startOf = ({ events }: Awaited<ReturnType<typeof runSmall>>) => events.find(({ type }) => type === 'start');
const endOf = async (changes: Partial<RunRequest> = {}) =>
  keptEndPaths(folder, (await resolveConfiguration({ ...smallRequest, ...changes })).configuration);

describe('a run of more epochs', () => {
  test.each([
    ['adam', { optimizer: 'adam', hyperparameters: { lr: 0.01 } }],
    ['an optimizer that estimates its step size anew', { optimizer: 'adaptive-sgd', hyperparameters: {} }],
    [
      'a change of the learning rate that the shorter run did not come to',
      { lrSchedule: { epochs: [1, 3], factors: [0.5, 0.1] } },
    ],
  ] as const)('goes on from the kept end of a shorter one, bit for bit as if run at once: %s', async (_, changes) => {
    const logged = { ...changes, trainLogInterval: 4 };
    const whole = await runSmall(join(folder, 'whole'), { ...logged, numEpochs: 4 });
    const short = await runSmall(folder, { ...logged, numEpochs: 2 }, kept);
    const before = await readFile(short.path);
    const long = await runSmall(folder, { ...logged, numEpochs: 4 }, kept);
    expect(startOf(long)).toMatchObject({
      resumedFromEpoch: 2,
      extendsRun: (await endOf({ ...logged, numEpochs: 2 })).checkpoint,
    });
    expect(long.runFile).toMatchObject({ status: { state: 'completed', epoch: 4 }, resumed: [{ epoch: 2 }] });
    expect(long.runFile.train_losses).toHaveLength(5);
    expect(reproducibleContent(long.runFile)).toEqual(reproducibleContent(whole.runFile));
    // The shorter run and its kept end stay, so that it can be extended again; so does the longer one's.
    expect(await readFile(short.path)).toEqual(before);
    const longer = await runSmall(folder, { ...logged, numEpochs: 5 });
    expect(startOf(longer)).toMatchObject({ resumedFromEpoch: 4 });
    expect((await runSmall(folder, { ...logged, numEpochs: 3 })).runFile).toMatchObject({ resumed: [{ epoch: 2 }] });
  });

  test('can be interrupted and resumed like any other', async () => {
    const whole = await runSmall(join(folder, 'whole'), { numEpochs: 4 });
    await runSmall(folder, { numEpochs: 2 }, kept);
    const first = await runSmall(
      folder,
      { numEpochs: 4 },
      interruptedWhen((event) => event.type === 'step' && event.epoch === 4 && event.step === 3),
    );
    expect(first.runFile.status).toMatchObject({ state: 'interrupted', epoch: 3, step: 3 });
    const second = await runSmall(folder, { numEpochs: 4 });
    expect(second.runFile.resumed).toMatchObject([{ epoch: 2 }, { epoch: 3, step: 3 }]);
    expect(reproducibleContent(second.runFile)).toEqual(reproducibleContent(whole.runFile));
  });

  test('starts from the beginning where nothing was kept, and says so', async () => {
    await runSmall(folder, { numEpochs: 1 });
    const long = await runSmall(folder, { numEpochs: 2 });
    expect(notesOf(long)).toEqual([
      'a completed run of 1 epoch is there, but not the checkpoint of its last epoch (--keep-checkpoint keeps it), so this run starts from the beginning',
    ]);
    expect(long.runFile.resumed).toEqual([]);
  });

  test('starts from the beginning where the schedule looks at the number of epochs, or is told to', async () => {
    const schedule = { schedule: { schedule: 'cosine' } } as const;
    await runSmall(folder, { ...schedule, numEpochs: 1 }, kept);
    const long = await runSmall(folder, { ...schedule, numEpochs: 2 });
    expect(notesOf(long)).toEqual([
      expect.stringMatching(/\.final: a completed run of 1 epoch cannot be extended: the schedule depends/),
    ]);
    expect(long.runFile.resumed).toEqual([]);
    await runSmall(folder, { numEpochs: 1 }, kept);
    expect((await runSmall(folder, { numEpochs: 2 }, { resume: false })).runFile.resumed).toEqual([]);
  });

  test('is no run of another seed, setting or damaged file', async () => {
    await runSmall(folder, { numEpochs: 1 }, kept);
    const others: Partial<RunRequest>[] = [{ seed: 7 }, { batchSize: 30 }, { hyperparameters: { lr: 0.2 } }];
    for (const other of others) {
      expect((await runSmall(folder, { ...other, numEpochs: 2 })).runFile.resumed).toEqual([]);
    }
    const { journal, checkpoint } = await endOf({ numEpochs: 1 });
    const content = await readFile(journal, 'utf8');
    await writeFile(journal, content.replace('0.', '1.'));
    const damagedJournal = await runSmall(folder, { numEpochs: 2 });
    expect(notesOf(damagedJournal)).toEqual([
      expect.stringMatching(/cannot be extended: found a journal with SHA-256/),
    ]);
    expect(damagedJournal.runFile).toMatchObject({ status: { state: 'completed' }, resumed: [] });
    await writeFile(checkpoint, 'no checkpoint');
    expect(notesOf(await runSmall(folder, { numEpochs: 3 }))).toEqual([
      expect.stringMatching(/a completed run of 2 epochs is there, but not the checkpoint/),
      expect.stringMatching(/a completed run of 1 epoch cannot be extended/),
    ]);
  });

  test('leaves nothing but the kept end beside the run file', async () => {
    const { path } = await runSmall(folder, { numEpochs: 1 }, kept);
    const names = (await readdir(join(path, '..'))).sort();
    expect(names.map((name) => name.replace(/__[0-9a-f-]+\./, '.'))).toEqual([
      'random_seed__42.final',
      'random_seed__42.final-journal',
      'random_seed__42.json',
    ]);
    // Repeating the command changes nothing.
    expect((await runSmall(folder, { numEpochs: 1 }, kept)).alreadyComplete).toBe(true);
    expect((await readdir(join(path, '..'))).sort()).toEqual(names);
  });
});

describe('a run that is told to stop after an epoch', () => {
  test('keeps its checkpoint there and goes on when it is started again', async () => {
    const whole = await runSmall(join(folder, 'whole'));
    // Checkpoints that take no time of their own would hide that this one is written on purpose.
    const first = await runSmall(folder, {}, { stopAfterEpoch: 2, checkpointShare: 1e-9 });
    expect(first.runFile.status).toEqual({
      state: 'interrupted',
      epoch: 2,
      step: null,
      reason: 'stopped after epoch 2 of 3, as asked for',
    });
    expect(first.runFile.valid_losses).toHaveLength(3);
    const again = await runSmall(folder, {}, { stopAfterEpoch: 2 });
    expect(again.runFile.status).toMatchObject({ state: 'interrupted', epoch: 2 });
    const last = await runSmall(folder, {}, { stopAfterEpoch: 3 });
    expect(last.runFile.status.state).toBe('completed');
    expect(reproducibleContent(last.runFile)).toEqual(reproducibleContent(whole.runFile));
  });
});
