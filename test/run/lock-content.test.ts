import { spawnSync } from 'node:child_process';
import { mkdir, readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OutputError } from '../../src/errors.js';
import { ownIdentity } from '../../src/process-identity.js';
import type { RunConfiguration } from '../../src/results/index.js';
import { readRunLock } from '../../src/run/index.js';
import { acquireRunLock } from '../../src/run/lock.js';
import { describeHolder } from '../../src/run/lock-file.js';
import { startCommand } from '../cli/command.js';
import { eachWithLock, endedProcess } from './lock-fixture.js';
import { runSmall } from './small-run.js';

let folder: string;
let configuration: RunConfiguration;
let path: string;
eachWithLock((fixture) => {
  ({ folder, configuration, path } = fixture);
});

const acquire = () => acquireRunLock(folder, configuration);

/** A lock that would be taken over at once, but for what is wrong with it. */
const dead = async () => ({
  ...ownIdentity(),
  pid: await endedProcess(),
  since: new Date(),
  nonce: '0123456789abcdef',
});

describe('a lock with other content', () => {
  const WRONG: readonly (readonly [string, object | string])[] = [
    ['an empty object', '{}'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no JSON', '{"pid":'],
    ['nothing', ''],
    ['bytes', '\u0000\u0001\ufffd'],
    ['deep nesting', '['.repeat(20_000)],
    ['a pid that is a text', { pid: 'abc' }],
    ['pid 0, the whole process group', { pid: 0 }],
    ['a negative pid', { pid: -1 }],
    ['a pid of a half', { pid: 1.5 }],
    ['a huge pid', { pid: 1e18 }],
    ['no host', { host: 3 }],
    ['a host of a megabyte', { host: 'x'.repeat(1000) }],
    ['a time that is a number', { since: 5 }],
    ['a time that is none', { since: 'yesterday' }],
    ['a nonce that is an object', { nonce: {} }],
    ['a nonce that is a path', { nonce: '/../../../../evil' }],
    ['a nonce that is a folder', { nonce: '..' }],
    ['an empty nonce', { nonce: '' }],
    ['a Slurm job that is none', { slurm: 7 }],
    ['a start that is a path', { started: '../1' }],
  ];

  test.each(WRONG)('%s counts as one that nobody can be asked about', async (_, content) => {
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify({ ...(await dead()), ...content }));
    const taken = await acquire();
    if (!('heldBy' in taken)) throw new Error('taken');
    expect(describeHolder(taken.heldBy)).toMatch(
      /^a lock that cannot be read, since [\d-]+ [\d:]+ UTC; it is respected for/,
    );
    expect(await readdir(dirname(path))).toEqual([basename(path)]);
    expect(await readdir(folder)).toEqual(['mnist_logreg']);
    // Nobody touches it for five minutes: it is taken over.
    const then = Date.now() / 1000 - 301;
    spawnSync('touch', ['-d', `@${then}`, path]);
    expect(await readRunLock(folder, configuration)).toBeNull();
    const lock = await acquire();
    if ('heldBy' in lock) throw new Error('held');
    expect(await lock.release()).toBeNull();
    expect(await readdir(dirname(path))).toEqual([]);
  });

  test('of a dead process is taken over at once, so that the table above would notice', async () => {
    await writeFile(path, JSON.stringify(await dead()));
    expect(await acquire()).toHaveProperty('release');
  });

  test('names that would act on a terminal are not shown', () => {
    const holder = { ...ownIdentity(), since: new Date(0).toISOString(), nonce: 'a', host: '\u001b[2Jx' };
    expect(describeHolder(holder)).toMatch(/on host \?\?2Jx, since 1970-01-01 00:00:00 UTC$/);
  });
});

describe('what is no lock file', () => {
  const KINDS: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['a dangling link', () => symlink('/nonexistent', path), /found a symbolic link, expected a file/],
    ['a link to itself', () => symlink(basename(path), path), /found a symbolic link/],
    ['a link to a device', () => symlink('/dev/zero', path), /found a symbolic link/],
    ['a pipe', () => spawnSync('mkfifo', [path]), /found a pipe, expected a file/],
    ['a folder', () => mkdir(path), /found a folder, expected a file/],
    [
      'a file of a terabyte',
      async () => [await writeFile(path, '{'), await truncate(path, 1e12)],
      /found 1000000000000 bytes/,
    ],
  ];

  test.each(KINDS)('%s ends in one line', async (_, make, says) => {
    await make();
    for (const attempt of [acquire, () => readRunLock(folder, configuration), () => runSmall(folder)]) {
      const error: unknown = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(OutputError);
      expect((error as OutputError).message).toMatch(says);
      expect((error as OutputError).message).not.toContain('\n');
      expect((error as OutputError).exitCode).toBe(1);
    }
    expect(await readdir(dirname(path))).toEqual([basename(path)]);
  });

  test('ends the command with one line and code 1', async () => {
    await symlink('/nonexistent', path);
    const args =
      'run --testproblem mnist_logreg --optimizer sgd --lr 0.1 --num-epochs 3 --batch-size 32 --data synthetic';
    const { finished } = startCommand([...args.split(' '), '--synthetic-size', '600', '--output-dir', folder]);
    const { code, stderr } = await finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^probprec: [^\n]*\.lock: found a symbolic link, expected a file: the lock of a run; remove it\n$/,
    );
  });
});

test('an attempt that does not succeed at once obeys the signal', async () => {
  await writeFile(path, JSON.stringify(await dead()));
  await expect(acquireRunLock(folder, configuration, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  expect(await readdir(dirname(path))).toEqual([basename(path)]);
});

test('an attempt ends although processes died one in another', async () => {
  const holder = await dead();
  let name = path;
  for (let depth = 0; depth < 20 && basename(name).length < 200; depth++) {
    const nonce = depth.toString(16).padStart(2, '0');
    await writeFile(name, JSON.stringify({ ...holder, nonce }));
    name = join(dirname(path), `${basename(name)}.${nonce}.takeover`);
  }
  const outcome = await acquire().catch((error: unknown) => error);
  expect(outcome instanceof OutputError || 'release' in (outcome as object)).toBe(true);
});
