import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRunFile, reproducibleContent } from '../../src/results/index.js';
import { command } from '../cli/command.js';
import { temporaryFolder } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const run = ['run', '--testproblem', 'mnist_logreg', '--num-epochs', '1', '--data', 'synthetic'];
const small = [...run, '--synthetic-size', '600', '--batch-size', '32', '--threads', '1', '--quiet'];

/** Heavy-ball momentum, written by a user as the documentation says. */
const heavyBall = `
import { chain, defineOptimizer, scaleByLearningRate, tensor, trace, z } from 'probprec';

export default defineOptimizer({
  name: 'heavy-ball',
  className: 'HeavyBall',
  description: 'momentum of my own',
  hyperparameters: z.strictObject({ lr: z.number().min(0), mu: z.number().default(0.9).describe('decay'), power: z.int().default(1) }),
  transformation: ({ mu }) =>
    chain(trace({ decay: mu }), { init: () => ({}), update: (updates) => ({ updates: updates.map((u) => tensor.multiply(u, 1)), state: {} }) }, scaleByLearningRate()),
});
`;

describe('a user’s optimizer file', () => {
  test('far from the package trains as the built-in one with the same formula', async () => {
    await mkdir(join(folder, 'my optimizers'));
    await writeFile(join(folder, 'my optimizers', 'heavy-ball.mjs'), heavyBall);
    const settings = ['--lr', '0.01', '--mu', '0.8'];
    const own = await command([...small, '--optimizer', './my optimizers/heavy-ball.mjs', ...settings], {
      cwd: folder,
    });
    expect(own).toMatchObject({ code: 0, stderr: '' });
    expect(own.stdout).toMatch(
      /HeavyBall.num_epochs__1__batch_size__32__lr__1\.e-02__mu__8\.e-01__power__1.random_seed/,
    );
    const builtIn = [...small, '--optimizer', 'momentum', '--lr', '0.01', '--momentum', '0.8'];
    const reference = await command(builtIn, { cwd: folder });
    const [mine, theirs] = await Promise.all(
      [own, reference].map(({ stdout }) => readRunFile(join(folder, stdout.trim()))),
    );
    expect(mine?.configuration.optimizer).toMatchObject({
      name: 'heavy-ball',
      hyperparameters: { lr: 0.01, mu: 0.8, power: 1 },
      source: { file: 'heavy-ball.mjs', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(mine?.test_losses).toEqual(theirs?.test_losses);
    expect(mine?.minibatch_train_losses).toEqual(theirs?.minibatch_train_losses);
  });

  test.each([
    ['throws', '() => ({ init: () => ({}), update: () => { throw new Error("no such thing"); } })', 'no such thing'],
    [
      'returns the wrong shape',
      '() => stateless((g) => tensor.sum(g, [0], { keepDims: true }).shape.length && tensor.reshape(g, [6]))',
      'do not broadcast',
    ],
    [
      'returns too few updates',
      '() => ({ init: () => ({}), update: () => ({ updates: [], state: {} }) })',
      'no element 0',
    ],
  ])('whose update %s is refused in one line, before anything is written', async (_, transformation, reason) => {
    const source = `import { defineOptimizer, stateless, tensor, z } from 'probprec';
      export default defineOptimizer({ name: 'wrong', className: 'Wrong', description: 'wrong',
        hyperparameters: z.strictObject({ lr: z.number() }), transformation: ${transformation} });`;
    await writeFile(join(folder, 'wrong.mjs'), source);
    const result = await command([...small, '--optimizer', './wrong.mjs', '--lr', '0.1'], { cwd: folder });
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/^probprec: --optimizer \.\/wrong\.mjs: its update fails on .*\n$/);
    expect(result.stderr).toContain(reason);
    expect(await readdir(folder)).toEqual(['wrong.mjs']);
  });

  test('that changed is another run', async () => {
    const file = join(folder, 'heavy-ball.mjs');
    const args = [...small, '--optimizer', file, '--lr', '0.01', '--json'];
    await writeFile(file, heavyBall);
    const first = await command(args, { cwd: folder });
    expect(JSON.parse((await command(args, { cwd: folder })).stdout).already_complete).toBe(true);
    await writeFile(file, `${heavyBall}\n// changed\n`);
    const second = await command(args, { cwd: folder });
    expect(JSON.parse(second.stdout).already_complete).toBe(false);
    const files = [first, second].map(({ stdout }) => readRunFile(join(folder, JSON.parse(stdout).path)));
    const [before, after] = (await Promise.all(files)).map(reproducibleContent);
    expect(after?.test_losses).toEqual(before?.test_losses);
    expect(after?.configuration_hash).not.toBe(before?.configuration_hash);
  });

  const faulty: readonly (readonly [string, string | null, RegExp])[] = [
    ['missing', null, /there is no such file/],
    ['a syntax error', 'export default {', /the module does not load: /],
    ['an error when it loads', 'throw new Error("on purpose\\nsecond line");', /the module does not load: on purpose$/],
    ['an import that is not there', 'import "./nothing.js"; export default 1;', /the module does not load: /],
    [
      'an export that the library has not',
      "import { nothing } from 'probprec'; export default nothing;",
      /the module does not load: /,
    ],
    [
      'no default export',
      'export const name = "mine";',
      /the default export: .*expected export default defineOptimizer/,
    ],
    ['null', 'export default null;', /the default export: .*expected export default defineOptimizer/],
    ['a function', 'export default () => 1;', /the default export: .*expected export default defineOptimizer/],
    ['no class name', 'export default { name: "mine" };', /className: .*expected export default defineOptimizer/],
    ['a name that is none', 'export default { name: "My Optimizer" };', /name: expected lower-case letters/],
    [
      'no start',
      "import { z } from 'probprec'; export default { name: 'a', className: 'A', description: '', hyperparameters: z.strictObject({}) };",
      /start: /,
    ],
    [
      'hyperparameters that are no schema',
      "export default { name: 'a', className: 'A', description: '', hyperparameters: {}, start() {} };",
      /hyperparameters: .*z\.strictObject/,
    ],
  ];

  test('that does not load or is no optimizer is one line, exit code 2, and nothing is written', async () => {
    await mkdir(join(folder, 'a-folder.js'));
    const results = await Promise.all(
      faulty.map(async ([name, content], index) => {
        const file = `optimizer-${index}.mjs`;
        if (content !== null) await writeFile(join(folder, file), content);
        return { name, file, ...(await command([...small, '--optimizer', `./${file}`], { cwd: folder })) };
      }),
    );
    const directory = await command([...small, '--optimizer', './a-folder.js'], { cwd: folder });
    results.push({ name: 'a folder', file: 'a-folder.js', ...directory });
    for (const [index, { name, file, code, stdout, stderr }] of results.entries()) {
      expect({ name, code, stdout, lines: stderr.trimEnd().split('\n').length }, stderr).toEqual({
        name,
        code: 2,
        stdout: '',
        lines: 1,
      });
      expect(stderr, name).toContain(`--optimizer ./${file}: `);
      expect(stderr.trimEnd(), name).toMatch(faulty[index]?.[2] ?? /a-folder/);
    }
    expect(await readdir(folder)).not.toContain('results');
  });

  test('whose transformation throws, or gives a wrong shape, fails and says why, without a stack', async () => {
    const broken = (body: string) => `
      import { defineOptimizer, tensor, z } from 'probprec';
      export default defineOptimizer({ name: 'broken', className: 'Broken', description: '', hyperparameters: z.strictObject({}),
        transformation: () => ({ init: () => ({}), update: (updates) => { ${body} } }) });`;
    const bodies = [
      'throw new Error("on purpose")',
      'return { updates: updates.map(() => tensor.zeros([3, 7])), state: {} }',
    ];
    for (const [index, body] of bodies.entries()) {
      const file = join(folder, `broken-${index}.mjs`);
      await writeFile(file, broken(body));
      const { code, stderr } = await command([...small, '--optimizer', file], { cwd: folder });
      expect(code, stderr).not.toBe(0);
      expect(stderr, body).not.toMatch(/^\s+at /m);
      expect(stderr.trimEnd().split('\n').length, stderr).toBeLessThan(3);
    }
  });
});
