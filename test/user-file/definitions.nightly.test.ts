import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRunFile } from '../../src/results/index.js';
import { command } from '../cli/command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-users-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (files: Readonly<Record<string, string>>) =>
  Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
const run = (...args: string[]) =>
  command(['run', ...args, '--threads', '1', '--output-dir', 'r', '--quiet'], { cwd: folder });
const runFile = async (stdout: string) => readRunFile(join(folder, stdout.trim()));

/** mnist_logreg, as a user would write it. */
const logistic = (name: string, dataset = "'mnist'") => `
import { constantValue, defineTestProblem, logisticRegression, softmaxCrossEntropy } from 'probprec';
${dataset.startsWith("'") ? '' : "import points from './points.ts';"}
export default defineTestProblem({
  name: '${name}', description: 'mine', dataset: ${dataset}, inputShape: ${dataset.startsWith("'") ? '[1, 28, 28]' : '[2]'},
  defaults: { batchSize: 32, numEpochs: 1 },
  initial: { weights: constantValue(0), biases: constantValue(0) },
  network: logisticRegression(${dataset.startsWith("'") ? 10 : 2}),
  loss: softmaxCrossEntropy(),
});
`;

/** Two clouds, written in TypeScript. */
const points = (shift: number, labels = 'i % 2') => `
import { defineDataset, type LoadedParts, type TableValues } from 'probprec';
interface Cloud { readonly count: number }
function cloud({ count }: Cloud): TableValues {
  const inputs = Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i) + (Math.floor(i / 2) % 2) * ${shift});
  return { inputs, labels: Int32Array.from({ length: count }, (_: unknown, i: number) => ${labels}) };
}
export default defineDataset({
  name: 'points', description: 'two clouds', shape: [2], classes: 2, sizes: { train: 160, valid: 40, test: 50 },
  load: (): LoadedParts => ({ train: cloud({ count: 200 }), test: cloud({ count: 50 }) }),
});
`;

describe('a user’s test problem', () => {
  test('gives the numbers of the registered one with the same definition', async () => {
    await write({ 'mine.mjs': logistic('my_logreg') });
    const small = ['--optimizer', 'sgd', '--lr', '0.1', '--data', 'synthetic', '--synthetic-size', '600'];
    const settings = [...small, '--num-epochs', '1', '--batch-size', '32'];
    const own = await run('--testproblem', './mine.mjs', ...settings);
    expect(own).toMatchObject({ code: 0, stderr: '' });
    const mine = await runFile(own.stdout);
    const theirs = await runFile((await run('--testproblem', 'mnist_logreg', ...settings)).stdout);
    expect(mine.test_losses).toEqual(theirs.test_losses);
    expect(mine.configuration.testproblem_source).toEqual({
      file: 'mine.mjs',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(mine.provenance?.testproblem?.version).toBe(mine.configuration.testproblem_source?.sha256.slice(0, 8));
    expect(theirs.configuration.testproblem_source).toBeUndefined();
    const list = await command(['list', 'testproblems', './mine.mjs', '--json'], { cwd: folder });
    expect(JSON.parse(list.stdout)).toContainEqual(expect.objectContaining({ name: 'my_logreg', parameters: 7850 }));
  });

  test('trains on data of the user’s, and two versions of it are two test problems', async () => {
    await write({ 'mine.mjs': logistic('clouds', 'points'), 'points.ts': points(2) });
    const args = ['--testproblem', './mine.mjs', '--optimizer', 'sgd', '--lr', '0.1'];
    const first = await run(...args);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect((await runFile(first.stdout)).test_accuracies?.at(-1)).toBeGreaterThan(0.7);
    expect((await run(...args)).stderr).toContain('already complete');
    await write({ 'points.ts': points(3) });
    const second = await command(['run', ...args, '--threads', '1', '--output-dir', 'r'], { cwd: folder });
    expect(second.stderr).toMatch(/1 finished run of an earlier version of mine\.mjs \([0-9a-f]{8}; now [0-9a-f]{8}\)/);
    const { stdout } = await command(['compare', 'r'], { cwd: folder });
    expect(stdout.match(/^clouds \([0-9a-f]{8}\): /gm)).toHaveLength(2);
    expect(stdout).not.toContain('target');
    const synthetic = await run(...args, '--data', 'synthetic', '--synthetic-size', '64', '--num-epochs', '2');
    expect((await runFile(synthetic.stdout)).dataset).toMatchObject({ source: 'synthetic', sizes: { train: 51 } });
  });

  test('is part of a plan, which runs it only when that is allowed', { timeout: 240_000 }, async () => {
    await write({
      'mine.mjs': logistic('clouds', 'points'),
      'points.ts': points(2),
      'plan.yaml': `{ testproblems: ./mine.mjs, optimizers: [sgd, adam], settings: { lr: 0.1 }, seeds: 1,
        options: { dataset: ./points.ts }, output_dir: r }`,
    });
    const refused = await command(['sweep', 'run', 'plan.yaml'], { cwd: folder });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('code that does not come with probprec: ./mine.mjs, ./points.ts');
    const done = await command(['sweep', 'run', 'plan.yaml', '--allow-user-code', '--quiet', '--json'], {
      cwd: folder,
    });
    expect(JSON.parse(done.stdout).counts.completed).toBe(2);
    const best = await command(['sweep', 'best', 'plan.yaml', '--allow-user-code'], { cwd: folder });
    expect(best).toMatchObject({ code: 0 });
    const rerun = await command(
      ['sweep', 'rerun-best', 'plan.yaml', '--allow-user-code', '--seeds', '3', '-o', 'again.yaml'],
      { cwd: folder },
    );
    expect(rerun.code).toBe(0);
    const again = await readFile(join(folder, 'again.yaml'), 'utf8');
    expect(again).toContain('./mine.mjs');
    expect(again).toContain('./points.ts');
  });

  test.each([
    [
      'has the name of a registered one',
      logistic('mnist_logreg'),
      /--testproblem \.\/mine\.mjs: name: found "mnist_logreg", the name of a registered test problem; expected a new name/,
    ],
    [
      'has a name with published results',
      logistic('cifar100_allcnnc'),
      /name: found "cifar100_allcnnc", (under which results are published|the name of a registered test problem)/,
    ],
    [
      'does not flatten',
      logistic('mine').replace('logisticRegression(10)', '[dense(10)]').replace('logisticRegression', 'dense'),
      /the module does not load: mine\.mjs:4: dense\(10\): the input has shape \[1,28,28\]; put flatten\(\) before it/,
    ],
    [
      'names no data set',
      logistic('mine', "'mnst'"),
      /dataset: found "mnst", expected what defineDataset returns, or one of/,
    ],
    [
      'fails for a batch size',
      logistic('mine').replace(
        'logisticRegression(10)',
        '(scope, x) => { if (x.shape[0] === 32) throw new Error("no 32"); return logisticRegression(10)(scope, x); }',
      ),
      /mine\.mjs:8: Error: no 32 \(in the test problem's network\)/,
    ],
    ['is a data set', points(1), /the file defines a data set; expected export default defineTestProblem/],
  ])('that %s is refused in one line', async (_, text, message) => {
    await write({ 'mine.mjs': text.startsWith('\nimport { defineDataset') ? '' : text, 'points.ts': text });
    const file = text.startsWith('\nimport { defineDataset') ? './points.ts' : './mine.mjs';
    const { code, stderr } = await run('--testproblem', file, '--optimizer', 'adam', '--data', 'synthetic');
    expect(stderr).toMatch(message);
    expect(
      stderr
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('probprec:')),
    ).toHaveLength(1);
    expect([1, 2]).toContain(code);
  });
});

describe('a user’s data set', () => {
  test('takes the place of a test problem’s own', async () => {
    await write({
      'mine.mjs': logistic('clouds', 'points'),
      'points.ts': points(2),
      'other.ts': points(5).replace("'points'", "'other'"),
    });
    const { code, stdout } = await run('--testproblem', './mine.mjs', '--dataset', './other.ts', '--optimizer', 'adam');
    expect(code).toBe(0);
    const { testproblem, configuration } = await runFile(stdout);
    expect(testproblem).toBe('clouds@other');
    expect(configuration.dataset).toMatchObject({ name: 'other', source: { file: 'other.ts' } });
  });

  test.each([
    [
      'has a label that is no class',
      points(1, 'i % 3'),
      /points\.ts:10: the part train: found the label 2 at example 2, expected whole numbers from 0 to 1, the classes/,
    ],
    [
      'has too few labels',
      points(1).replace('{ length: count }', '{ length: count - 1 }'),
      /the part train: found 199 labels, expected 200: 200 examples with 1 each/,
    ],
    [
      'throws',
      points(1).replace('const inputs', "throw new Error('no file'); const inputs"),
      /points\.ts:5: Error: no file \(in the data set's load\)/,
    ],
    ['is no list', points(1).replace('return { inputs,', 'return { input: inputs,'), /the part train: found no inputs/],
    [
      'has another shape',
      points(1).replace('shape: [2]', 'shape: [1, 2]'),
      /data set points: found examples of shape \[1,2\], but clouds expects \[2\]/,
    ],
    [
      'has more classes',
      points(1).replace('classes: 2', 'classes: 3'),
      /found labels from 0 to 2, but clouds knows those below 2 only/,
    ],
    [
      'is an enum',
      `${points(1)}enum Wide { A }`,
      /points\.ts:\d+: TypeScript enum is not supported in strip-only mode/,
    ],
  ])('that %s is refused in one line', async (_, text, message) => {
    await write({ 'mine.mjs': logistic('clouds', 'points'), 'points.ts': text });
    const { code, stderr } = await run('--testproblem', './mine.mjs', '--optimizer', 'adam');
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/defect|\n\s+at /);
    expect([1, 2]).toContain(code);
  });

  test('reads files of the data directory, and says which are missing', async () => {
    const text = points(1)
      .replace('load: ()', 'load: async ({ read })')
      .replace('=> ({ train', "=> (JSON.parse(String(await read('points.json'))), { train")
      .replace(': LoadedParts =>', ': Promise<LoadedParts> =>');
    await write({ 'mine.mjs': logistic('clouds', 'points'), 'points.ts': text });
    const args = ['--testproblem', './mine.mjs', '--optimizer', 'adam', '--data-dir', folder];
    const missing = await run(...args);
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stderr).toMatch(/data set points: .*points\.json: no such file; put it there, or/);
    await write({ 'points.json': '[]' });
    const { files, verified } = (await runFile((await run(...args)).stdout)).dataset;
    expect(files).toEqual([{ path: 'points.json', md5: 'd751713988987e9331980363e24189ce', published: false }]);
    expect(verified).toBe(false);
  });
});
