import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { ownIdentity } from '../../src/process-identity.js';
import type { RunConfiguration } from '../../src/results/index.js';
import { readRunLock } from '../../src/run/index.js';
import { acquireRunLock, type RunLock } from '../../src/run/lock.js';
import { command, startCommand } from '../cli/command.js';
import { eachWithLock, endedProcess } from './lock-fixture.js';

let folder: string;
let configuration: RunConfiguration;
let path: string;
eachWithLock((fixture) => {
  ({ folder, configuration, path } = fixture);
});

const acquire = () => acquireRunLock(folder, configuration);

async function acquired(): Promise<RunLock> {
  const lock = await acquire();
  if ('heldBy' in lock) throw new Error('held by somebody else');
  return lock;
}

/** A lock file as a process left it that differs from this one in `changes`, last touched so many minutes ago. */
async function leaveLock(changes: object, minutesAgo = 0): Promise<void> {
  await writeFile(path, JSON.stringify({ ...ownIdentity(), since: new Date(), nonce: 'left', ...changes }));
  const then = Date.now() / 1000 - 60 * minutesAgo;
  await utimes(path, then, then);
}

describe('the lock of a run', () => {
  test('is held by one, seen by others, and leaves nothing behind', async () => {
    const lock = await acquired();
    expect(await acquire()).toMatchObject({ heldBy: { pid: process.pid, host: ownIdentity().host } });
    expect(await readRunLock(folder, configuration)).toMatchObject({ pid: process.pid });
    await lock.release();
    expect(await readRunLock(folder, configuration)).toBeNull();
    expect(await readdir(dirname(path))).toEqual([]);
    await (await acquired()).release();
  });

  test.each([
    ['of a process that has ended', async () => leaveLock({ pid: await endedProcess() }), true],
    ['of an earlier process with this number', () => leaveLock({ started: '1' }), true],
    ['of another host that shows life', () => leaveLock({ host: 'elsewhere' }, 4), false],
    ['of another host that shows none for five minutes', () => leaveLock({ host: 'elsewhere' }, 6), true],
    ['from before the last start of the system', () => leaveLock({ system: 'before' }, 1), false],
    ['from before it, without three signs of life', () => leaveLock({ system: 'before' }, 2), true],
    ['that is empty, as a full disk leaves it', () => writeFile(path, ''), false],
    ['of a process that lives', () => leaveLock({}, 60), false],
  ])('%s', async (_, leave, free) => {
    await leave();
    expect((await readRunLock(folder, configuration)) === null).toBe(free);
    const lock = await acquire();
    expect('heldBy' in lock).toBe(!free);
    if ('release' in lock) await lock.release();
    expect(await readdir(dirname(path))).toHaveLength(free ? 0 : 1);
  });

  test('of an earlier start of the same Slurm job is taken over at once, on whatever node that was', async () => {
    const job = (SLURM_JOB_ID: string, SLURM_RESTART_COUNT: string) => {
      vi.stubEnv('SLURM_JOB_ID', SLURM_JOB_ID);
      vi.stubEnv('SLURM_RESTART_COUNT', SLURM_RESTART_COUNT);
    };
    try {
      await leaveLock({ host: 'node7', slurm: { job: '81', restarts: 0 } });
      job('82', '1');
      expect(await acquire()).toMatchObject({ heldBy: { host: 'node7' } });
      job('81', '0');
      expect(await acquire()).toMatchObject({ heldBy: { host: 'node7' } });
      job('81', '1');
      await (await acquired()).release();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('is taken over although somebody died while he took it over', async () => {
    const pid = await endedProcess();
    await leaveLock({ pid, nonce: 'first' });
    await writeFile(
      `${path}.first.takeover`,
      JSON.stringify({ ...ownIdentity(), pid, since: new Date(), nonce: 'second' }),
    );
    const lock = await acquired();
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
    expect(await readdir(dirname(path))).toEqual([]);
  });

  test('shows life, and notices when another host took it over', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const lock = await acquired();
      await utimes(path, 1, 1);
      vi.advanceTimersByTime(31_000);
      await vi.waitFor(async () => expect((await acquire()) as object).toHaveProperty('heldBy'));
      expect(lock.lost.aborted).toBe(false);
      await leaveLock({ host: 'elsewhere' });
      vi.advanceTimersByTime(31_000);
      await vi.waitFor(() => expect(lock.lost.aborted).toBe(true));
      await lock.release();
      expect(await acquire()).toMatchObject({ heldBy: { host: 'elsewhere' } });
    } finally {
      vi.useRealTimers();
    }
  });

  // Each process takes the lock again and again; now and then it leaves it as a process does that is killed. Whoever has
  // it creates a file that nobody else may have at the same time.
  test('never has two holders, however many processes take over what others left', async () => {
    const program = `
      import { readFileSync, rmSync, writeFileSync } from 'node:fs';
      import { acquireRunLock } from './dist/src/run/lock.js';
      const [folder, configuration, dead] = JSON.parse(process.argv[1]);
      const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
      process.setMaxListeners(100); // each lock that is left keeps its listener
      let taken = 0;
      for (let attempt = 0; attempt < 3000 && taken < 60; attempt++) {
        const lock = await acquireRunLock(folder, configuration);
        if ('heldBy' in lock) { await pause(); continue; }
        taken += 1;
        writeFileSync(folder + '/inside', String(process.pid), { flag: 'wx' });
        await pause();
        rmSync(folder + '/inside');
        if (taken % 2 === 0) await lock.release();
        else writeFileSync(lock.path, JSON.stringify({ ...JSON.parse(readFileSync(lock.path, 'utf8')), pid: dead }));
      }
      console.log(taken);
      process.exit();`;
    const argument = JSON.stringify([folder, configuration, await endedProcess()]);
    const ended = Array.from({ length: 4 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program, argument]);
      const output: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => output.push(data));
      const [code] = await once(child, 'close');
      return [code, Buffer.concat(output).toString()];
    });
    expect(await Promise.all(ended)).toEqual(Array.from({ length: 4 }, () => [0, '60\n']));
  });
});

describe('two processes that train one run', () => {
  const run = ['run', '--testproblem', 'mnist_logreg', '--optimizer', 'sgd', '--lr', '0.1', '--data', 'synthetic'];
  const endless = [...run, '--synthetic-size', '1200', '--num-epochs', '5000', '--threads', '1'];

  test('one trains, the other says so in one line; a killed one is taken over at once', async () => {
    const first = startCommand(endless, { cwd: folder });
    await first.said(/epoch 1\/5000/);
    const second = await command(endless, { cwd: folder });
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(
      /^probprec: another process trains this run already: process (\d+) on host \S+, since [\d-]+ [\d:]+ UTC; wait for it, or stop it and run this again\n$/,
    );
    expect(second.stderr).toContain(` ${first.child.pid} `);
    first.child.kill('SIGKILL');
    await first.finished;
    const third = startCommand(endless, { cwd: folder });
    await third.said(/resumes from the checkpoint of epoch \d+/);
    third.child.kill('SIGINT');
    const { code, stdout } = await third.finished;
    expect(code).toBe(130);
    const left = await readdir(dirname(`${folder}/${stdout.trim()}`));
    expect(left.filter((name) => name.includes('.lock'))).toEqual([]);
  });

  test('that start at the same moment: exactly one trains', async () => {
    const all = Array.from({ length: 4 }, () => startCommand(endless, { cwd: folder }));
    const losers = await new Promise<string[]>((resolve) => {
      const ended: string[] = [];
      for (const { finished } of all) {
        finished.then(({ code, stderr }) => ended.push(`${code}${stderr.split(':')[1]}`) === 3 && resolve(ended));
      }
    });
    expect(losers).toEqual(Array.from({ length: 3 }, () => '1 another process trains this run already'));
    const [winner] = all.filter(({ child }) => child.exitCode === null);
    winner?.child.kill('SIGKILL');
    await winner?.finished;
  });
});
