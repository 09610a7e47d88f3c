import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRunFile, reproducibleContent } from '../../src/results/index.js';
import { main } from '../cli/command.js';

/** PROBPREC_LONG_TESTS=1 goes through every call, about an hour; else through two of each kind, at random. */
const MANY = process.env.PROBPREC_LONG_TESTS === '1';
const SAMPLES = 2;
const seed = Number(process.env.PROBPREC_TEST_SEED ?? Date.now() % 1_000_000);

/**
 * Calls that change what is on the disk. Not those that open, write and close: Node itself makes hundreds of them in other threads, so
 * that the nth is another one; between two of these calls a kill finds the same as at the next one, but for parts of a file.
 */
const CHANGING = ['mkdir', 'pwrite64', 'ftruncate', 'fsync', 'fdatasync', 'link', 'rename', 'unlink'];
/** The others that name a file or have one open; of these many attempts hit another file, and only the long mode tries them. */
const READING = ['openat', 'close', 'statx', 'newfstatat', 'getdents64', 'read', 'pread64', 'statfs'];
const CALLS = [...CHANGING, ...READING];

/** What the calls fail with, besides EIO: one of these in turn. */
const ERRORS = ['ENOSPC', 'EACCES', 'EPERM', 'EROFS', 'EDQUOT', 'EMFILE'];
const REFUSED = ['EACCES', 'EPERM', 'EROFS', 'EXDEV'];
const OF_LINKS = ['EXDEV', 'ENOSPC', 'EPERM', 'EACCES'];

const hasStrace = spawnSync('strace', ['-V']).status === 0;

let folder: string;
/** A folder in which a run was interrupted behind its second epoch. */
let interrupted: string;
let expected: unknown;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-calls-'));
  if (!hasStrace) return;
  interrupted = join(folder, 'interrupted');
  const stopped = plain(interrupted, '--stop-after-epoch', '2');
  expect(stopped.status, stopped.stderr).toBe(0);
  const whole = plain(join(folder, 'whole'));
  expected = reproducibleContent(await readRunFile(whole.stdout.trim()));
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

// One thread, so that calls come one after the other.
const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
const line =
  'run --testproblem mnist_logreg --optimizer adam --data synthetic --synthetic-size 200 --num-epochs 3 --batch-size 32 --threads 1 --quiet';
const run = (outputDir: string) => [main, ...line.split(' '), '--output-dir', outputDir];
const plain = (outputDir: string, ...more: string[]) =>
  spawnSync(process.execPath, [...run(outputDir), ...more], { env, encoding: 'utf8' });
const log = () => join(folder, 'strace.log');
/** With --seccomp-bpf, which is faster, strace sends no signal behind the first call. */
const traced = (outputDir: string, ...options: string[]) =>
  spawnSync('strace', ['-f', '-y', '-qq', '-o', log(), ...options, process.execPath, ...run(outputDir)], {
    env,
    encoding: 'utf8',
  });

/** A call of the run that names a file of its folder, and which call of this kind of its thread it is. */
interface Call {
  readonly name: string;
  readonly when: number;
  readonly text: string;
}

/** The calls of a run that starts with such a folder, or without one. */
async function callsOf(before: string | null): Promise<Call[]> {
  const outputDir = await prepared('traced', before);
  expect(traced(outputDir, '--seccomp-bpf', '-e', `trace=${CALLS.join(',')}`).status).toBe(0);
  const counts = new Map<string, number>();
  const calls: Call[] = [];
  for (const text of (await readFile(log(), 'utf8')).split('\n')) {
    const [, thread, name = ''] = /^(\d+) +(\w+)\(/.exec(text) ?? [];
    if (thread === undefined) continue;
    const when = (counts.get(`${thread} ${name}`) ?? 0) + 1;
    counts.set(`${thread} ${name}`, when);
    if (text.includes(outputDir)) calls.push({ name, when, text: text.slice(0, 300) });
  }
  return calls;
}

async function prepared(name: string, before: string | null): Promise<string> {
  const outputDir = join(folder, name);
  await rm(outputDir, { recursive: true, force: true });
  if (before !== null) await cp(before, outputDir, { recursive: true });
  return outputDir;
}

/** All of a list, or a few of them at random: at equal distances, shifted by the seed. */
function some<T>(list: readonly T[]): readonly T[] {
  if (MANY || list.length <= SAMPLES) return list;
  return Array.from({ length: SAMPLES }, (_, index) => {
    return list[Math.floor((index + (seed % 1009) / 1009) * (list.length / SAMPLES))] as T;
  });
}

const files = async (outputDir: string) =>
  (await readdir(outputDir, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name);

/** A plain start in the folder gives the run of an undisturbed one, and leaves nothing else. */
async function expectRight(outputDir: string, after: string): Promise<void> {
  const { status, stdout, stderr } = plain(outputDir);
  expect(status, `${after}\n${stderr}`).toBe(0);
  expect(reproducibleContent(await readRunFile(stdout.trim())), after).toEqual(expected);
  expect(await files(outputDir), after).toEqual([basename(stdout.trim())]);
}

/** How often a call is tried: threads of the engine may come in between, so that another one is the nth. */
const ATTEMPTS = 4;

/** Starts the run in such a folder with something at the nth call of this name, until that is one of the folder. */
async function injected(
  folderName: string,
  before: string | null,
  { name, when, what }: { readonly name: string; readonly when: number; readonly what: string },
) {
  for (let attempt = 1; ; attempt++) {
    const outputDir = await prepared(folderName, before);
    const isError = what.startsWith('error=');
    const options = ['-e', `trace=${name}`, '-e', `inject=${name}:${what}:when=${when}`];
    const first = traced(outputDir, ...(isError ? ['--seccomp-bpf'] : []), ...options);
    const lines = (await readFile(log(), 'utf8')).split('\n');
    // The nth of another thread is another one: what fails then is not the run's doing.
    const done = lines.filter((text) => /INJECTED|<unfinished|= \?/.test(text));
    const isHit = isError
      ? done.length > 0 && done.every((text) => text.includes(outputDir))
      : done.some((text) => text.includes(outputDir));
    // strace ends as what it traces has ended.
    const wasDone = isHit && (isError || first.signal === 'SIGKILL');
    if (wasDone || attempt === ATTEMPTS) return { outputDir, isHit: wasDone, first };
  }
}

/** Skipped where strace is not installed: nothing else stops or fails a process at one system call. */
describe.skipIf(!hasStrace).each([
  ['a new run', () => null],
  ['a run that goes on from a checkpoint', () => interrupted],
])(`at every call of %s that names a file (needs strace; seed ${seed})`, (_, before) => {
  let calls: readonly Call[] = [];
  beforeAll(async () => {
    calls = await callsOf(before());
  }, 300_000);

  test('SIGKILL: the next start is right and leaves nothing', { timeout: 7_200_000 }, async () => {
    const changing = calls.filter(({ name }) => CHANGING.includes(name));
    expect(changing.length).toBeGreaterThan(10);
    let hits = 0;
    for (const { name, when, text } of some(changing)) {
      const { outputDir, isHit } = await injected('killed', before(), { name, when, what: 'signal=KILL' });
      if (isHit) hits += 1;
      await expectRight(outputDir, `killed at ${text}`);
    }
    console.info(`${hits} kills at the call that was meant, of ${some(changing).length}`);
    expect(hits).toBeGreaterThan(some(changing).length / 2);
  });

  test('errors: one line, no defect, no completed run that fails; the next start is right', {
    timeout: 7_200_000,
  }, async () => {
    let hits = 0;
    const tried = MANY ? calls : calls.filter(({ name }) => CHANGING.includes(name));
    const chosen = some(tried.flatMap((call, index) => errorsOf(call, index).map((error) => ({ ...call, error }))));
    for (const { name, when, text, error } of chosen) {
      const { outputDir, isHit, first } = await injected('failed', before(), { name, when, what: `error=${error}` });
      const after = `${error} at ${text}`;
      if (!isHit) continue;
      hits += 1;
      expect(first.stderr, after).not.toMatch(/defect|\n {4}at /);
      // A folder that one must not write is a wrong --output-dir; a full or broken disk is not.
      const codes = REFUSED.includes(error) ? [0, 1, 2] : [0, 1];
      expect(codes, `${after}\n${first.stderr}`).toContain(first.status);
      if (first.status === 0) expect((await readRunFile(first.stdout.trim())).status.state, after).toBe('completed');
      else expect(first.stderr, after).toMatch(/^probprec: .*\n$/m);
      await expectRight(outputDir, `${after}\n${first.stderr}`);
    }
    console.info(`${hits} errors at the call that was meant, of ${chosen.length}`);
    expect(hits).toBeGreaterThan(0);
  });
});

function errorsOf({ name }: Call, index: number): readonly string[] {
  const others = name === 'link' || name === 'rename' ? OF_LINKS : ERRORS;
  return ['EIO', others[index % others.length] ?? 'EIO'];
}
