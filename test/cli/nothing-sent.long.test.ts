import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { main } from './command.js';

/** Every command that loads an engine, directly or in a process of its own. */
const COMMANDS = [
  'run --testproblem mnist_logreg --optimizer adam --data synthetic --synthetic-size 600 --num-epochs 2 --batch-size 32 --threads 1 --output-dir results',
  'run --testproblem quadratic_deep --optimizer sgd --num-epochs 1 --output-dir results',
  'run --testproblem mnist_logreg --optimizer sgd --engine tfjs-cpu --data synthetic --synthetic-size 200 --batch-size 50 --num-epochs 1 --output-dir results',
  'doctor',
  'list engines',
  'runtime --testproblem mnist_logreg --optimizers adam --data synthetic --synthetic-size 200 --batch-size 50 --num-epochs 1 --repeats 1',
];

const hasStrace = spawnSync('strace', ['-V']).status === 0;

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-quiet-'));
  for (const name of ['home', 'cache', 'temporary', 'work']) await mkdir(join(folder, name));
  const { ORT_DISABLE_TELEMETRY: _, ...inherited } = process.env;
  env = {
    ...inherited,
    HOME: join(folder, 'home'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    TMPDIR: join(folder, 'temporary'),
  };
});
afterEach(() => rm(folder, { recursive: true }));

async function filesOutside(): Promise<string[]> {
  const lists = ['home', 'cache', 'temporary'].map(async (name) =>
    (await readdir(join(folder, name), { recursive: true })).map((file) => join(name, file)),
  );
  return (await Promise.all(lists)).flat();
}

describe.each(COMMANDS)('probprec %s', (line) => {
  test(`writes nothing into the home, cache and temporary folders${hasStrace ? ', and opens no socket' : ' (its sockets need strace)'}`, async () => {
    const trace = join(folder, 'trace');
    const strace = ['strace', '-f', '-qq', '-o', trace, '-e', 'trace=socket,connect,sendto,sendmsg,sendmmsg'];
    const words = [...(hasStrace ? strace : []), process.execPath, main, ...line.split(' ')];
    const { status, stderr } = spawnSync(words[0] ?? '', words.slice(1), {
      cwd: join(folder, 'work'),
      env,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    expect(await filesOutside()).toEqual([]);
    if (!hasStrace) return;
    // Processes of one machine may talk to each other: unix sockets, and the pairs that Node makes for pipes.
    const calls = (await readFile(trace, 'utf8')).split('\n').filter((call) => /\bAF_(INET6?|NETLINK)\b/.test(call));
    expect(calls).toEqual([]);
  });
});

test('a program that uses the library writes nothing there either', async () => {
  const library = pathToFileURL(join(main, '..', '..', 'index.js')).href;
  const program = `
    const { openEngine } = await import(${JSON.stringify(library)});
    const engine = await openEngine({ engine: 'onnxruntime', device: 'cpu', threads: 1 });
    await engine.dispose();
    await new Promise((resolve) => setTimeout(resolve, 300));
    console.log(process.env.ORT_DISABLE_TELEMETRY);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: join(folder, 'work'),
    env: { ...env, ORT_DISABLE_TELEMETRY: '0' },
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  expect(stdout.trim()).toBe('1');
  expect(await filesOutside()).toEqual([]);
});

describe('a worker thread', () => {
  const library = pathToFileURL(join(main, '..', '..', 'index.js')).href;
  const worker = `
    import(${JSON.stringify(library)})
      .then(({ openEngine }) => openEngine({ engine: 'onnxruntime', device: 'cpu', threads: 1 }))
      .then(() => console.log('opened'), (error) => console.log(error.message));`;
  const started = (first: string) => `
    import { Worker } from 'node:worker_threads';
    ${first}
    new Worker(${JSON.stringify(worker)}, { eval: true });`;

  test.each([
    { first: '', says: /^the onnxruntime engine: a worker thread cannot switch .* in the main thread first$/ },
    { first: "process.env.ORT_DISABLE_TELEMETRY = '1';", says: /^opened$/ },
  ])('with "$first" before it says $says', ({ first, says }) => {
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', started(first)], {
      cwd: join(folder, 'work'),
      env,
      encoding: 'utf8',
    });
    expect(stdout.trim()).toMatch(says);
  });
});
