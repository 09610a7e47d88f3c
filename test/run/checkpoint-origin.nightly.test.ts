import { createHash } from 'node:crypto';
import { appendFile, copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProbprecError } from '../../src/errors.js';
import { parseResultFile, readRunFile, reproducibleContent } from '../../src/results/index.js';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../../src/run/checkpoint.js';
import type { CheckpointHeader } from '../../src/run/checkpoint-header.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { runPlace } from '../../src/run/place.js';
import { command, startCommand } from '../cli/command.js';
import { interruptedWhen, runSmall, smallRequest, temporaryFolder } from './small-run.js';

let folder: string;
let path: string;
let journal: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  const { configuration } = await resolveConfiguration(smallRequest);
  path = runPlace(folder, configuration).checkpoint;
  journal = runPlace(folder, configuration).journal;
});
afterEach(() => rm(folder, { recursive: true }));

/** Leaves a checkpoint within the last of three epochs. */
const interrupt = (changes = {}) =>
  runSmall(
    folder,
    changes,
    interruptedWhen((event) => event.type === 'step' && event.epoch === 3),
  );

/** Writes the checkpoint again as another program would have written it. */
async function rewrite(change: (header: CheckpointHeader) => CheckpointHeader): Promise<void> {
  const found = await readCheckpoint(path);
  if (found.kind !== 'whole') throw new Error(found.kind);
  await writeCheckpoint(path, { ...found.checkpoint, header: change(found.checkpoint.header) });
}

async function refusal(changes = {}): Promise<string> {
  const error: unknown = await runSmall(folder, changes).catch((thrown: unknown) => thrown);
  if (!(error instanceof ProbprecError)) throw new Error('not refused', { cause: error });
  expect(error.exitCode).toBe(1);
  expect(error.message).not.toContain('\n');
  expect(error.message).toMatch(/; resume: false starts over, or remove the file$/);
  return error.message;
}

const warningsOf = (events: readonly { type: string; message?: string }[]) =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

describe('a checkpoint that must not be continued is refused with the reason', () => {
  test.each([
    ['another version', { suite_version: '0.9.0' }, /it was written by probprec 0\.9\.0, this is \d/],
    ['another protocol', { protocol_version: 2 }, /it was written by protocol version 2, this is 1/],
    ['other data', { dataset: 'f'.repeat(64) }, /its data have the checksum ffffffffffff…, these /],
    [
      'both',
      { suite_version: '9', protocol_version: 9 },
      /probprec 9, this is .*; it was written by protocol version 9/,
    ],
  ])('%s', async (_, changes, says) => {
    await interrupt();
    await rewrite((header) => ({ ...header, provenance: { ...header.provenance, ...changes } }));
    const before = await readFile(path);
    expect(await refusal()).toMatch(says);
    expect((await readFile(path)).equals(before)).toBe(true);
    const { events, runFile } = await runSmall(folder, {}, { resume: false });
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ resumedFromEpoch: null });
    expect(runFile.resumed).toEqual([]);
    expect(await readdir(dirname(path))).toHaveLength(1);
  });

  test('a version of the layout', async () => {
    await interrupt();
    const bytes = await readFile(path);
    bytes.writeUInt32LE(1, 8);
    createHash('sha256')
      .update(bytes.subarray(0, -32))
      .digest()
      .copy(bytes, bytes.length - 32);
    await writeFile(path, bytes);
    expect(await refusal()).toContain('checkpoint version 1, this probprec has version 3');
  });
});

test('another version or lowering of the engine goes on, says so, and the run file keeps it', async () => {
  const whole = await runSmall(join(folder, 'whole'));
  await interrupt();
  const engine = { name: 'onnxruntime', device: 'cpu', version: '1.29.0', details: { blockSize: 8, inPlace: false } };
  await rewrite((header) => ({ ...header, provenance: { ...header.provenance, engine } }));
  const { events, runFile, path: written } = await runSmall(folder);
  expect(warningsOf(events)).toEqual([
    expect.stringMatching(
      /^what is trained of epochs 1 to 3 was computed by onnxruntime 1\.29\.0 \(blockSize 8, inPlace false\), the run continues with onnxruntime 1\./,
    ),
  ]);
  expect(runFile.resumed).toEqual([
    {
      epoch: 2,
      step: 1,
      at: expect.any(String),
      engine_before: { version: '1.29.0', details: { blockSize: 8, inPlace: false } },
    },
  ]);
  expect(await readRunFile(written)).toEqual(runFile);
  expect(parseResultFile(written, await readFile(written, 'utf8'))).toBeDefined();
  expect(reproducibleContent(runFile)).toEqual(reproducibleContent(whole.runFile));
});

describe("a user's optimizer", () => {
  const optimizer = (comment: string, sign = '') => `
    // ${comment}
    import { defineOptimizer, tensor, z } from 'probprec';
    import { factor } from './parts/factor.mjs';
    export default defineOptimizer({
      name: 'mine', className: 'Mine', description: 'for a test',
      hyperparameters: z.strictObject({ lr: z.number().default(0.1) }),
      transformation: () => ({ init: () => ({}), update: (u) => ({ updates: u.map((x) => tensor.multiply(x, ${sign}factor)), state: {} }) }),
    });`;

  test.each([
    ['a module of it', './parts/factor.mjs'],
    ['the file itself', './mine.mjs'],
  ])('is refused when %s was edited', async (_, edited) => {
    await mkdir(join(folder, 'parts'));
    const write = async (comment: string, factor: number, sign = '') => {
      await writeFile(join(folder, 'mine.mjs'), optimizer(comment, sign));
      await writeFile(join(folder, 'parts', 'factor.mjs'), `export const factor = ${factor};`);
    };
    await write('first', -0.1);
    const line = 'run --testproblem mnist_logreg --optimizer ./mine.mjs --num-epochs 60 --batch-size 32 --threads 1';
    const run = [...line.split(' '), '--data', 'synthetic', '--synthetic-size', '600'];
    const killed = startCommand(run, { cwd: folder });
    await killed.said(/epoch 3\/60/);
    killed.child.kill('SIGKILL');
    await killed.finished;
    if (edited === './mine.mjs') await write('second', -0.1, '2 * ');
    else await write('first', -0.2);
    const refused = await command(run, { cwd: folder });
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^probprec: \S+\.checkpoint: cannot resume from this checkpoint: [^\n]*\n$/);
    expect(refused.stderr).toContain(': mine.mjs of the optimizer has changed; --no-resume starts over');
    const { code, stdout } = await command([...run, '--no-resume', '--quiet'], { cwd: folder });
    expect(code).toBe(0);
    expect((await readRunFile(join(folder, stdout.trim()))).resumed).toEqual([]);
    expect(await readdir(dirname(join(folder, stdout.trim())))).toEqual([basename(stdout.trim())]);
  });
});

describe('a journal', () => {
  const DAMAGES: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['is missing', () => rm(journal)],
    ['is empty', () => writeFile(journal, '')],
    ['is cut off', async () => writeFile(journal, (await readFile(journal)).subarray(0, -1))],
    [
      'has another byte',
      async () => writeFile(journal, (await readFile(journal, 'latin1')).replace('0', '1'), 'latin1'),
    ],
    [
      'is a link',
      async () => [
        await copyFile(journal, `${journal}.x`),
        await rm(journal),
        await symlink(`${basename(journal)}.x`, journal),
      ],
    ],
    [
      'has other lists, rightly hashed',
      () => rewriteJournal((line) => line.replace('"losses.train":[', '"losses.train":[1,')),
    ],
    [
      'has texts, rightly hashed',
      () => rewriteJournal((line) => line.replace('"losses.train":[', '"losses.train":["x",')),
    ],
    ['has no JSON, rightly hashed', () => rewriteJournal(() => '{')],
  ];

  async function rewriteJournal(change: (line: string) => string): Promise<void> {
    const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n').map(change);
    const text = `${lines.join('\n')}\n`;
    await writeFile(journal, text);
    const state = { bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
    await rewrite((header) => ({ ...header, journal: state }));
  }

  test.each(DAMAGES)('that %s makes the checkpoint a damaged one', async (_, damage) => {
    await interrupt();
    await damage();
    const { events, runFile } = await runSmall(folder);
    expect(warningsOf(events)).toEqual([
      expect.stringMatching(/damaged checkpoint: found (a|no) journal.*starts again/),
    ]);
    expect(runFile).toMatchObject({ status: { state: 'completed' }, resumed: [] });
  });

  test('with more behind, as a kill leaves it, is cut to what the checkpoint knows', async () => {
    const whole = await runSmall(join(folder, 'whole'));
    await interrupt();
    await appendFile(journal, '{"lists":{"losses.tr');
    const { events, runFile } = await runSmall(folder);
    expect(warningsOf(events)).toEqual([]);
    expect(runFile.resumed).toMatchObject([{ epoch: 2 }]);
    expect(reproducibleContent(runFile)).toEqual(reproducibleContent(whole.runFile));
  });
});

const UNUSABLE: readonly (readonly [string, (whole: Checkpoint) => Checkpoint, RegExp])[] = [
  ['no arrays', ({ header }) => ({ header, arrays: {} }), /the optimizer cannot resume from its state/],
  [
    'steps before the first',
    ({ header, arrays }) => ({ header: { ...header, training: { ...header.training, steps: -7 } }, arrays }),
    /the optimizer cannot resume from its state .*-7 for its steps, expected a count/,
  ],
  [
    'a later epoch at which it was resumed',
    ({ header, arrays }) => ({ header: { ...header, resumed: [{ epoch: 99, at: header.started_at }] }, arrays }),
    /found that it was resumed after epoch 99, expected at most 2/,
  ],
];

test.each(UNUSABLE)('a state with %s is put aside', async (_, change, says) => {
  const whole = await runSmall(join(folder, 'whole'));
  await interrupt();
  const found = await readCheckpoint(path);
  if (found.kind !== 'whole') throw new Error(found.kind);
  await writeCheckpoint(path, change(found.checkpoint));
  const { events, runFile } = await runSmall(folder);
  expect(warningsOf(events)).toEqual([expect.stringMatching(says)]);
  expect(warningsOf(events)[0]).toContain('damaged checkpoint: ');
  expect(reproducibleContent(runFile)).toEqual(reproducibleContent(whole.runFile));
});

test('a clock that is set back leaves a valid file', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-22T12:00:00Z') });
  try {
    const { path: written } = await runSmall(
      folder,
      {},
      {
        onEvent: (event) => {
          if (event.type === 'epoch' && event.epoch === 2) vi.setSystemTime(new Date('2026-11-22T10:00:00Z'));
        },
      },
    );
    const { started_at, finished_at } = await readRunFile(written);
    expect(started_at).toBe('2026-11-22T12:00:00.000Z');
    expect(finished_at >= started_at).toBe(true);
    // Taken up by a host whose clock is late.
    await interrupt({ seed: 43 });
    vi.setSystemTime(new Date('2026-11-22T08:00:00Z'));
    const resumed = await readRunFile((await runSmall(folder, { seed: 43 })).path);
    expect(resumed.resumed[0]?.at).toBe(resumed.started_at);
    expect(resumed.finished_at >= resumed.started_at).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
