import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FileCheck } from '../../src/check/index.js';
import { command } from '../cli/command.js';

const optimizer = (transformation: string, { names = "name: 'mine', className: 'Mine'", fields = '' } = {}) => `
import { chain, defineOptimizer, learningRate, scaleByLearningRate, stateless, tensor, z } from 'probprec';
let count = 0;
export default defineOptimizer({ ${names}, description: 'mine',
  hyperparameters: z.strictObject({ lr: learningRate().default(0.1), ${fields} }),
  transformation: () => chain(${transformation}, scaleByLearningRate()),
});
`;
const rule = (body: string, init = '({})') =>
  `{ init: (parameters) => ${init}, update: (gradients, { state, scalar }) => { ${body} } }`;

const problem = (statement: string, more = '') => `
import { constantValue, defineTestProblem, dense, flatten, softmaxCrossEntropy, tensor, xavierNormal } from 'probprec';
const parts = { loss: softmaxCrossEntropy(), network: [flatten(), dense(10)] };
export default defineTestProblem({ name: 'mine', description: 'mine', dataset: 'mnist', inputShape: [1, 28, 28],
  defaults: { batchSize: 8, numEpochs: 1 }, initial: { weights: xavierNormal(), biases: constantValue(0) },
  ...parts, ${statement} });
${more}`;

const dataset = (statement: string) => `
import { defineDataset } from 'probprec';
const part = (n) => ({ inputs: new Float32Array(2 * n), labels: new Int32Array(n) });
export default defineDataset({ name: 'mine', description: 'mine', shape: [2], classes: 2, sizes: { train: 8, valid: 2, test: 2 },
  load: () => ({ train: part(10), test: part(2) }), ${statement} });
`;

/** Each file with one mistake, and the one sentence that says it. */
const wrong: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ['throws.mjs', '\nthrow new TypeError("no");', /the module does not load: throws\.mjs:2: TypeError: no$/],
  [
    'nothing.mjs',
    'export const a = 1;',
    /nothing\.mjs: its default export is no definition; expected the result of defineOptimizer/,
  ],
  ['import.mjs', "import './gone.mjs';", /import\.mjs.*:1: it imports "\.\/gone\.mjs", which does not exist$/],
  ['syntax.mjs', 'export default {', /syntax\.mjs.*SyntaxError: Unexpected end of input/],
  ['enum.ts', 'enum A { B }\nexport default A;', /enum\.ts:1: TypeScript enum is not supported in strip-only mode/],
  [
    'named.mjs',
    optimizer('stateless((g) => g)', { names: "name: 'adam', className: 'Mine'" }),
    /name: found "adam", the name of a registered optimizer/,
  ],
  [
    'option.mjs',
    optimizer('stateless((g) => g)', { fields: 'seed: z.int().default(1)' }),
    /hyperparameter seed: --seed is an option of probprec run/,
  ],
  [
    'open.mjs',
    optimizer('stateless((g) => g)', { fields: 'decay: z.any().default(1)' }),
    /hyperparameter decay: it takes .* expected a type such as z\.number\(\)/,
  ],
  [
    'math.mjs',
    optimizer(rule('return { updates: gradients.map((g) => Math.sign(g)), state: {} };')),
    /is NaN|the number NaN.*Math\.… and JavaScript's operators know no tensors/,
  ],
  [
    'operator.mjs',
    optimizer('stateless((g) => tensor.multiply(g, g * 2))'),
    /the number NaN is part of its update; Math\.… and JavaScript's operators know no tensors/,
  ],
  [
    'state.mjs',
    optimizer(rule('return { updates: gradients.map((g, i) => tensor.add(g, state.velocity[i])), state: {} };')),
    /state\.mjs:\d+: TypeError.*|it reads the state velocity, which its init does not return/,
  ],
  [
    'forgotten.mjs',
    optimizer(rule('return { updates: gradients, state: {} };', '({ v: tensor.zeros([2]) })')),
    /its update does not return the state .*v, which its init returns/,
  ],
  [
    'shape.mjs',
    optimizer('stateless((g) => tensor.sum(g))'),
    /its update of a parameter of shape \[6, 4\] is a tensor of type float and shape \[\], expected/,
  ],
  [
    'few.mjs',
    optimizer(rule('return { updates: gradients.slice(1), state: {} };')),
    /its update returns 3 updates for 4 parameters, expected one for each/,
  ],
  [
    'random.mjs',
    optimizer(
      rule(
        'const s = scalar(() => Math.random()); return { updates: gradients.map((g) => tensor.multiply(g, s)), state: {} };',
      ),
    ),
    /two runs with one seed differ/,
  ],
  [
    'flat.mjs',
    problem('network: [dense(10)]'),
    /flat\.mjs:\d+: dense\(10\): the input has shape \[1,28,28\]; put flatten\(\) before it/,
  ],
  [
    'scalar.mjs',
    problem('loss: (outputs) => ({ loss: outputs })'),
    /its loss has the shape \[4,10\], expected a scalar/,
  ],
  [
    'number.mjs',
    problem('loss: (outputs) => ({ loss: Math.exp(outputs) })'),
    /its loss is NaN, expected a tensor; use tensor\.mean|number\.mjs.*TypeError/,
  ],
  [
    'inside.mjs',
    problem('loss: (outputs) => ({ loss: tensor.mean(tensor.multiply(outputs, Math.exp(outputs))) })'),
    /the number NaN is part of its loss/,
  ],
  [
    'initial.mjs',
    problem(
      'initial: { weights: (_, [a, b]) => Float32Array.from({ length: a * b }, () => Math.random()), biases: constantValue(0) }',
    ),
    /the initial values of dense1\.weight differ from call to call; draw them from the stream/,
  ],
  [
    'short.mjs',
    problem('initial: { weights: () => new Float32Array(3), biases: constantValue(0) }'),
    /the initial values of dense1\.weight are 3, expected 7840 for \[10,784\]/,
  ],
  [
    'stopped.mjs',
    problem(
      'loss: (outputs, batch) => ({ loss: tensor.mean(tensor.multiply(outputs, tensor.stopGradient(outputs))) })',
    ),
    /its gradient gives the slope .* differences of the loss .*; is there a stopGradient/,
  ],
  [
    'unused.mjs',
    problem(
      'network: (scope, x) => { dense(3)(scope, flatten()(scope, x)); return dense(10)(scope, flatten()(scope, x)); }',
    ),
    /its loss does not depend on the parameter dense1\.weight/,
  ],
  [
    'misfit.mjs',
    problem('inputShape: [3, 32, 32]'),
    /found examples of shape \[1,28,28\], but mine expects \[3,32,32\]/,
  ],
  [
    'label.mjs',
    dataset(
      'load: () => ({ train: { ...part(10), labels: Int32Array.of(0, 1, 2, 0, 0, 0, 0, 0, 0, 0) }, test: part(2) })',
    ),
    /the part train: found the label 2 at example 2, expected whole numbers from 0 to 1/,
  ],
  [
    'size.mjs',
    dataset('load: () => ({ train: part(9), test: part(2) })'),
    /the part train: found 18 inputs, expected 20: 10 examples with 2 each/,
  ],
  [
    'drawn.mjs',
    dataset(
      'load: () => ({ train: { ...part(10), inputs: Float32Array.from({ length: 20 }, () => Math.random()) }, test: part(2) })',
    ),
    /data set mine: loaded twice it has other values; draw them from fixed seeds/,
  ],
  [
    'tokens.mjs',
    dataset("inputType: 'int'"),
    /data set mine: vocabulary: found null, expected how many tokens there are/,
  ],
];

let folder: string;
let checks: readonly (FileCheck & { readonly file: string })[];
let code: number | null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-check-'));
  for (const [name, text] of wrong) await writeFile(join(folder, name), text);
  const result = await command(['check', '--json', ...wrong.map(([name]) => `./${name}`)], { cwd: folder });
  code = result.code;
  checks = JSON.parse(result.stdout);
}, 240_000);
afterAll(() => rm(folder, { recursive: true }));

test.each(wrong)('%s is told what is wrong in one sentence', (name, _, message) => {
  const faults = checks
    .find(({ file }) => file === `./${name}`)
    ?.findings.flatMap(({ fault }) => (fault === null ? [] : [fault]));
  expect(faults?.[0]).toMatch(message);
  expect(faults?.[0]).not.toMatch(/defect|\n/);
});

test('and the exit code is 1', () => {
  expect(code).toBe(1);
});

test('nothing is wrong with the examples', { timeout: 240_000 }, async () => {
  const names = ['adahessian', 'dog', 'lookahead-adam', 'newton-cg', 'sam', 'schedule-free-sgd', 'sps'];
  const examples = names.map((name) =>
    fileURLToPath(new URL(`../../examples/optimizers/${name}.mjs`, import.meta.url)),
  );
  const { code: exit, stdout } = await command(['check', ...examples]);
  expect(stdout).not.toContain('wrong');
  expect(exit).toBe(0);
});
