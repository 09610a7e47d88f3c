import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRunFile, reproducibleContent } from '../../src/results/index.js';
import { command } from '../cli/command.js';
import { loadedCommand } from '../cli/loaded-command.js';
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

/** A definition with these names and nothing else of interest. */
const defining = (names: string, hyperparameters = '') =>
  `import { scaleByLearningRate, defineOptimizer, z } from 'probprec'; export default defineOptimizer({ ${names}, description: '',
    hyperparameters: z.strictObject({ lr: z.number().default(0.1), ${hyperparameters} }), transformation: () => scaleByLearningRate() });`;

const withHyperparameter = (field: string) => defining("name: 'mine', className: 'Mine'", field);

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
    const reference = await loadedCommand(builtIn, { cwd: folder });
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

  test('in a wrapper trains as the built-in one in it, and its errors are its own', async () => {
    await writeFile(join(folder, 'heavy-ball.mjs'), heavyBall);
    const settings = ['--lr', '0.01', '--lookahead-steps', '3'];
    const [own, reference] = await Promise.all([
      loadedCommand([...small, '--optimizer', 'lookahead(./heavy-ball.mjs)', ...settings], { cwd: folder }),
      loadedCommand([...small, '--optimizer', 'lookahead(momentum)', ...settings], { cwd: folder }),
    ]);
    expect(own).toMatchObject({ code: 0, stderr: '' });
    expect(own.stdout).toMatch(/mnist_logreg.Lookahead\(HeavyBall\).num_epochs__1__batch_size__32__lookahead_alpha/);
    const [mine, theirs] = await Promise.all(
      [own, reference].map(({ stdout }) => readRunFile(join(folder, stdout.trim()))),
    );
    expect(mine?.configuration.optimizer).toMatchObject({
      name: 'lookahead(heavy-ball)',
      source: { file: 'heavy-ball.mjs', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(mine?.evaluation_point).toBe('own');
    expect(mine?.test_losses).toEqual(theirs?.test_losses);
    const broken = heavyBall.replace('tensor.multiply(u, 1)', 'tensor.nonsense(u)');
    await writeFile(join(folder, 'broken.mjs'), broken);
    const failed = await loadedCommand([...small, '--optimizer', 'ema(./broken.mjs)', '--lr', '0.1'], { cwd: folder });
    expect(failed.code).toBe(2);
    expect(failed.stderr).toMatch(/broken\.mjs:\d+: TypeError: /);
  });

  test.each([
    [
      'throws',
      '() => ({ init: () => ({}), update: () => { throw new Error("no such thing"); } })',
      /its update fails on parameters of shape \[10, 784\], \[10\]: wrong\.mjs:3: Error: no such thing/,
    ],
    [
      'has another shape',
      '() => stateless((g) => tensor.sum(g))',
      /its update of a parameter of shape \[10, 784\] is a tensor of type float and shape \[\], expected .* \[10, 784\]/,
    ],
    [
      'has another type',
      '() => stateless((g) => tensor.greater(g, 0))',
      /its update of a parameter of shape \[10, 784\] is a tensor of type bool/,
    ],
    [
      'is a number',
      '() => stateless((g) => Math.sign(g))',
      /its update fails on parameters of shape .*: wrong\.mjs:3: a tensor stands where a number is expected; Math\.…/,
    ],
    [
      'is missing for a parameter',
      '() => ({ init: () => ({}), update: () => ({ updates: [], state: {} }) })',
      /its update returns 0 updates for 2 parameters/,
    ],
    [
      'is nothing',
      '() => ({ init: () => ({}), update() {} })',
      /its update returns undefined, expected \{ updates: \[ … \], state: \{ … \} \}/,
    ],
    [
      'reads a state that is not there',
      `() => chain({ init: () => ({ v: tensor.zeros([2]) }), update: (u, { state }) =>
        ({ updates: u.map((g) => tensor.add(g, state.m)), state }) })`,
      /its update fails on .*: it reads the state 0\.m, which its init does not return \(it returns 0\.v\): wrong\.mjs:4/,
    ],
    [
      'forgets its state',
      '() => ({ init: () => ({ m: tensor.zeros([]) }), update: (updates) => ({ updates, state: {} }) })',
      /its update does not return the state m, which its init returns/,
    ],
    [
      'invents a state',
      '() => ({ init: () => ({}), update: (updates) => ({ updates, state: { m: updates[0] } }) })',
      /its update returns the state m, which its init does not return/,
    ],
    [
      'changes the shape of its state',
      '() => ({ init: () => ({ m: tensor.zeros([]) }), update: (updates) => ({ updates, state: { m: updates[0] } }) })',
      /gives a tensor of type float and shape \[10, 784\] as the state m, expected .* shape \[\] as from its init/,
    ],
    [
      'uses an input of its own',
      '() => stateless((g) => tensor.multiply(g, (globalThis.mine ??= tensor.input("mine", []))))',
      /its update uses the input mine, which has no value/,
    ],
    ['does not exist', '() => undefined', /its transformation fails .*it returns no \{ init, update \}/],
    [
      'has host scalars, which a scalar of the context replaces',
      '() => ({ init: () => ({}), update: (updates) => ({ updates, state: {} }), hostScalars: () => ({ t: 1 }) })',
      /its transformation has hostScalars, which are not supported; expected scalar/,
    ],
    [
      'keeps a number as its state',
      '() => ({ init: () => ({ m: [1] }), update: (updates, { state }) => ({ updates, state }) })',
      /its init gives 1 as the state m\.0, expected a tensor/,
    ],
    [
      'asks for a product with a vector of another shape',
      '() => ({ init: () => ({}), update: (updates, { hessianVectorProduct: h }) => ({ updates: h(updates.slice(1)), state: {} }) })',
      /its update fails on .*: wrong\.mjs:3: the vector has 1 tensors, expected 2, one for each parameter/,
    ],
  ])('whose update %s is refused in one line, before anything is written', async (_, transformation, reason) => {
    const source = `import { chain, defineOptimizer, stateless, tensor, z } from 'probprec';
      export default defineOptimizer({ name: 'wrong', className: 'Wrong', description: 'wrong',
        hyperparameters: z.strictObject({ lr: z.number() }), transformation: ${transformation} });`;
    await writeFile(join(folder, 'wrong.mjs'), source);
    const result = await loadedCommand([...small, '--optimizer', './wrong.mjs', '--lr', '0.1'], { cwd: folder });
    expect({ code: result.code, lines: result.stderr.split('\n').length - 1 }, result.stderr).toEqual({
      code: 2,
      lines: 1,
    });
    expect(result.stderr).toMatch(/^probprec: --optimizer \.\/wrong\.mjs: its /);
    expect(result.stderr).toMatch(reason);
    expect(await readdir(folder)).toEqual(['wrong.mjs']);
  });

  test('that changed is another run', async () => {
    const file = join(folder, 'heavy-ball.mjs');
    const args = [...small, '--optimizer', file, '--lr', '0.01', '--json'];
    await writeFile(file, heavyBall);
    const first = await command(args, { cwd: folder });
    expect(JSON.parse((await command(args, { cwd: folder })).stdout).already_complete).toBe(true);
    await writeFile(file, `${heavyBall}\n// changed\n`);
    expect(JSON.parse((await command(args, { cwd: folder })).stdout).already_complete).toBe(true);
    await writeFile(file, heavyBall.replace('tensor.multiply(u, 1)', 'tensor.multiply(u, 1.0000000001)'));
    const second = await command(args, { cwd: folder });
    expect(JSON.parse(second.stdout).already_complete).toBe(false);
    const files = [first, second].map(({ stdout }) => readRunFile(join(folder, JSON.parse(stdout).path)));
    const [before, after] = (await Promise.all(files)).map(reproducibleContent);
    expect(after?.test_losses).toEqual(before?.test_losses);
    expect(after?.configuration_hash).not.toBe(before?.configuration_hash);
  });

  const faulty: readonly (readonly [string, string | null, RegExp])[] = [
    ['missing', null, /no such file/],
    ['a syntax error', 'export default {', /the module does not load: /],
    [
      'an error when it loads',
      'throw new Error("on purpose\\nsecond line");',
      /the module does not load: optimizer-2\.mjs:1: Error: on purpose$/,
    ],
    [
      'an import that is not there',
      '\nimport "./nothing.js"; export default 1;',
      /the module does not load: .*optimizer-3\.mjs:2: it imports "\.\/nothing\.js", which does not exist$/,
    ],
    [
      'Infinity',
      'export default Infinity;',
      /the default export: found Infinity; expected export default defineOptimizer/,
    ],
    ['a BigInt', 'export default 10n;', /the default export: found 10n; expected/],
    [
      'an object that throws when it is read',
      'export default new Proxy({}, { get() { throw new TypeError("on purpose"); } });',
      /the default export cannot be read: TypeError: on purpose; expected/,
    ],
    [
      'a module that never ends',
      'await new Promise(() => {}); export default 1;',
      /waits for something that never comes$/,
    ],
    ['a thrown text', "throw 'on purpose';", /the module does not load: it threw "on purpose"$/],
    [
      'the name of a registered optimizer',
      defining("name: 'sgd', className: 'Mine'"),
      /name: found "sgd", the name of a registered/,
    ],
    [
      'the class name of one',
      defining("name: 'mine', className: 'SGD'"),
      /className: found "SGD".*such as MySGD \(optimizer-\d+\.mjs:1\)$/,
    ],
    ['another case of a class name', defining("name: 'mine', className: 'Sgd'"), /className: found "Sgd"/],
    ['the name of one as class name', defining("name: 'mine', className: 'momentum'"), /className: found "momentum"/],
    [
      'a class name of published results',
      defining("name: 'mine', className: 'PreconditionedTunedMomentum'"),
      /className: found "PreconditionedTunedMomentum", the name of a registered optimizer/,
    ],
    [
      'a hyperparameter that is an option of run',
      withHyperparameter('seed: z.int().default(3)'),
      /hyperparameter seed: --seed is an option/,
    ],
    [
      'the same with underscores',
      withHyperparameter('num_epochs: z.int().default(3)'),
      /hyperparameter num_epochs: --num-epochs is/,
    ],
    [
      'a hyperparameter that is no option',
      withHyperparameter("'a b': z.int().default(3)"),
      /hyperparameter "a b": expected a name of/,
    ],
    [
      'two hyperparameters of one option',
      withHyperparameter('a_b: z.int().default(3), "a-b": z.int().default(3)'),
      /hyperparameter a-b: --a-b would mean two of them/,
    ],
    [
      'a hyperparameter that negates another',
      withHyperparameter('fast: z.boolean().default(true), no_fast: z.int().default(3)'),
      /hyperparameter fast: --no-fast would mean two/,
    ],
    [
      'an object as hyperparameter',
      withHyperparameter('o: z.object({ x: z.number() }).default({ x: 1 })'),
      /hyperparameter o: found the type object/,
    ],
    [
      'a list as hyperparameter',
      withHyperparameter('betas: z.array(z.number()).nullable().default(null)'),
      /hyperparameter betas: found the type array/,
    ],
    [
      'a date as hyperparameter',
      withHyperparameter('d: z.date().optional()'),
      /hyperparameter d: found the type date, expected a number, a boolean/,
    ],
    [
      'a default that is no number',
      withHyperparameter('clip: z.number().default(Infinity)'),
      /hyperparameter clip: found the default Infinity/,
    ],
    [
      'a default that becomes an object',
      withHyperparameter('o: z.any().default(1).transform((v) => [v])'),
      /hyperparameter o: found the default a list, expected a number/,
    ],
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

  test('that does not load or is no optimizer is one line that names it, and calls for exit code 2', async () => {
    const files = faulty.map((_, index) => `./optimizer-${index}.mjs`);
    for (const [index, [, content]] of faulty.entries()) {
      if (content !== null) await writeFile(join(folder, `optimizer-${index}.mjs`), content);
    }
    // All in one process, as a program with the library would: what one file does must not hinder the next.
    const library = fileURLToPath(new URL('../../dist/src/index.js', import.meta.url));
    const program = `
      import { loadOptimizer } from ${JSON.stringify(library)};
      for (const file of ${JSON.stringify(files)}) {
        const error = await loadOptimizer(file).then(() => new Error('loaded'), (error) => error);
        console.log(JSON.stringify({ file, message: error.message, exitCode: error.exitCode }));
      }`;
    await writeFile(join(folder, 'program.mjs'), program);
    const { stdout } = await promisify(execFile)(process.execPath, ['program.mjs'], { cwd: folder });
    const results = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(results).toHaveLength(faulty.length);
    for (const [index, [name, , expected]] of faulty.entries()) {
      const { file, message, exitCode } = results[index];
      expect({ name, file, exitCode }, message).toEqual({ name, file: files[index], exitCode: 2 });
      expect(message, name).toMatch(/^[^\n]*$/);
      expect(message.startsWith(`optimizer ${file}: `), message).toBe(true);
      expect(message, name).toMatch(expected);
    }
  });

  test.each([
    ['is a folder', 'a-folder.js', /^probprec: --optimizer \.\/a-folder\.js: .*\n$/],
    ['never ends', 'endless.js', /^probprec: --optimizer \.\/endless\.js: the module waits for .*\n$/],
    [
      'throws',
      'throws.js',
      /^probprec: --optimizer \.\/throws\.js: the module does not load: throws\.js:1: Error: no\n$/,
    ],
  ])('that %s ends the command with exit code 2, and nothing is written', async (_, file, message) => {
    await mkdir(join(folder, 'a-folder.js'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'endless.js'), 'await new Promise(() => {}); export default 1;');
    await writeFile(join(folder, 'throws.js'), "throw new Error('no\\nsecond line');");
    const { code, stdout, stderr } = await command([...small, '--optimizer', `./${file}`], { cwd: folder });
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(await readdir(folder)).not.toContain('results');
  });

  test.each([
    [
      'throws in its third step',
      `steps += 1;
        if (steps === 3) throw new TypeError('history is not a function');`,
      /^own\.mjs:9: TypeError: history is not a function \(in the optimizer's step\)$/,
    ],
    [
      'waits for ever',
      'await new Promise(() => {});',
      /own\.mjs(:\d+)?: its step waits for something that never comes$/,
    ],
  ])('that %s fails as the user’s own, with exit code 1', async (_, body, reason) => {
    const source = `import { learningRate, z } from 'probprec';
export default { name: 'own', className: 'Own', description: 'fails in a step', transformation: null,
  hyperparameters: z.strictObject({ lr: learningRate() }),
  async start(task) {
    let steps = 0;
    return { compileSeconds: 0, parameters: task.initialParameters, async beginEpoch() {}, async endEpoch() { return null; },
      note() { return null; }, async save() { return { arrays: {}, values: {} }; }, async restore() {},
      async step() { ${body}
        return 1; } };
  } };`;
    await writeFile(join(folder, 'own.mjs'), source);
    const { code, stdout, stderr } = await command([...small, '--optimizer', './own.mjs', '--lr', '0.1'], {
      cwd: folder,
    });
    const { status } = await readRunFile(join(folder, stdout.trim()));
    expect({ code, state: status.state }, stderr).toEqual({ code: 1, state: 'failed' });
    expect(status.reason).toMatch(reason);
    expect(stderr).toContain(`probprec: ${status.reason}\n`);
    expect(stderr).not.toMatch(/defect|^ +at /m);
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
      const { code, stderr } = await loadedCommand([...small, '--optimizer', file], { cwd: folder });
      expect(code, stderr).not.toBe(0);
      expect(stderr, body).not.toMatch(/^\s+at /m);
      expect(stderr.trimEnd().split('\n').length, stderr).toBeLessThan(3);
    }
  });
});
