import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openReferenceEngine } from '../../src/engine/reference/engine.js';
import {
  checkTransformation,
  defineOptimizer,
  type OptimizerDefinition,
  openProblem,
  type TestProblem,
  type Transformation,
  z,
} from '../../src/index.js';
import { stripTypes } from '../../src/user-file/strip-types.js';
import { startOnToyB } from '../optimizer/toy-b.js';

const root = new URL('../../', import.meta.url);

/** The documents about users' files; those with other programs have tests of their own. */
const DOCUMENTS = [
  'README.md',
  'docs/library.md',
  'docs/networks.md',
  'docs/schedules.md',
  'docs/tutorial.md',
  'docs/user-files.md',
  'docs/writing-optimizers.md',
];

/** What stands before and behind a block that is part of a file, by words that it alone has. */
const AROUND: readonly {
  readonly has: string;
  readonly before: string;
  readonly after: string;
}[] = [
  {
    has: "learningRate: 'eta'",
    before: `import { chain, defineOptimizer, fraction, learningRate, positive, scaleByAdam, scaleByLearningRate, z } from 'probprec';
      export default defineOptimizer({ name: 'mine', className: 'Mine', description: 'mine',`,
    after: '});',
  },
  {
    has: "export default defineOptimizer({\n  name: 'sgd-restarts'",
    before: "import { defineOptimizer, learningRate, positiveInteger, scaleByLearningRate, z } from 'probprec';",
    after: '',
  },
  { has: 'const momentum =', before: "import { tensor } from 'probprec';", after: 'export default momentum(0.9);' },
  {
    has: 'const sharpnessAware =',
    before: "import { scaleByLearningRate, tensor } from 'probprec';",
    after: 'export default sharpnessAware(scaleByLearningRate(tensor.constant(0.1)), { rho: 0.05 });',
  },
  {
    has: "random('probe', 'rademacher', shape)",
    before: "import { tensor } from 'probprec'; export default { init: () => ({}),",
    after: 'return { updates: gradients.map((_, i) => tensor.multiply(probes[i], products[i])), state: {} }; } };',
  },
  {
    has: 'evaluationPoint: (state, parameters) => state.x',
    before: `export default { init: (x) => ({ x }), update: (updates, { state }) => ({ updates, state }),`,
    after: '};',
  },
  {
    has: 'linearAlgebra.power(matrix, -1 / 4)',
    before: `import { linearAlgebra, tensor } from 'probprec';
      export default { init: () => ({}), update: (updates, { onHost }) => {
        const sum = tensor.matmul(updates[0], updates[0], { transposeB: true });`,
    after: 'return { updates: updates.map((u, i) => (i === 0 ? tensor.matmul(root, u) : u)), state: {} }; } };',
  },
  {
    has: "own.parameter('gain'",
    before: `import { constantValue, defineTestProblem, dense, type Layer, softmaxCrossEntropy, tensor, xavierNormal } from 'probprec';`,
    after: `export default defineTestProblem({ name: 'mine', description: 'mine', dataset: 'none', inputShape: [3],
      defaults: { batchSize: 4, numEpochs: 1 }, initial: { weights: xavierNormal(), biases: constantValue(0) },
      network: [scale(), dense(10)], loss: softmaxCrossEntropy() });`,
  },
  {
    has: "scope.noise('epsilon'",
    before: `import { binaryCrossEntropies, constantValue, conv2d, defineTestProblem, dense, flatten, gaussianDivergences, relu, scoped,
      sequential, tensor, xavierNormal } from 'probprec';
      export default defineTestProblem({ name: 'mine', description: 'mine', dataset: 'none', inputShape: [1, 28, 28],
        defaults: { batchSize: 4, numEpochs: 1 }, initial: { weights: xavierNormal(), biases: constantValue(0) },`,
    after: '});',
  },
];

interface Block {
  readonly document: string;
  readonly language: string;
  readonly text: string;
}

async function blocksOf(document: string): Promise<Block[]> {
  const text = await readFile(new URL(document, root), 'utf8');
  return [...text.matchAll(/^```(js|ts)\n([\s\S]*?)^```/gm)].map(([, language = '', block = '']) => ({
    document,
    language,
    text: block,
  }));
}

const blocks = (await Promise.all(DOCUMENTS.map(blocksOf))).flat();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(import.meta.dirname, 'documented-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The block as a whole module; one that imports from examples/ finds them. */
async function moduleOf({ language, text }: Block, index: number): Promise<{ readonly default?: unknown }> {
  const around = AROUND.find(({ has }) => text.includes(has));
  const whole = around === undefined ? text : `${around.before}\n${text}\n${around.after}`;
  const path = join(folder, `${index}.mjs`);
  const code = language === 'ts' ? stripTypes(whole, `${path}.ts`) : whole;
  await writeFile(path, code.replaceAll("'../datasets/", "'../../../examples/datasets/"));
  return (await import(path)) as { readonly default?: unknown };
}

/** Values of hyperparameters without a default. */
const VALUES = { lr: 0.1, eta: 0.1, b1: 0.9, b2: 0.9, eps: 1e-8, beta: 0.5 };

async function trains(optimizer: OptimizerDefinition): Promise<void> {
  const own = Object.entries(VALUES).filter(([name]) => name in optimizer.hyperparameters.shape);
  const training = await startOnToyB(optimizer, Object.fromEntries(own));
  await training.beginEpoch(0, 1);
  const losses: number[] = [];
  for (let step = 0; step < 12; step++) losses.push(await training.step({}));
  expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] ?? 0));
}

/** The shapes of mnist_logreg in small. */
function updates(transformation: Transformation): void {
  const definition = defineOptimizer({
    name: 'mine',
    className: 'Mine',
    description: 'mine',
    hyperparameters: z.strictObject({}),
    learningRate: null,
    transformation: () => transformation,
  });
  checkTransformation('./mine.mjs', definition, {}, { shapes: [[2, 3], [2]] });
}

async function differentiates(problem: TestProblem): Promise<void> {
  const functions = await openProblem(problem, { engine: openReferenceEngine(), batchSize: 2 });
  const inputs = Float64Array.from(
    { length: 2 * problem.inputShape.reduce((n, m) => n * m, 1) },
    (_, i) => (i % 7) / 7,
  );
  const examples = { inputs, labels: problem.hasLabels ? [0, 1] : null };
  const { loss, gradient } = await functions.gradient(problem.initialParameters(1), examples);
  expect(loss).toBeGreaterThan(0);
  expect(gradient.every((array) => array.some((value) => value !== 0))).toBe(true);
}

/** Programs on fewer numbers, and on results that are here. */
function inSmall(text: string): string {
  return text
    .replaceAll('cifar10_3c3d', 'mnist_logreg')
    .replaceAll("'cifar10'", "'mnist'")
    .replaceAll('128', '4')
    .replace(
      "readResults(['results'])",
      `readResults([${JSON.stringify(fileURLToPath(new URL('test/results/version-1', root)))}])`,
    );
}

const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
beforeEach(() => {
  log.mockClear();
});

describe.each(DOCUMENTS)('the code of %s', (document) => {
  const own = blocks.filter((block) => block.document === document);

  test.each(own.map((block) => [block.text.split('\n').find((line) => line.trim() !== ''), block] as const))(
    '%s',
    async (_, block) => {
      const { default: made } = await moduleOf({ ...block, text: inSmall(block.text) }, blocks.indexOf(block));
      // A program says what it found; that it runs is what there is to see.
      if (made === undefined && log.mock.calls.length > 0) return;
      expect(made, `${block.text}: add what is around it to AROUND`).toBeTypeOf('object');
      const definition = made as object;
      if ('hyperparameters' in definition) return trains(definition as OptimizerDefinition);
      if ('build' in definition) return differentiates(definition as TestProblem);
      if ('open' in definition) return;
      updates(definition as Transformation);
    },
  );
});

test.each([
  ['docs/user-files.md', 'examples/testproblems/moons-mlp.mjs'],
  ['docs/user-files.md', 'examples/datasets/two-moons.ts'],
])('%s shows %s as it is', async (document, example) => {
  const text = await readFile(new URL(example, root), 'utf8');
  expect((await blocksOf(document)).map((block) => block.text)).toContain(text);
});
