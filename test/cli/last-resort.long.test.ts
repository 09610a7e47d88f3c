import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeFailure } from '../../src/cli/failure.js';
import { main } from './command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-last-'));
});
afterEach(() => rm(folder, { recursive: true }));

const training =
  'run --testproblem mnist_logreg --data synthetic --synthetic-size 600 --batch-size 32 --threads 1 --output-dir results';

/** The command in a shell, for redirections and limits. */
function shell(line: string, before = '') {
  const script = `${before}\nexec ${process.execPath} ${main} ${line}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

async function leftovers(): Promise<string[]> {
  const results = join(folder, 'results');
  if (!existsSync(results)) return [];
  const names = await readdir(results, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => !entry.isDirectory() && /\.(lock|tmp|takeover)$/.test(entry.name))
    .map(({ name }) => name);
}

const optimizer = (code: string) => `
  import { defineOptimizer, scaleByLearningRate, z } from 'probprec';
  ${code}
  export default defineOptimizer({
    name: 'mine', className: 'Mine', description: 'for a test',
    hyperparameters: z.strictObject({ lr: z.number().default(0.1) }),
    transformation: () => scaleByLearningRate(),
  });`;

describe.skipIf(process.platform !== 'linux')('a full disk behind stdout', () => {
  test.each(['list optimizers', 'list optimizers --json', '--help'])('%s is one line and code 1', (line) => {
    const { status, stderr } = shell(`${line} > /dev/full`);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'probprec: stdout: no space left on the device; the result is not complete\n',
    });
  });

  test('behind stderr nothing is said and nothing breaks', () => {
    const { status, stdout } = shell('list optimizers 2> /dev/full');
    expect(status).toBe(0);
    expect(stdout).toContain('adam');
  });

  test('a closed pipe is no error', () => {
    const { status, stderr } = spawnSync('bash', ['-c', `${process.execPath} ${main} list optimizers | true`], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

test.skipIf(process.platform !== 'linux')('an addon that cannot be mapped is one line, and no lock stays', async () => {
  // Enough for Node, not for the addon. How much that is differs from start to start; below it Node itself is killed, above it
  // the run has memory for everything: both say nothing about the addon.
  const limits = [1_200_000, 1_250_000, 1_150_000, 1_300_000, 1_100_000, 1_350_000, 1_050_000, 1_400_000];
  let ended = shell(`${training} --optimizer sgd`, `ulimit -v ${limits[0]}`);
  for (const limit of limits.slice(1)) {
    if (/failed to map/.test(ended.stderr)) break;
    ended = shell(`${training} --optimizer sgd --overwrite`, `ulimit -v ${limit}`);
  }
  const { status, stderr } = ended;
  expect(status).toBe(2);
  expect(stderr).toMatch(/^probprec: the onnxruntime engine does not load: [^\n]*failed to map[^\n]*\n$/);
  expect(await leftovers()).toEqual([]);
});

describe("a user's file", () => {
  const late = 'await new Promise((resolve) => setTimeout(resolve, 0));';
  test.each([
    ['a rejection in a timer', "setTimeout(() => { Promise.reject(new Error('late')); }, 5);"],
    ['an error in a timer', "setTimeout(() => { throw new Error('late'); }, 5);"],
    ['a rejection that nobody awaits', "Promise.reject(new Error('late'));"],
    ['what is no error', `${late} setTimeout(() => { throw 'late'; }, 5);`],
  ])('with %s ends with one line', async (_, code) => {
    await writeFile(join(folder, 'mine.mjs'), optimizer(code));
    const { status, stderr } = shell(`${training} --optimizer ./mine.mjs --num-epochs 2000 --quiet`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^probprec: [^\n]*late[^\n]*\n$/);
    if (!code.includes("'late';")) expect(stderr).toMatch(/mine\.mjs:\d+: late\n$/);
    expect(await leftovers()).toEqual([]);
  });

  test.each(['run', 'sweep'])('that never loads ends with one line (%s)', async (command) => {
    await writeFile(join(folder, 'mine.mjs'), 'await new Promise(() => {});\n');
    const { status, stdout, stderr } =
      command === 'run'
        ? shell(`${training} --optimizer ./mine.mjs`)
        : shell('sweep plan --testproblem mnist_logreg --optimizer ./mine.mjs --output plan.yaml');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^probprec: [^\n]*mine\.mjs: the module waits for something that never comes\n$/);
  });
});

describe('an error', () => {
  test('of the system is told as it is', () => {
    const error = Object.assign(new Error("EACCES: permission denied, scandir 'x'"), {
      errno: -13,
      syscall: 'scandir',
    });
    expect(describeFailure(error, false)).toEqual(["probprec: EACCES: permission denied, scandir 'x'"]);
  });

  test('of memory says what needs less', () => {
    expect(describeFailure(new RangeError('Array buffer allocation failed'), false)).toEqual([
      expect.stringMatching(/^probprec: not enough memory \(Array buffer allocation failed\); a smaller --batch-size/),
    ]);
  });

  test('of ours is a defect', () => {
    expect(describeFailure(new TypeError('x is not a function'), false)).toEqual([
      'probprec: x is not a function (a defect of probprec; --debug shows where it happened)',
    ]);
  });
});
