import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command, startCommand } from '../cli/command.js';
import { readEventFile } from './event-file.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-log-kill-'));
});

afterAll(() => rm(folder, { recursive: true }));

const run = (name: string) => [
  ...['run', '--testproblem', 'mnist_logreg', '--optimizer', 'preconditioned-sgd', '--lr', '0.05', '--threads', '1'],
  ...['--data', 'synthetic', '--synthetic-size', '1200', '--num-epochs', '30', '--batch-size', '32'],
  ...['--output-dir', `${name}-results`, '--log', `csv:${name}.csv`, '--log', `jsonl:${name}.jsonl`],
  ...['--log', `tensorboard:${name}`],
];

/** What the optimizer reports of its own times differs from run to run. */
const isTime = (metric: string) => /\bseconds\b/.test(metric);

/** Rows of a CSV log without their times. */
async function rowsOf(name: string): Promise<string[]> {
  const lines = (await readFile(join(folder, `${name}.csv`), 'utf8')).trim().split('\n');
  const cells = lines.map((line) => line.split(',').toSpliced(4, 1));
  return cells.filter(([, , , , metric = '']) => !isTime(metric)).map((row) => row.join(','));
}

async function eventsOf(name: string) {
  const names = (await readdir(join(folder, name), { recursive: true }))
    .filter((own) => own.includes('tfevents'))
    .sort();
  const events = (await Promise.all(names.map((own) => readFile(join(folder, name, own))))).flatMap(readEventFile);
  const values = events.filter(({ tag }) => tag !== null && !tag.startsWith('_hparams_') && !isTime(tag));
  return { files: names.length, values: values.map(({ tag, step, value }) => [tag, step, value]) };
}

test('the logs of a run that is killed twice and goes on are those of a run that was not', async () => {
  const whole = await command(run('whole'), { cwd: folder });
  expect(whole.code).toBe(0);
  for (const epoch of [3, 12]) {
    const killed = startCommand(run('killed'), { cwd: folder });
    await killed.said(new RegExp(`epoch ${epoch}/30`));
    killed.child.kill('SIGKILL');
    expect((await killed.finished).code).toBeNull();
  }
  const again = await command(run('killed'), { cwd: folder });
  expect(again.code).toBe(0);
  expect(again.stderr).toMatch(/resumes from the checkpoint of /);
  expect(await rowsOf('killed')).toEqual(await rowsOf('whole'));
  expect((await rowsOf('whole')).filter((line) => line.includes(',alpha,')).length).toBeGreaterThan(29);
  const [events, expected] = [await eventsOf('killed'), await eventsOf('whole')];
  expect(events.files).toBe(3);
  expect(events.values).toEqual(expected.values);
  const lines = (await readFile(join(folder, 'killed.jsonl'), 'utf8')).trim().split('\n');
  const parsed = lines.map((line) => JSON.parse(line));
  expect(parsed.filter(({ type, metric }) => type === 'value' && !isTime(metric))).toHaveLength(
    (await rowsOf('whole')).length - 1,
  );
  expect(parsed.filter(({ type }) => type === 'end')).toHaveLength(1);
});
