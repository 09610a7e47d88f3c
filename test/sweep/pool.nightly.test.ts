import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCheckpointHeader } from '../../src/run/checkpoint.js';
import { command, startCommand } from '../cli/command.js';
import { runFiles, sweepFolder, writePlan } from './small-sweep.js';

let folder: string;
beforeEach(async () => {
  folder = await sweepFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const sweep = (...args: string[]) => command(['sweep', ...args, '--allow-user-code'], { cwd: folder });
const start = (...args: string[]) => startCommand(['sweep', ...args, '--allow-user-code'], { cwd: folder });
const results = () => runFiles(join(folder, 'results'));
const states = async () => (await results()).map(({ status }) => status.state).sort();
const turnOn = (fault: string) => writeFile(join(folder, fault), '');
const turnOff = (fault: string) => rm(join(folder, fault));

/** Every file of the results folder that is no run file: locks, checkpoints, crash notes, temporary files. */
async function otherFiles(): Promise<string[]> {
  const names = await readdir(join(folder, 'results'), { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile() && !entry.name.endsWith('.json')).map(({ name }) => name);
}

/** Of each checkpoint, whether it is one within an epoch; beside checkpoints there may be journals only. */
async function keptSteps(): Promise<boolean[]> {
  const files = (await otherFiles()).filter((name) => !name.endsWith('.journal'));
  expect(files.filter((name) => !name.endsWith('.checkpoint'))).toEqual([]);
  const names = await readdir(join(folder, 'results'), { recursive: true });
  const found = names.filter((name) => name.endsWith('.checkpoint'));
  const headers = await Promise.all(found.map((name) => readCheckpointHeader(join(folder, 'results', name))));
  return headers.map((header) => header.kind === 'whole' && (header.checkpoint.part_of_epoch?.step ?? 0) > 0);
}

/** Numbers of the processes that a process has started (Linux). */
function childrenOf(pid = 0): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

const lives = (pid: number) => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

describe('sweep run', () => {
  test('executes what is missing, each run once, and says how it ended', async () => {
    const plan = await writePlan(folder, 'tune.yaml', { seeds: '1-3' });
    const one = await sweep('run', plan, '--index', '1', '--quiet');
    expect(one).toMatchObject({ code: 0, stderr: '' });
    const first = await sweep('run', plan, '--jobs', '2');
    expect(first).toMatchObject({ code: 0, stdout: 'tune: 3 runs: 3 completed\n' });
    expect(first.stderr).toMatch(/^tune: 3 runs, 1 done already; 2 at a time with \d+ threads? each, results in \//);
    expect(first.stderr).toMatch(
      /\n#2 mnist_logreg faulty lr=0\.1 fault=none seed 3: completed in \d+ s, test accuracy [\d.]+ %, test loss [\d.]+; \d of 3 done/,
    );
    expect(first.stderr).not.toContain('#1 ');
    const files = await results();
    expect(files.map((file) => file.random_seed).sort()).toEqual([1, 2, 3]);
    expect(await otherFiles()).toEqual([]);
    const again = await sweep('run', plan, '--jobs', '2');
    expect(again).toMatchObject({ code: 0, stderr: 'tune: 3 runs, 3 done already\n' });
    expect(await results()).toEqual(files);
  });

  test('says nothing with --quiet, and everything as JSON with --json', async () => {
    const plan = await writePlan(folder, 'tune.yaml');
    const { code, stdout, stderr } = await sweep('run', plan, '--quiet', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ name: 'tune', counts: { completed: 2, failed: 0 } });
    expect(summary.runs.map(({ index, state }: { index: number; state: string }) => [index, state])).toEqual([
      [0, 'completed'],
      [1, 'completed'],
    ]);
    const hashes = (await results()).map((file) => file.configuration_hash).sort();
    expect(summary.runs.map((run: { configuration_hash: string }) => run.configuration_hash).sort()).toEqual(hashes);
  });

  test('divides the threads among the runs, unless the plan says how many', async () => {
    const plan = await writePlan(folder, 'one.yaml', { seeds: '1-1', more: 'resources: { threads: 3 }' });
    expect((await sweep('run', plan)).stderr).toContain('1 at a time with 3 threads each');
    expect((await results())[0]?.environment.engine.threads).toBe(3);
    const jobs = Math.max(2, availableParallelism());
    const seeds = `2-${1 + jobs}`;
    const other = await writePlan(folder, 'two.yaml', { seeds, more: `resources: { jobs: ${jobs} }` });
    const started = start('run', other);
    await started.said(new RegExp(`\\b${jobs} at a time with 1 thread each`));
    started.child.kill('SIGINT');
    expect((await started.finished).code).toBe(130);
  });

  test('a killed and a failing run are reported with their reasons, do not stop the others, and are retried', async () => {
    const plan = await writePlan(folder, 'tune.yaml', { faults: ['killed', 'failing', 'none'] });
    await turnOn('killed');
    await turnOn('failing');
    const first = await sweep('run', plan, '--quiet');
    expect(first.code).toBe(1);
    expect(first.stdout.split('\n')[0]).toBe('tune: 6 runs: 2 completed, 4 failed');
    expect(first.stderr.split('\n').slice(0, 3)).toEqual([
      'probprec: failed: #0 mnist_logreg faulty lr=0.1 fault=killed seed 1: its process was killed by SIGKILL, as the system does when memory runs out',
      'probprec: failed: #1 mnist_logreg faulty lr=0.1 fault=killed seed 2: its process was killed by SIGKILL, as the system does when memory runs out',
      expect.stringMatching(
        /^probprec: failed: #2 mnist_logreg faulty lr=0\.1 fault=failing seed 1: .*faulty\.mjs:\d+: Error: the minibatch is cursed \(in the optimizer's step\)$/,
      ),
    ]);
    const status = await sweep('status', plan);
    expect(status.code).toBe(1);
    expect(status.stdout).toContain('failed (2 runs): its process was killed by SIGKILL');
    expect(status.stdout).toMatch(/^failed \(2 runs\): .*faulty\.mjs:\d+: Error: the minibatch is cursed/m);
    await turnOff('killed');
    await turnOff('failing');
    const second = await sweep('run', plan, '--jobs', '2');
    expect(second).toMatchObject({ code: 0, stdout: 'tune: 6 runs: 6 completed\n' });
    expect(await states()).toEqual(Array.from({ length: 6 }, () => 'completed'));
    expect(await otherFiles()).toEqual([]);
  });

  test('starts nothing more after a failure with --no-keep-going', async () => {
    const plan = await writePlan(folder, 'tune.yaml', { faults: ['failing', 'none'] });
    await turnOn('failing');
    const { code, stdout } = await sweep('run', plan, '--quiet', '--no-keep-going');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^tune: 4 runs: 1 failed, 3 not done\n/);
  });

  test('says in one line what is wrong with an index or a plan', async () => {
    const plan = await writePlan(folder, 'tune.yaml');
    const wrong = await sweep('run', plan, '--index', '2');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toBe('probprec: --index: found 2, expected 0 to 1, the runs of tune.yaml\n');
    const none = await sweep('run', 'none.yaml');
    expect(none.code).toBe(2);
    expect(none.stderr).toMatch(/^probprec: none\.yaml: no such file.*\n$/);
  });

  test('with an index says when the run is complete, and when somebody else trains it', async () => {
    const plan = await writePlan(folder, 'tune.yaml', { epochs: 20, faults: ['none', 'slow'] });
    await turnOn('slow');
    expect((await sweep('run', plan, '--index', '0')).code).toBe(0);
    const again = await sweep('run', plan, '--index', '0');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(/^already complete: \//) });
    const holder = start('run', plan, '--index', '2');
    await holder.said(/epoch 0\/20/);
    const second = await sweep('run', plan, '--index', '2');
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/^probprec: another process trains this run already: process \d+ on host .*\n$/);
    holder.child.kill('SIGINT');
    expect((await holder.finished).code).toBe(130);
  });

  test('says before anything else that results cannot be written', async () => {
    const plan = await writePlan(folder, 'tune.yaml', { outputDir: 'file/results' });
    await writeFile(join(folder, 'file'), '');
    const { code, stderr } = await sweep('run', plan, '--quiet');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^probprec: --output-dir .*file.results: its parent folder does not exist.*\n$/);
  });

  test('says before anything else that data are missing', async () => {
    const plan = await writePlan(folder, 'tune.yaml');
    const text = readFileSync(join(folder, plan), 'utf8').replace('data: synthetic, synthetic_size: 600', 'data: real');
    await writeFile(join(folder, plan), text.replace('output_dir', 'data_dir: file/data\noutput_dir'));
    await writeFile(join(folder, 'file'), '');
    const { code, stderr } = await sweep('run', plan, '--quiet');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^probprec: .*; expected the data sets in .*file.data; set data_dir in the plan.*\n$/);
  });
});

describe('two sweeps of one plan at once', () => {
  test('share the work: every run is done once, and both end when all is done', async () => {
    const plan = await writePlan(folder, 'tune.yaml', { seeds: '1-6', epochs: 1, faults: ['slow'] });
    await turnOn('slow');
    const both = await Promise.all([sweep('run', plan, '--jobs', '2'), sweep('run', plan, '--jobs', '1')]);
    for (const { code, stdout } of both)
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'tune: 6 runs: 6 completed\n' });
    const trained = both.map(({ stderr }) => stderr.match(/completed in \d+ s/g)?.length ?? 0);
    expect(trained.reduce((sum, count) => sum + count)).toBe(6);
    expect(Math.min(...trained)).toBeGreaterThan(0);
    expect(await states()).toEqual(Array.from({ length: 6 }, () => 'completed'));
  });

  test('one takes over what the other leaves', async () => {
    const plan = await writePlan(folder, 'tune.yaml', { seeds: '1', epochs: 20, faults: ['slow'] });
    await turnOn('slow');
    const first = start('run', plan);
    await until(async () => (await otherFiles().catch(() => [])).some((name) => name.endsWith('.lock')));
    const second = start('run', plan);
    await second.said(/left to another process \(process \d+ on host \S+ trains it\)\nwaiting for 1 run that other/);
    first.child.kill('SIGINT');
    expect((await first.finished).code).toBe(130);
    await turnOff('slow');
    expect(await second.finished).toMatchObject({ code: 0, stdout: 'tune: 1 run: 1 completed\n' });
  });
});

describe('an interrupted sweep', () => {
  /** Starts a sweep in a process group of its own, as a shell does, and waits until its two runs train. */
  async function training(fault: string) {
    await turnOn(fault);
    const plan = await writePlan(folder, 'tune.yaml', { seeds: '1-4', epochs: 8, faults: [fault] });
    const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
    const child = spawn(process.execPath, [main, 'sweep', 'run', plan, '--jobs', '2', '--allow-user-code'], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(String(data)));
    const finished = once(child, 'close').then(([code]) => ({ code, said: said.join('') }));
    await until(async () => (await readdir(folder)).filter((name) => name.startsWith('trains-')).length === 2);
    const runs = childrenOf(child.pid);
    expect(runs).toHaveLength(2);
    const send = (signal: NodeJS.Signals, to: 'sweep' | 'group') =>
      process.kill((to === 'group' ? -1 : 1) * (child.pid ?? 0), signal);
    return { plan, finished, runs, send };
  }

  test.each([
    ['SIGINT', 'sweep', 130],
    ['SIGINT', 'group', 130],
    ['SIGTERM', 'group', 143],
    ['SIGHUP', 'group', 129],
    ['SIGUSR1', 'sweep', 128 + constants.signals.SIGUSR1],
    ['SIGUSR1', 'group', 128 + constants.signals.SIGUSR1],
  ] as const)('by %s to the %s lets its runs finish and keep their steps', async (signal, to, exitCode) => {
    const { plan, finished, send, runs } = await training('slow');
    send(signal, to);
    const { code, said } = await finished;
    expect(code).toBe(exitCode);
    expect(said).toContain('tune: 4 runs: 2 interrupted, 2 not done\n');
    expect(said).not.toMatch(/debugger|defect/i);
    expect(runs.filter(lives)).toEqual([]);
    expect(await states()).toEqual(['interrupted', 'interrupted']);
    expect(await keptSteps()).toEqual([true, true]);
    await turnOff('slow');
    expect(await sweep('run', plan, '--jobs', '2')).toMatchObject({ code: 0 });
    expect(await states()).toEqual(['completed', 'completed', 'completed', 'completed']);
    expect(await otherFiles()).toEqual([]);
  });

  test.each(['sweep', 'group'] as const)('ends at once at the second signal to the %s', async (to) => {
    const { finished, send, runs } = await training('endless');
    send('SIGINT', to);
    await sleep(700);
    expect(runs.filter(lives)).toEqual(runs);
    const before = performance.now();
    send('SIGINT', to);
    expect((await finished).code).toBe(130);
    expect(performance.now() - before).toBeLessThan(5000);
    expect(runs.filter(lives)).toEqual([]);
  });

  test('whose own process is killed leaves no run behind: they stop after their steps', async () => {
    const { plan, send, runs, finished } = await training('slow');
    send('SIGKILL', 'sweep');
    await finished;
    await until(() => runs.filter(lives).length === 0);
    expect(await states()).toEqual(['interrupted', 'interrupted']);
    expect(await keptSteps()).toEqual([true, true]);
    await turnOff('slow');
    expect(await sweep('run', plan, '--jobs', '2')).toMatchObject({ code: 0 });
    expect(await otherFiles()).toEqual([]);
  });
});
