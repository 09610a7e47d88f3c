import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/index.js';
import { hashProgram } from '../../src/tensor/index.js';
import { loadTestProblem, type TestProblem, testProblemNames } from '../../src/testproblem/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { deviations, type EngineCase, relativeDistance, tolerances } from './engine-case.js';
import { enginesUnderTest } from './engine-list.js';
import { derivativesCase, type ShortTraining, scaleOf, type TrainingResult, train } from './engine-training.js';

/** ε keeps Adam's first steps, g / (|g| + ε), from magnifying the rounding of vanishing gradients. */
const optimizers = [
  { optimizer: 'sgd', hyperparameters: { lr: 0.01 } },
  { optimizer: 'adam', hyperparameters: { lr: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 0.01 } },
] as const;
const batchSizes: Readonly<Record<string, number>> = {
  quadratic_deep: 4,
  mnist_logreg: 4,
  fmnist_logreg: 4,
  mnist_vae: 1,
  fmnist_vae: 1,
  cifar10_3c3d: 1,
  cifar10_3c3d_roos: 1,
};

/** Test problems with the same network and different images are one row. */
const rows = await (async () => {
  const byProgram = new Map<
    string,
    { name: string; problem: TestProblem; batchSize: number; derivatives: EngineCase }
  >();
  for (const name of testProblemNames()) {
    // Too large for the oracle on every engine; test/slow/large-networks.test.ts compares them with PyTorch.
    if (/allcnnc|wrn|vgg|cifar100_3c3d/.test(name)) continue;
    const problem = await loadTestProblem(name);
    const batchSize = batchSizes[name] ?? 2;
    const derivatives = derivativesCase(problem, batchSize);
    const key = hashProgram(derivatives.program);
    const same = byProgram.get(key);
    byProgram.set(
      key,
      same === undefined ? { name, problem, batchSize, derivatives } : { ...same, name: `${same.name}, ${name}` },
    );
  }
  return [...byProgram.values()];
})();

/** Short trainings; the oracle's results are computed once for all engines. */
const trainings = rows.flatMap(({ name, problem, batchSize }) =>
  optimizers.map((row) => {
    const training: ShortTraining = { problem, batchSize, steps: 2, ...row };
    let result: Promise<TrainingResult> | undefined;
    const expected = () => {
      result ??= train(openReferenceEngine(), training);
      return result;
    };
    return { name, optimizer: row.optimizer, training, expected };
  }),
);

function differences(found: TrainingResult, expected: TrainingResult): string[] {
  const losses = relativeDistance(found.losses, expected.losses);
  const arrays = Object.entries(expected.arrays).map(
    ([name, data]) => [name, relativeDistance(found.arrays[name], data, scaleOf(name, expected.arrays))] as const,
  );
  return [['losses', losses] as const, ...arrays].flatMap(([name, distance]) =>
    distance <= tolerances.value ? [] : [`${name}: off by ${distance}, allowed ${tolerances.value}`],
  );
}

/** Every parameter tensor filled with the value, or just the one at `index`. */
function poisoned({ parameters, initialParameters }: TestProblem, value: number, index: number | 'all') {
  const initial = initialParameters(1);
  return parameters.map((_, place) => {
    const own = initial[place] ?? new Float32Array();
    return index === 'all' || index === place ? own.map(() => value) : own;
  });
}

/** The networks that have everything which a way of lowering lowers: convolutions, pooling, dense layers. */
const lowered = /^(fmnist_2c2d|cifar10_3c3d\b(?!_)|mnist_logreg)/;

for (const { name, open, skipReason, slow = false, variant = false, smallOnly } of enginesUnderTest) {
  if (smallOnly) continue;
  const title = skipReason === null ? name : `${name}: skipped, ${skipReason}`;
  // cifar10_3c3d has every operation of the largest network.
  const most = rows.filter(({ name }) => (variant ? lowered.test(name) : !slow || !name.startsWith('fmnist_2c2d')));
  const chosen = trainings.filter(({ name, optimizer }) =>
    optimizer === 'sgd' ? !variant || lowered.test(name) : !variant && !slow && lowered.test(name),
  );
  describe.skipIf(skipReason !== null)(title, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open();
    });
    afterAll(() => engine.dispose());

    test.each(most)('loss, gradient and Hessian-vector product of $name', async ({ derivatives }) => {
      expect(await deviations(engine, derivatives)).toEqual([]);
    });

    test.each(chosen)('two steps of $optimizer on $name', async ({ training, expected }) => {
      expect(differences(await train(engine, training), await expected())).toEqual([]);
    });

    test.each(variant ? [] : most.filter(({ name }) => !slow || lowered.test(name)))(
      'non-finite parameters of $name give non-finite losses',
      async ({ problem, batchSize }) => {
        const sgd = { problem, batchSize, optimizer: 'sgd', hyperparameters: { lr: 0.1 } };
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const { losses } = await train(engine, { ...sgd, steps: 2, initial: poisoned(problem, value, 'all') });
          expect(losses.map(Number.isFinite), `${value} everywhere: ${losses}`).toEqual([false, false]);
        }
        const { parameters } = problem;
        for (const index of new Set([0, parameters.length - 1])) {
          const { losses } = await train(engine, { ...sgd, steps: 1, initial: poisoned(problem, Number.NaN, index) });
          expect(losses.map(Number.isFinite), `NaN in ${parameters[index]?.name}: ${losses}`).toEqual([false]);
        }
      },
    );
  });
}
