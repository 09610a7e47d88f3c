import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** What CONTRIBUTING.md promises of additions, done to a copy of the project. */
interface Addition {
  /** A new file, and nothing else that is new; absent where rows are enough. */
  readonly file?: string;
  readonly text?: string;
  /** Rows in files that are there: each behind a line, or before it where there is none of its kind to follow. */
  readonly rows: readonly { readonly file: string; readonly behind: string; readonly row: string }[];
}

const operation: Addition = {
  file: 'src/tensor/operations/atan.ts',
  text: `import { inputOf, requireFloat } from '../shape-rules.js';
import { createTensor, type Operation, type Tensor } from '../tensor.js';
import { add } from './add.js';
import { divide } from './divide.js';
import { square } from './multiply.js';

/** atan′(x) = 1 / (1 + x²). */
export const atanOperation: Operation = {
  name: 'atan',
  derivative: (node, gradient) => [() => divide(gradient, add(square(inputOf(node, 0)), 1))],
};

/** Arctangent, elementwise. */
export function atan(operand: Tensor): Tensor {
  requireFloat('atan', operand);
  return createTensor(atanOperation, [operand], {}, operand.shape, 'float');
}
`,
  rows: [
    {
      file: 'src/tensor/vocabulary.ts',
      behind: "export { argmax } from './operations/argmax.js';",
      row: "export { atan } from './operations/atan.js';",
    },
    { file: 'src/engine/onnxruntime/emit/elementwise.ts', behind: "  erf: 'Erf',", row: "  atan: 'Atan'," },
    { file: 'src/engine/tfjs/emit/elementwise.ts', behind: "  erf: unary('Erf'),", row: "  atan: unary('Atan')," },
    { file: 'src/engine/reference/elementwise.ts', behind: '  erf: unary(erf),', row: '  atan: unary(Math.atan),' },
  ],
};

const layer: Addition = {
  file: 'src/testproblem/layers/arctangent.ts',
  text: `import * as ops from '../../tensor/index.js';
import type { Layer } from '../scope.js';

/** The arctangent of every number. */
export function arctangent(): Layer {
  return (_, x) => ops.atan(x);
}
`,
  rows: [
    {
      file: 'src/testproblem/layers/index.ts',
      behind: "export { dropout } from './dropout.js';",
      row: "export { arctangent } from './arctangent.js';",
    },
  ],
};

const testProblem: Addition = {
  file: 'testproblems/mnist_arctangent.ts',
  text: `import {
  arctangent,
  constantValue,
  defineTestProblem,
  dense,
  flatten,
  softmaxCrossEntropy,
  truncatedNormal,
} from '../src/testproblem/index.js';

/** Two dense layers with arctangents between them; 15,910 parameters. */
export default defineTestProblem({
  name: 'mnist_arctangent',
  description: 'two dense layers with arctangents on MNIST',
  dataset: 'mnist',
  inputShape: [1, 28, 28],
  defaults: { batchSize: 128, numEpochs: 10 },
  initial: { weights: truncatedNormal(0.03), biases: constantValue(0) },
  network: [flatten(), dense(20), arctangent(), dense(10, { output: true })],
  loss: softmaxCrossEntropy(),
});
`,
  rows: [
    {
      file: 'test/testproblem/definitions.test.ts',
      behind: 'const table: readonly Row[] = [',
      row: "  { name: 'mnist_arctangent', dataset: 'mnist', count: 15_910, epochs: 10, l2Reg: null, shapes: [...affine('dense1', 20, 784), ...affine('dense2', 10, 20)], initial: truncatedNormalOf(0.03, 0) },",
    },
  ],
};

const optimizer: Addition = {
  file: 'src/optimizer/named/arctangent-sgd.ts',
  text: `import { z } from 'zod';
import * as tensor from '../../tensor/index.js';
import { defineOptimizer } from '../define-optimizer.js';
import { learningRate } from '../hyperparameters.js';
import { chain, stateless } from '../transformation.js';
import { scaleByLearningRate } from '../transformations/scale-by-learning-rate.js';

/** Gradient descent with gradients that are bounded smoothly, θ ← θ − lr atan g. */
export default defineOptimizer({
  name: 'arctangent-sgd',
  className: 'ArctangentSGD',
  description: 'gradient descent along the arctangents of the gradient',
  hyperparameters: z.strictObject({ lr: learningRate().default(0.01) }),
  profile: { group: 'classical', gradients: 1, memory: 0, tune: ['lr'] },
  transformation: ({ lr }) => chain(stateless(tensor.atan), scaleByLearningRate(lr)),
});
`,
  rows: [
    {
      file: 'test/contract/optimizer-table.ts',
      behind: "  firstOrder('sgd', 0.01, [{ lr: -1 }]),",
      row: "  firstOrder('arctangent-sgd', 0.05),",
    },
  ],
};

/** Of the test problem's version: the command line, plans, run files, folders, identity and jobs know it by its row. */
const runOption: Addition = {
  rows: [
    {
      file: 'src/run-options/trained.ts',
      behind: 'export const TRAINED = {',
      row: "  smoothing: { part: 'identity', group: 'version', takes: number, placeholder: '<x>', help: 'smoothing of the labels', default: 0, later: true },",
    },
  ],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const NEEDED = ['src', 'testproblems', 'test', 'baselines', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'probprec-additions-'));
  for (const name of [...NEEDED, 'vitest.config.ts']) await cp(join(root, name), join(copy, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const { file, text = '', rows } of [operation, layer, testProblem, optimizer, runOption]) {
    if (file !== undefined) await writeFile(join(copy, file), text, { flag: 'wx' });
    for (const { file: changed, behind, row } of rows) {
      const before = await readFile(join(copy, changed), 'utf8');
      expect(
        before.split('\n').filter((line) => line === behind),
        `${changed}: ${behind}`,
      ).toHaveLength(1);
      await writeFile(join(copy, changed), before.replace(`${behind}\n`, `${behind}\n${row}\n`));
    }
  }
});
afterAll(() => rm(copy, { recursive: true }));

function node(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, PROBPREC_TESTS: 'all', NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
}

test('an addition is one file and one row, of an operation with one emitter for each engine', async () => {
  expect([optimizer, testProblem, layer, runOption].map(({ rows }) => rows.length)).toEqual([1, 1, 1, 1]);
  const emitters = operation.rows.filter(({ file }) => /^src\/engine\/\w+\/(emit\/)?elementwise\.ts$/.test(file));
  expect(operation.rows.length - emitters.length).toBe(1);
  expect(emitters.map(({ file }) => file.split('/')[2])).toEqual(['onnxruntime', 'tfjs', 'reference']);
  const contributing = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8');
  for (const promise of [
    '| an optimizer | its file in `src/optimizer/named/` | `test/contract/optimizer-table.ts` |',
    '| a test problem | its file in `testproblems/` | `test/testproblem/definitions.test.ts` |',
    '| a layer | its file in `src/testproblem/layers/` | `src/testproblem/layers/index.ts` |',
    '| an option of `run` | | `src/run-options/trained.ts` |',
    '| an operation | its file in `src/tensor/operations/`, one emitter for each engine | `src/tensor/vocabulary.ts` |',
  ]) {
    expect(contributing).toContain(promise);
  }
});

test('the copy compiles', { timeout: 120_000 }, () => {
  const { status, stdout } = node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test('every table of tests finds what was added, and it holds there', { timeout: 240_000 }, async () => {
  const files = [
    'test/tensor/derivatives.test.ts',
    'test/testproblem/layer-derivatives.test.ts',
    'test/testproblem/definitions.test.ts',
    'test/optimizer/profiles.test.ts',
    'test/contract/optimizers.nightly.test.ts',
    'test/contract/engine.nightly.test.ts',
  ];
  const names = '\\batan\\b|arctangent|has every test problem|has a row|the table is complete';
  const reports = ['--reporter=json', '--outputFile=tests.json'];
  const { status } = node('node_modules/vitest/vitest.mjs', 'run', ...files, '-t', names, ...reports);
  const report = JSON.parse(await readFile(join(copy, 'tests.json'), 'utf8')) as {
    readonly testResults: readonly {
      readonly name: string;
      readonly assertionResults: readonly {
        readonly fullName: string;
        readonly status: string;
        readonly failureMessages: readonly string[];
      }[];
    }[];
  };
  const results = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((result) => ({ file: name, ...result })),
  );
  expect(results.flatMap(({ failureMessages }) => failureMessages)).toEqual([]);
  expect(status).toBe(0);
  const passed = (pattern: RegExp) =>
    results.filter(({ status: state, fullName }) => state === 'passed' && pattern.test(fullName.replaceAll("'", '')))
      .length;
  expect(passed(/differences .*\batan$/)).toBe(1);
  expect(passed(/of layers .* arctangent$/)).toBe(1);
  expect(passed(/^mnist_arctangent is what it is said to be/)).toBe(1);
  expect(passed(/of mnist_arctangent.*have the spread|of mnist_arctangent are the same for one seed/)).toBeGreaterThan(
    1,
  );
  expect(passed(/^arctangent-sgd states its group/)).toBe(1);
  expect(passed(/^arctangent-sgd /)).toBeGreaterThan(5);
  // Value, gradient and Hessian-vector product on each engine that is here, JavaScript's and ONNX Runtime's at least.
  for (const engine of ['onnxruntime, as it comes', 'tfjs-cpu']) {
    const on = `${engine} computes what the oracle computes`;
    expect(results.filter(({ fullName, status: state }) => state === 'passed' && fullName.startsWith(on))).toHaveLength(
      2,
    );
  }
});

test.each(['onnxruntime', 'tfjs-cpu'])('the command lists them and trains with them on %s', async (engine) => {
  const main = 'dist/src/cli/main.js';
  expect(node(main, 'list', 'testproblems').stdout).toContain('mnist_arctangent ');
  expect(node(main, 'list', 'optimizers').stdout).toContain('arctangent-sgd ');
  const subject = ['--testproblem', 'mnist_arctangent', '--optimizer', 'arctangent-sgd', '--lr', '0.5'];
  const data = ['--data', 'synthetic', '--synthetic-size', '400', '--batch-size', '20', '--num-epochs', '2'];
  const { status, stdout, stderr } = node(main, 'run', ...subject, ...data, '--engine', engine, '--output-dir', engine);
  expect(status, stderr).toBe(0);
  const run = JSON.parse(await readFile(join(copy, stdout.trim()), 'utf8'));
  expect(run.status.state).toBe('completed');
  expect(run.train_losses.at(-1)).toBeLessThan(0.995 * run.train_losses[0]);
});

test('the row of an option is enough for command line, plan, jobs, run file, folder and identity', async () => {
  const main = 'dist/src/cli/main.js';
  const subject = ['--testproblem', 'mnist_logreg', '--optimizer', 'sgd', '--lr', '0.1'];
  const data = ['--data', 'synthetic', '--synthetic-size', '100', '--batch-size', '20', '--num-epochs', '0'];
  expect(node(main, 'run', '--help').stdout).toMatch(/--smoothing <x> +smoothing of the labels \(0\)/);
  const trained = async (...own: string[]) => {
    const { status, stdout, stderr } = node(main, 'run', ...subject, ...data, ...own, '--output-dir', 'smoothed');
    expect(status, stderr).toBe(0);
    return { path: stdout.trim(), run: JSON.parse(await readFile(join(copy, stdout.trim()), 'utf8')) };
  };
  const [usual, stated, other] = [
    await trained(),
    await trained('--smoothing', '0'),
    await trained('--smoothing', '0.5'),
  ];
  expect(stated.path).toBe(usual.path);
  expect(usual.run.configuration.smoothing).toBe(0);
  expect(other.run.configuration.smoothing).toBe(0.5);
  expect(other.run.configuration_hash).not.toBe(usual.run.configuration_hash);
  expect(other.path).toContain('__smoothing__5.e-01__');
  expect(node(main, 'run', ...subject, ...data, '--smoothing', '-1').stderr).toContain('--smoothing: found "-1"');
  const planned = node(main, 'sweep', 'plan', ...subject, ...data, '--smoothing', '0.5', '--output-dir', 'smoothed');
  expect(planned.status, planned.stderr).toBe(0);
  expect(await readFile(join(copy, 'plan.yaml'), 'utf8')).toMatch(/smoothing: 0\.5/);
  expect(node(main, 'sweep', 'status', 'plan.yaml').stdout).toMatch(/1 completed/);
  const commands = node(main, 'sweep', 'commands', 'plan.yaml', '-o', '-');
  expect(commands.stdout).toContain(' --smoothing 0.5 ');
});
