import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** An optimizer with a training of its own that keeps a velocity; what it saves and restores is up to `saved`. */
const training = (saved: string, more = '') => `
import { learningRate, tensor, z } from 'probprec';
let shared = 0;
export default {
  name: 'mine', className: 'Mine', description: 'mine',
  hyperparameters: z.strictObject({ lr: learningRate().default(0.1) }),
  async start(task, { lr }) {
    const { engine, problem, parameterNames } = task;
    const shapes = problem.parameters.map(({ shape }) => shape);
    const velocities = shapes.map((shape, i) => tensor.input('velocity/' + i, shape));
    const rate = tensor.input('rate', []);
    const gradients = tensor.gradients(problem.loss, problem.parameters);
    const outputs = { loss: problem.loss };
    for (const [i, parameter] of problem.parameters.entries()) {
      const velocity = tensor.add(tensor.multiply(velocities[i], 0.9), gradients[i]);
      outputs['velocity/' + i] = velocity;
      outputs['parameter/' + i] = tensor.subtract(parameter, tensor.multiply(velocity, rate));
    }
    const executable = await engine.compile(tensor.program(outputs));
    const zeros = () => shapes.map((shape) => engine.upload(new Float32Array(tensor.sizeOf(shape)), shape));
    let [parameters, state, factor, t] = [task.initialParameters, zeros(), 1, 0];
    return {
      compileSeconds: 0,
      get parameters() { return parameters; },
      async beginEpoch(epoch, lrFactor) { factor = lrFactor; },
      async step(batch) {
        t += 1;
        ${more}
        const feeds = { ...task.constants, ...batch, rate: engine.upload(Float32Array.of(lr * factor), []) };
        shapes.forEach((_, i) => {
          feeds['parameter/' + parameterNames[i]] = parameters[i];
          feeds['velocity/' + i] = state[i];
        });
        const results = await executable.run(feeds);
        parameters = shapes.map((_, i) => results['parameter/' + i]);
        state = shapes.map((_, i) => results['velocity/' + i]);
        return (await engine.download(results.loss))[0];
      },
      async endEpoch() { return null; },
      note: () => null,
      async save() {
        const arrays = {};
        for (const [i, value] of parameters.entries()) arrays['p' + i] = await engine.download(value);
        for (const [i, value] of state.entries()) arrays['v' + i] = await engine.download(value);
        return { arrays, values: { t } };
      },
      async restore({ arrays, values }) {
        const list = (kind) => shapes.map((shape, i) => engine.upload(arrays[kind + i], shape));
        parameters = list('p');
        state = list('v');
        t = values.t;
      },
      ${saved}
    };
  },
};
`;
const goesOn = 'async continueEpoch(epoch, lrFactor) { factor = lrFactor; },';

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
    /name: found "adam", the name of a registered optimizer.* \(named\.mjs:4\)$/,
  ],
  [
    'option.mjs',
    optimizer('stateless((g) => g)', { fields: 'seed: z.int().default(1)' }),
    /hyperparameter seed: --seed is an option of probprec run.* \(option\.mjs:5\)$/,
  ],
  [
    'open.mjs',
    optimizer('stateless((g) => g)', { fields: 'decay: z.any().default(1)' }),
    /open\.mjs:5: hyperparameter decay: it takes .* expected a type such as z\.number\(\)/,
  ],
  [
    'math.mjs',
    optimizer(rule('return { updates: gradients.map((g) => Math.sign(g)), state: {} };')),
    /math\.mjs:6: a tensor stands where a number is expected; Math\.… and JavaScript's operators know no tensors/,
  ],
  [
    'operator.mjs',
    optimizer('stateless((g) => tensor.multiply(g, g * 2))'),
    /operator\.mjs:6: a tensor stands where a number is expected; Math\.… and JavaScript's operators know no tensors/,
  ],
  [
    'nan.mjs',
    optimizer('stateless((g) => tensor.multiply(g, 0 / 0))'),
    /the number NaN is part of its update; .* \(nan\.mjs:6\)$/,
  ],
  [
    'later.mjs',
    optimizer(
      rule(
        'const s = scalar((t) => (t === 7 ? Infinity : 1)); return { updates: gradients.map((g) => tensor.multiply(g, s)), state: {} };',
      ),
    ),
    /later\.mjs:6: the loss of step 8 is NaN$/,
  ],
  [
    'third.mjs',
    optimizer(
      rule(
        'const s = scalar((t) => {\n  if (t === 3) throw new RangeError("no third step");\n  return 1;\n}); return { updates: gradients.map((g) => tensor.multiply(g, s)), state: {} };',
      ),
    ),
    /third\.mjs:7: RangeError: no third step \(in the optimizer's step\)$/,
  ],
  [
    'state.mjs',
    optimizer(rule('return { updates: gradients.map((g, i) => tensor.add(g, state.velocity[i])), state: {} };')),
    /state\.mjs:\d+: TypeError.*|it reads the state velocity, which its init does not return/,
  ],
  [
    'forgotten.mjs',
    optimizer(rule('return { updates: gradients, state: {} };', '({ v: tensor.zeros([2]) })')),
    /its update does not return the state .*v, which its init returns \(forgotten\.mjs:6\)$/,
  ],
  [
    'shape.mjs',
    optimizer('stateless((g) => tensor.sum(g))'),
    /its update of a parameter of shape \[6, 4\] is a tensor of type float and shape \[\], expected .* \(shape\.mjs:6\)$/,
  ],
  [
    'few.mjs',
    optimizer(rule('return { updates: gradients.slice(1), state: {} };')),
    /its update returns 3 updates for 4 parameters, expected one for each \(few\.mjs:6\)$/,
  ],
  [
    'random.mjs',
    optimizer(
      rule(
        'const s = scalar(() => Math.random()); return { updates: gradients.map((g) => tensor.multiply(g, s)), state: {} };',
      ),
    ),
    /two runs with one seed differ: the loss of step 2 of epoch 1 is .*; random\.mjs:6 calls Math\.random\(\)$/,
  ],
  [
    'clock.mjs',
    optimizer(
      rule(
        'const s = scalar(() => 1 + (Date.now() % 7)); return { updates: gradients.map((g) => tensor.multiply(g, s)), state: {} };',
      ),
    ),
    /two runs with one seed differ: .*; clock\.mjs:6 calls Date\.now\(\)$/,
  ],
  [
    'shared.mjs',
    optimizer(
      rule(
        'const s = scalar(() => 1 / ++count); return { updates: gradients.map((g) => tensor.multiply(g, s)), state: {} };',
      ),
    ),
    /two runs with one seed differ: .*; is there a variable outside of the state, which the second run finds changed\?$/,
  ],
  [
    // Only another process shows it: in this one the variable is still there.
    'outside.mjs',
    optimizer(
      rule(
        'const s = scalar((t) => { if (t === 1) count = 0; return 1 / ++count; }); return { updates: gradients.map((g) => tensor.multiply(g, s)), state: {} };',
      ),
    ),
    /a run that resumes after step \d+ of epoch 1 differs from one that was not stopped: the loss of step \d+ of epoch \d.*a variable outside of the state\?$/,
  ],
  [
    'unsaved.mjs',
    training(goesOn.replace('factor = lrFactor;', '')),
    /a run that resumes after step 1 of epoch 2 differs from one that was not stopped: the loss of step 3 of epoch 2/,
  ],
  [
    'lost.mjs',
    training(
      `${goesOn} async save() { const arrays = {}; for (const [i, v] of parameters.entries()) arrays['p' + i] = await engine.download(v); return { arrays, values: {} }; },
      async restore({ arrays }) { parameters = shapes.map((shape, i) => engine.upload(arrays['p' + i], shape)); state = zeros(); },`,
    ),
    /a run that resumes after step 1 of epoch 1 differs from one that was not stopped: .*a state that save\(\) leaves out/,
  ],
  [
    'between.mjs',
    training(
      `async save() { const arrays = {}; for (const [i, v] of parameters.entries()) arrays['p' + i] = await engine.download(v); return { arrays, values: {} }; },
      async restore({ arrays }) { parameters = shapes.map((shape, i) => engine.upload(arrays['p' + i], shape)); state = zeros(); },`,
    ),
    /a run that resumes after epoch 1 differs from one that was not stopped/,
  ],
  [
    'saving.mjs',
    training(
      `${goesOn} async save() { state = zeros(); return { arrays: { p: new Float32Array(1) }, values: {} }; }, async restore() {},`,
    ),
    /its save\(\) changes the training/,
  ],
  [
    'faulty.mjs',
    training(goesOn, 'if (t === 3) undefined.x;'),
    /faulty\.mjs:\d+: TypeError: .*\(in the optimizer's step\)$/,
  ],
  [
    'word.mjs',
    training(goesOn, 'if (t === 3) return "low";'),
    /word\.mjs:\d+: its step returns "low", expected the loss of the minibatch, a number/,
  ],
  ['broken.ts', 'export default {\n  name: string = 3,,\n};', /broken\.ts:2: /],
  [
    'flat.mjs',
    problem('network: [dense(10)]'),
    /flat\.mjs:\d+: dense\(10\): the input has shape \[1,28,28\]; put flatten\(\) before it/,
  ],
  [
    'scalar.mjs',
    problem('loss: (outputs) => ({ loss: outputs })'),
    /its loss has the shape \[4,10\], expected a scalar \(scalar\.mjs:\d+\)$/,
  ],
  [
    'number.mjs',
    problem('loss: (outputs) => ({ loss: Math.exp(outputs) })'),
    /number\.mjs:6: a tensor stands where a number is expected/,
  ],
  [
    'inside.mjs',
    problem('loss: (outputs) => ({ loss: tensor.mean(tensor.multiply(outputs, Math.exp(outputs))) })'),
    /inside\.mjs:6: a tensor stands where a number is expected/,
  ],
  [
    'initial.mjs',
    problem(
      'initial: { weights: (_, [a, b]) => Float32Array.from({ length: a * b }, () => Math.random()), biases: constantValue(0) }',
    ),
    /initial\.mjs:5: the initial values of dense1\.weight differ from call to call; draw them from the stream, .*; initial\.mjs:6 calls Math\.random\(\)$/,
  ],
  [
    'short.mjs',
    problem('initial: { weights: () => new Float32Array(3), biases: constantValue(0) }'),
    /short\.mjs:5: the initial values of dense1\.weight are 3, expected 7840 for \[10,784\]/,
  ],
  [
    'stopped.mjs',
    problem(
      'loss: (outputs, batch) => ({ loss: tensor.mean(tensor.multiply(outputs, tensor.stopGradient(outputs))) })',
    ),
    /stopped\.mjs:\d: along a random direction its gradient gives the slope .* differences of the loss .*; is there a stopGradient/,
  ],
  [
    // The stopped part is a hundred-thousandth of the loss.
    'hardly.mjs',
    problem(
      'loss: (outputs, batch) => { const square = tensor.mean(tensor.multiply(outputs, outputs)); return { loss: tensor.add(square, tensor.multiply(tensor.stopGradient(square), 1e-5)) }; }',
    ),
    /hardly\.mjs:\d: along a random direction its gradient gives the slope/,
  ],
  [
    // The gradient is right, and its own derivative is not: the factor x of x · stop(x) + ½ stop(x)² − stop(½ x²)… is 2x.
    'second.mjs',
    problem(
      'network: (scope, x) => { const y = dense(10)(scope, flatten()(scope, x)); return tensor.multiply(y, tensor.stopGradient(y)); }, loss: (outputs) => ({ loss: tensor.mean(outputs) })',
    ),
    /second\.mjs:\d: (along a random direction|its Hessian-vector product)/,
  ],
  [
    'single.mjs',
    problem(
      'loss: (outputs) => ({ loss: tensor.mean(tensor.log(tensor.sum(tensor.exp(tensor.add(tensor.multiply(outputs, 1), 120)), [1]))) })',
    ),
    /single\.mjs:\d: (in single precision its gradient is|its loss on random examples is Infinity)/,
  ],
  [
    'unused.mjs',
    problem(
      'network: (scope, x) => { dense(3)(scope, flatten()(scope, x)); return dense(10)(scope, flatten()(scope, x)); }',
    ),
    /unused\.mjs:\d: its loss does not depend on the parameter dense1\.weight/,
  ],
  [
    'misfit.mjs',
    problem('inputShape: [3, 32, 32]'),
    /misfit\.mjs:\d: .*found examples of shape \[1,28,28\], but mine expects \[3,32,32\]/,
  ],
  [
    'label.mjs',
    dataset(
      'load: () => ({ train: { ...part(10), labels: Int32Array.of(0, 1, 2, 0, 0, 0, 0, 0, 0, 0) }, test: part(2) })',
    ),
    /label\.mjs:5: the part train: found the label 2 at example 2, expected whole numbers from 0 to 1/,
  ],
  [
    'size.mjs',
    dataset('load: () => ({ train: part(9), test: part(2) })'),
    /size\.mjs:5: the part train: found 18 inputs, expected 20: 10 examples with 2 each/,
  ],
  [
    'drawn.mjs',
    dataset(
      'load: () => ({ train: { ...part(10), inputs: Float32Array.from({ length: 20 }, () => Math.random()) }, test: part(2) })',
    ),
    /drawn\.mjs:5: data set mine: loaded twice it has other values; draw them from fixed seeds; drawn\.mjs:5 calls Math\.random\(\)$/,
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
