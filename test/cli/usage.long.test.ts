import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { command } from './command.js';
import { loadedCommand } from './loaded-command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-usage-'));
});
afterEach(() => rm(folder, { recursive: true }));

const problem = ['run', '--testproblem', 'mnist_logreg', '--data', 'synthetic', '--synthetic-size', '600'];
const sgd = [...problem, '--optimizer', 'sgd'];

/** Bad command lines, and what the one line on stderr has to say. */
const BAD: readonly (readonly [what: string, args: readonly string[], ...expected: RegExp[]])[] = [
  ['an unknown command', ['rnu'], /"rnu".*did you mean run\?/],
  ['an unknown global option', ['--jsno'], /--jsno/],
  ['an unknown listing', ['list', 'optimisers'], /"optimisers".*did you mean optimizers\?/],
  ['no listing', ['list'], /list: missing argument; expected one of testproblems/],
  ['an unknown option of list', ['list', 'engines', '--jsn'], /--jsn/],
  ['an unknown data action', ['data', 'verfy'], /"verfy".*did you mean verify\?/],
  ['an unknown data set', ['data', 'info', 'mnits'], /"mnits".*did you mean mnist/],
  [
    'no test problem',
    ['run', '--optimizer', 'sgd', '--lr', '1'],
    /--testproblem: missing, .*probprec list testproblems/,
  ],
  ['no optimizer', problem, /--optimizer: missing, .*probprec list optimizers/],
  [
    'an unknown test problem',
    ['run', '--testproblem', 'fmnist_2c3d', '--optimizer', 'sgd', '--lr', '1'],
    /--testproblem/,
    /fmnist_2c3d/,
    /did you mean.*fmnist_2c2d/,
  ],
  ['an unknown optimizer', [...problem, '--optimizer', 'adm', '--lr', '1'], /--optimizer/, /adm/, /did you mean.*adam/],
  ['a missing hyperparameter', [...problem, '--optimizer', 'momentum'], /^probprec: --lr: missing; momentum needs it/],
  [
    'a hyperparameter twice',
    [...sgd, '--lr', '0.1', '--lr=0.2'],
    /--lr: found it twice, expected one value; .*sweep plan/,
  ],
  ...['0x10', '0b11', ' 0.5 ', '1e999', '1_000', ''].map((text): (typeof BAD)[number] => [
    `the learning rate "${text}"`,
    [...sgd, '--lr', text],
    new RegExp(`--lr: found "${text}", expected a number`),
  ]),
  [
    'more threads than an experiment can use',
    ['experiment', 'lr-sensitivity', '--scale', 'smoke', '--run', '--threads', '100000'],
    /--threads: found 100000, expected a whole number from 1 to/,
  ],
  ['an unknown hyperparameter', [...sgd, '--lr', '1', '--momentum', '0.9'], /--momentum/, /sgd/, /--lr/],
  ['a mistyped option', [...sgd, '--lr', '1', '--num-epoch', '3'], /--num-epoch\b/, /did you mean.*--num-epochs/],
  ['a hyperparameter without a value', [...sgd, '--lr'], /--lr: found no value/],
  ['lr abc', [...sgd, '--lr', 'abc'], /lr\b/, /abc/],
  ['lr -1', [...sgd, '--lr', '-1'], /lr\b/, /-1/],
  ['lr=-1', [...sgd, '--lr=-1'], /lr\b/, /-1/],
  ['lr NaN', [...sgd, '--lr', 'NaN'], /lr\b/, /NaN/],
  ['lr Infinity', [...sgd, '--lr', 'Infinity'], /lr\b/, /Infinity/],
  ['an empty lr', [...sgd, '--lr', ''], /lr\b/],
  ['a stray argument', [...sgd, '--lr', '1', 'mnist'], /"mnist"/],
  ['a value option without a value', [...sgd, '--lr', '1', '--seed'], /--seed/],
  ['a seed that is no number', [...sgd, '--lr', '1', '--seed', 'x'], /--seed: found "x"/],
  ['a negative seed', [...sgd, '--lr', '1', '--seed', '-1'], /--seed: found "-1"/],
  ['a batch size of 0', [...sgd, '--lr', '1', '--batch-size', '0'], /--batch-size/, /0/],
  ['a batch larger than the data', [...sgd, '--lr', '1', '--batch-size', '601'], /batch.size/, /601/],
  ['a negative number of epochs', [...sgd, '--lr', '1', '--num-epochs', '-3'], /--num-epochs: found "-3"/],
  ['a broken number of epochs', [...sgd, '--lr', '1', '--num-epochs', '1.5'], /--num-epochs: found "1.5"/],
  ['an unknown kind of data', [...sgd, '--lr', '1', '--data', 'fake'], /--data: found "fake"/],
  [
    'an unknown protocol',
    [...sgd, '--lr', '1', '--protocol', 'deepobs'],
    /--protocol.*did you mean|--protocol: found "deepobs"/,
  ],
  ['an unknown engine', [...sgd, '--lr', '1', '--engine', 'onnx'], /engine/, /onnx/],
  ['an unknown device', [...sgd, '--lr', '1', '--device', 'tpu'], /device|tpu/],
  ['a schedule without factors', [...sgd, '--lr', '1', '--lr-schedule-epochs', '1,2'], /--lr-schedule/],
  ['a broken schedule', [...sgd, '--lr', '1', '--lr-schedule-epochs', '1,x'], /--lr-schedule-epochs: found "x"/],
  [
    'a missing parent of the output directory',
    [...sgd, '--lr', '1', '--output-dir', 'a/b'],
    /--output-dir|output directory a.b/,
  ],
  [
    'a run file that is not there',
    ['curvature', '--run', 'none.json'],
    /none\.json: cannot be read \(no such file\); expected/,
  ],
  ['an optimizer file that is not there', [...problem, '--optimizer', './none.js'], /none\.js/],
];

describe('a wrong command line is one line on stderr, exit code 2, and writes nothing:', () => {
  test.each(BAD.map(([what, args, ...expected]) => ({ what, args, expected })))('$what', async ({ args, expected }) => {
    const { code, stdout, stderr } = await loadedCommand(args, { cwd: folder });
    expect(stderr).toMatch(/^probprec: [^\n]+\n$/);
    for (const pattern of expected) expect(stderr).toMatch(pattern);
    expect(stderr).not.toContain('defect');
    expect(stderr).not.toMatch(/\n\s+at /);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(folder)).toEqual([]);
  });
});

test('missing data is found before the training, with what to do about it', async () => {
  const args = [
    'run',
    '--testproblem',
    'mnist_logreg',
    '--optimizer',
    'sgd',
    '--lr',
    '1',
    '--data-dir',
    'none',
    '--quiet',
  ];
  // Nothing listens on port 1, so that no mirror can be reached.
  const offline = { HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '' };
  const { code, stdout, stderr } = await command(args, { cwd: folder, env: offline });
  expect(stderr).toMatch(
    /^probprec: [^\n]*mnist[^\n]*probprec data info mnist[^\n]*--data-dir[^\n]*--data synthetic[^\n]*\n$/,
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, 1000)],
  ['of another kind', (bytes: Buffer) => Buffer.concat([Buffer.from('GIF89a'), bytes])],
])('a data file that is %s is named, with what was found and expected', async (_, damage) => {
  const header = Buffer.from([0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28]);
  const data = join(folder, 'data', 'mnist');
  await mkdir(data, { recursive: true });
  for (const name of ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1']) {
    await writeFile(join(data, `${name}-ubyte`), damage(Buffer.concat([header, Buffer.alloc(2000)])));
  }
  const args = ['run', '--testproblem', 'mnist_logreg', '--optimizer', 'sgd', '--lr', '1'];
  const { code, stdout, stderr } = await loadedCommand(args, { cwd: folder });
  expect(stderr).toMatch(/^probprec: [^\n]*-ubyte[^\n]*expected[^\n]*\n$/);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(await readdir(folder)).toEqual(['data']);
});

describe("a user's optimizer file", () => {
  test.each([
    ['does not parse', 'export default {'],
    ['throws', 'throw new Error("no");'],
    ['exports nothing', ''],
    ['exports something else', 'export default { name: "mine" };'],
  ])('that %s is one line and exit code 2', async (_, content) => {
    await writeFile(join(folder, 'mine.mjs'), content);
    const { code, stdout, stderr } = await loadedCommand([...problem, '--optimizer', './mine.mjs'], { cwd: folder });
    expect(stderr).toMatch(/^probprec: [^\n]*mine\.mjs[^\n]*\n$/);
    expect(stderr).not.toContain('defect');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(folder)).toEqual(['mine.mjs']);
  });
});

test('an output directory that is a file is found before the training', async () => {
  await writeFile(join(folder, 'results'), '');
  const { code, stderr } = await command([...sgd, '--lr', '1', '--quiet'], { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^probprec: [^\n]*results[^\n]*\n$/) });
});

test('--debug adds the code and the stack', async () => {
  const { code, stderr } = await command(['run', '--debug'], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^probprec: --testproblem: missing/);
  expect(stderr).toMatch(/code: usage\n.*\n +at /);
});
