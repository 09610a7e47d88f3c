import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** What fails, in a line of its own. */
const FAILS = 'throw new RangeError("on purpose");';

const optimizer = (top: string, during: string) => `
import { chain, defineOptimizer, learningRate, scaleByLearningRate, tensor, z } from 'probprec';
${top}
const rule = { init: () => ({}), update: (updates, { scalar }) => {
  const one = scalar((t) => {
    ${during}
    return 1;
  });
  return { updates: updates.map((g) => tensor.multiply(g, one)), state: {} };
} };
export default defineOptimizer({ name: 'mine', className: 'Mine', description: 'mine',
  hyperparameters: z.strictObject({ lr: learningRate().default(0.1) }),
  transformation: () => chain(rule, scaleByLearningRate()) });
`;

const problem = (top: string, during: string) => `
import { constantValue, defineTestProblem, logisticRegression, softmaxCrossEntropy } from 'probprec';
${top}
export default defineTestProblem({ name: 'mine', description: 'mine', dataset: 'mnist', inputShape: [1, 28, 28],
  defaults: { batchSize: 7, numEpochs: 1 }, loss: softmaxCrossEntropy(), network: logisticRegression(10),
  initial: { biases: constantValue(0), weights: (_, [n, m]) => {
    ${during}
    return new Float32Array(n * m);
  } } });
`;

const dataset = (top: string, during: string) => `
import { defineDataset } from 'probprec';
${top}
const part = (n) => ({ inputs: new Float32Array(784 * n), labels: new Int32Array(n) });
export default defineDataset({ name: 'mine', description: 'mine', shape: [1, 28, 28], classes: 10,
  sizes: { train: 40, valid: 10, test: 10 },
  load: () => {
    ${during}
    return { train: part(50), test: part(10) };
  } });
`;

/** The option, what `list` calls such definitions, the part that fails, and the line. */
const kinds = {
  optimizer: { write: optimizer, list: 'optimizers', part: "the optimizer's step", line: 6 },
  testproblem: { write: problem, list: 'testproblems', part: "the test problem's initial values", line: 7 },
  dataset: { write: dataset, list: 'datasets', part: "the data set's load", line: 8 },
} as const;
type Kind = keyof typeof kinds;

/** Options that name a file as what it defines. */
function naming(kind: Kind, file: string, optimizers = '--optimizer'): string[] {
  const data = ['--data', 'synthetic', '--synthetic-size', '60'];
  if (kind === 'optimizer') return ['--testproblem', 'mnist_logreg', optimizers, file, ...data];
  if (kind === 'testproblem') return ['--testproblem', file, optimizers, 'sgd', ...data];
  return ['--testproblem', 'mnist_logreg', '--dataset', file, optimizers, 'sgd'];
}

function plan(kind: Kind, file: string): string {
  const data = kind === 'dataset' ? `dataset: ${file}` : 'data: synthetic, synthetic_size: 60';
  return `{ testproblems: ${kind === 'testproblem' ? file : 'mnist_logreg'}, optimizers: ${kind === 'optimizer' ? file : 'sgd'},
    settings: { lr: 0.1 }, seeds: 1, options: { ${data}, num_epochs: 1, batch_size: 7 }, output_dir: r }`;
}

const training = ['--batch-size', '7', '--threads', '1', '--quiet'];

/** Commands that load a definition. */
const loading = (kind: Kind, file: string): string[][] => [
  ['run', ...naming(kind, file), ...training],
  ...(kind === 'optimizer' ? [['run', ...naming(kind, file), '--help']] : []),
  ['runtime', ...naming(kind, file, '--optimizers'), ...training],
  ['curvature', ...naming(kind, file), '--at', '3', ...training],
  ['list', kinds[kind].list, file],
  ['check', file],
  ['sweep', 'plan', ...naming(kind, file), '--batch-size', '7', '-o', 'new.yaml'],
  ...[
    ['sweep', 'status'],
    ['sweep', 'best'],
    ['sweep', 'commands', '-o', '-'],
    ['sweep', 'rerun-best', '--seeds', '3', '-o', 'new.yaml'],
    ['sweep', 'run', '--quiet'],
    ['compare', '--plan'],
    ['report', '-o', 'new.html', '--plan'],
    ['plot', 'finals', '-o', 'new.svg', '--plan'],
  ].map((command) => [...command, `load-${kind}.yaml`, '--allow-user-code']),
];

/** Commands that train with it. */
const using = (kind: Kind, file: string): string[][] => [
  ['run', ...naming(kind, file), ...training, '--num-epochs', '1'],
  ['runtime', ...naming(kind, file, '--optimizers'), ...training, '--num-epochs', '1', '--repeats', '1'],
  ['curvature', ...naming(kind, file), '--at', '3', ...training],
  ['check', file],
  ['sweep', 'run', `use-${kind}.yaml`, '--allow-user-code', '--quiet', '--jobs', '1'],
];

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One process for all commands: each is the program from its arguments to its exit code. */
const program = (commands: readonly (readonly string[])[]) => `
import { reportFailure } from ${JSON.stringify(built('cli/failure.js'))};
import { createProgram } from ${JSON.stringify(built('cli/program.js'))};
for (const args of ${JSON.stringify(commands)}) {
  const [out, err] = [[], []];
  const terminal = { interactive: false, width: 120, messageWidth: 10_000, heading: (text) => text, transient() {},
    result: (text) => out.push(text), line: (text) => err.push(text) };
  process.exitCode = 0;
  try { await createProgram(terminal).parseAsync(['node', 'probprec', ...args]); }
  catch (error) { process.exitCode = reportFailure(error, terminal, false); }
  console.log(JSON.stringify({ code: process.exitCode, stdout: out.join('\\n'), stderr: err.join('\\n') }));
}
process.exitCode = 0;
`;

function built(name: string): string {
  return fileURLToPath(new URL(`../../dist/src/${name}`, import.meta.url));
}

let folder: string;
const results = new Map<string, Result>();
const cases = (Object.keys(kinds) as Kind[]).flatMap((kind) => [
  ...loading(kind, `./load-${kind}.mjs`).map((args) => ({ kind, place: `load-${kind}.mjs:3`, loads: true, args })),
  ...using(kind, `./use-${kind}.mjs`).map((args) => ({
    kind,
    place: `use-${kind}.mjs:${kinds[kind].line}`,
    loads: false,
    args,
  })),
]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-every-command-'));
  for (const kind of Object.keys(kinds) as Kind[]) {
    const { write } = kinds[kind];
    await writeFile(join(folder, `load-${kind}.mjs`), write(FAILS, ''));
    await writeFile(join(folder, `use-${kind}.mjs`), write('', FAILS));
    await writeFile(join(folder, `load-${kind}.yaml`), plan(kind, `./load-${kind}.mjs`));
    await writeFile(join(folder, `use-${kind}.yaml`), plan(kind, `./use-${kind}.mjs`));
  }
  const script = join(folder, 'program.mjs');
  await writeFile(script, program(cases.map(({ args }) => args)));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: folder, maxBuffer: 1e8 });
  for (const [index, line] of stdout.trimEnd().split('\n').entries()) {
    results.set(cases[index]?.args.join(' ') ?? '', JSON.parse(line) as Result);
  }
}, 240_000);
afterAll(() => rm(folder, { recursive: true }));

test.each(cases)("$args.0 $args.1 calls it the user's, with file and line ($place)", ({ kind, place, loads, args }) => {
  const { code, stdout, stderr } = results.get(args.join(' ')) as Result;
  const text = args[0] === 'check' ? stdout : stderr;
  const said = text.split('\n').filter((line) => line.includes('on purpose'));
  expect(said, text).toHaveLength(1);
  expect(said[0]).toContain(`${place}: RangeError: on purpose${loads ? '' : ` (in ${kinds[kind].part})`}`);
  expect(stderr + stdout).not.toMatch(/defect|^ +at /m);
  // What cannot be loaded is a wrong argument; what fails while it works has failed.
  expect(code).toBe(loads && args[0] !== 'check' ? 2 : 1);
});
