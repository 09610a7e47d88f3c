import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventLog } from '../../src/report/live-log/event-log.js';
import { LiveLog, type LogWriter } from '../../src/report/live-log/live-log.js';
import { fileLog, streamLog } from '../../src/report/live-log/text-log.js';
import type { RunEvent } from '../../src/run/index.js';
import { exampleConfiguration } from '../results/example.js';
import { readEventFile } from './event-file.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'probprec-log-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

const configuration = exampleConfiguration({ numEpochs: 4, trainLogInterval: 2 });
const STEPS = 4;

/** What a run tells from one epoch to another; it is killed where `until` ends within an epoch. */
function events(from: number, until: number, seed = 42): RunEvent[] {
  const told: RunEvent[] = [
    {
      type: 'start',
      configuration: { ...configuration, seed },
      stepsPerEpoch: STEPS,
      threads: 1,
      resumedFromEpoch: from === 0 ? null : Math.floor(from),
      resumedFromStep: from % 1 === 0 ? null : (from % 1) * STEPS,
      path: 'x.json',
      verifiedData: true,
      extendsRun: null,
    },
  ];
  const evaluation = (epoch: number): RunEvent => {
    const measured = { loss: 1 / (epoch + 3), accuracy: epoch / 10 };
    const results = { train_eval: measured, valid: measured, test: { loss: Number.NaN, accuracy: null } };
    return { type: 'evaluation', epoch, numEpochs: 4, results, seconds: 1 };
  };
  if (from === 0) told.push(evaluation(0));
  for (let epoch = Math.floor(from); epoch < until; epoch++) {
    for (let step = epoch < from ? (from % 1) * STEPS + 1 : 1; step <= STEPS; step++) {
      const loss = epoch + step / 10;
      const rest = { stepsPerEpoch: STEPS, numEpochs: 4, stepsPerSecond: 1, secondsLeft: 1, note: null };
      told.push({ type: 'step', epoch: epoch + 1, step, loss, ...rest });
      if (until % 1 !== 0 && epoch + step / STEPS >= until) return told;
    }
    const entry = { groups: [{ name: 'all', step: 1, alpha: 1 / (epoch + 7) }] };
    told.push({ type: 'log', epoch, entry }, evaluation(epoch + 1));
  }
  if (until === 4) told.push({ type: 'end', status: 'completed', path: 'x.json', reason: null });
  return told;
}

function tell(writer: LogWriter, told: readonly RunEvent[]): void {
  let time = 1_000_000;
  const log = new LiveLog(writer, () => (time += 10));
  for (const event of told) log.observe(event);
}

const rowsOf = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .map((line) =>
      line
        .split(',')
        .filter((_, column) => column !== 4)
        .join(','),
    );

test('CSV: a killed run that goes on leaves every row once, as if it had never stopped', () => {
  const [whole, killed] = [join(folder, 'whole.csv'), join(folder, 'killed.csv')];
  tell(fileLog('csv', whole), events(0, 4));
  tell(fileLog('csv', killed), events(0, 2.5));
  appendFileSync(killed, 'a line that was not fin');
  tell(fileLog('csv', killed), events(1, 3.5));
  tell(fileLog('csv', killed), events(3.25, 4));
  expect(rowsOf(killed)).toEqual(rowsOf(whole));
  expect(rowsOf(whole)[0]).toBe('run,seed,epoch,step,metric,where,value,testproblem,optimizer');
  expect(rowsOf(whole).filter((line) => line.includes('minibatch'))).toHaveLength(8);
  const last = rowsOf(whole).findLast((line) => line.includes(',alpha,'));
  expect(last).toMatch(/^[0-9a-f]{12},42,3\.25,13,alpha,all,0\.1,mnist_logreg,Momentum$/);
  expect(readdirSync(folder)).toHaveLength(2);
});

test('CSV: runs share a file; one that starts again replaces its own rows only', () => {
  const path = join(folder, 'log.csv');
  for (const seed of [42, 43, 42]) tell(fileLog('csv', path), events(0, 4, seed));
  const seeds = rowsOf(path).map((line) => line.split(',')[1]);
  const counts = (seed: string) => seeds.filter((own) => own === seed).length;
  expect(counts('42')).toBe(counts('43'));
  expect(counts('43')).toBe(5 * 5 + 8 + 4);
  expect(seeds.filter((own) => own === 'seed')).toHaveLength(1);
});

test('JSON lines: start, values and end; a resumed run adds a start and has one end', () => {
  const path = join(folder, 'log.jsonl');
  tell(fileLog('jsonl', path), events(0, 2.5));
  tell(fileLog('jsonl', path), events(2.25, 4));
  const lines = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ type }) => type === 'start').map((line) => line.resumed_from)).toEqual([
    null,
    { epoch: 2, step: 1 },
  ]);
  expect(lines.at(-1)).toMatchObject({ type: 'end', status: 'completed', path: 'x.json' });
  const losses = lines.filter(({ metric }) => metric === 'valid_losses');
  expect(losses.map(({ epoch, step, value }) => [epoch, step, value])).toEqual(
    [0, 1, 2, 3, 4].map((epoch) => [epoch, epoch * STEPS, 1 / (epoch + 3)]),
  );
  expect(lines.filter(({ metric }) => metric === 'test_losses').map(({ value }) => value)).toEqual(Array(5).fill(null));
});

test.each([
  [2, 2 * STEPS + 1],
  [2.25, 2 * STEPS + 1],
  [1.5, STEPS + 2],
])('TensorBoard: a run that goes on from %f has every value once, and an open reader forgets', (from, forgotten) => {
  const whole = join(folder, 'whole');
  const killed = join(folder, 'killed');
  tell(eventLog(whole), events(0, 4));
  tell(eventLog(killed), events(0, 2.5));
  const files = () =>
    readdirSync(killed, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.includes('tfevents'))
      .sort();
  appendFileSync(join(killed, files()[0] ?? ''), Buffer.alloc(20, 7));
  tell(eventLog(killed), events(from, 4));
  expect(files()).toHaveLength(2);
  expect(files()[0]).toMatch(
    /^mnist_logreg\/Momentum\/momentum=0\.9 lr=\S+ \w{8}\/seed 42\/events\.out\.tfevents\.\d{10}\.probprec\.0000$/,
  );
  const read = files().map((name) => readEventFile(readFileSync(join(killed, name))));
  const values = (all: readonly { tag: string | null; step: number; value: unknown }[]) =>
    all
      .filter(({ tag }) => tag !== null && !tag.startsWith('_hparams'))
      .map(({ tag, step, value }) => [tag, step, value]);
  const wholeFile = readdirSync(whole, { recursive: true, encoding: 'utf8' }).find((name) => name.includes('tfevents'));
  const expected = readEventFile(readFileSync(join(whole, wholeFile ?? '')));
  expect(values(read.flat())).toEqual(values(expected));
  expect(values(expected)).toHaveLength(5 * 5 + 8 + 4);
  const session = read[1]?.find((event) => event.session !== null);
  expect([session?.session, session?.step]).toEqual([1, forgotten]);
  expect(read.flat().filter(({ tag }) => tag === '_hparams_/session_end_info')).toHaveLength(1);
});

test('a file of something else is refused before training', () => {
  const path = join(folder, 'notes.csv');
  writeFileSync(path, 'my own notes\n');
  expect(() => fileLog('csv', path)).toThrow(/exists and is not a log of this kind/);
  expect(() => fileLog('jsonl', path)).toThrow(/exists and is not a log of this kind/);
  expect(() => fileLog('csv', folder)).toThrow(/cannot be read/);
  expect(readFileSync(path, 'utf8')).toBe('my own notes\n');
});

test('standard output gets the same lines', () => {
  const written: string[] = [];
  tell(
    streamLog('csv', (line) => written.push(line)),
    events(0, 4),
  );
  const path = join(folder, 'log.csv');
  tell(fileLog('csv', path), events(0, 4));
  expect(`${written.join('\n')}\n`).toBe(readFileSync(path, 'utf8'));
});
