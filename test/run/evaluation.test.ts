import { describe, expect, test } from 'vitest';
import type { Batch, DataSplit, Phase } from '../../src/dataset/index.js';
import { Evaluator, uploadBatch } from '../../src/run/evaluation.js';
import { openProblem } from '../../src/run/index.js';
import * as t from '../../src/tensor/index.js';
import * as p from '../../src/testproblem/index.js';
import { evaluate, openReferenceEngine } from '../oracle/reference-engine.js';

const common = {
  name: 'small',
  description: '',
  dataset: 'none',
  defaults: { batchSize: 2, numEpochs: 1 },
  initial: { weights: p.uniformValues(1), biases: p.constantValue(0.1) },
};
const engine = openReferenceEngine();

/** Batches of the given sizes with inputs 0, 0.1, 0.2, …, or tokens below 3, and labels below 2. */
function splitOf(problem: p.TestProblem, sizes: readonly number[]): DataSplit {
  let next = 0;
  const batches: Batch[] = sizes.map((size) => {
    const count = size * t.sizeOf(problem.inputShape);
    const numbers = Array.from({ length: count }, () => next++);
    const labels = Int32Array.from({ length: size * t.sizeOf(problem.labelShape) }, (_, index) => (index + size) % 2);
    const inputs =
      problem.inputType === 'int'
        ? Int32Array.from(numbers, (number) => number % 3)
        : Float32Array.from(numbers, (number) => 0.1 * number);
    return { size, inputs, labels: problem.hasLabels ? labels : null };
  });
  const none = { train: 0, valid: 0, trainEval: 0, test: 0 };
  return {
    sizes: none,
    trainingSteps: () => 0,
    async *trainingBatches() {},
    async *evaluationBatches() {
      yield* batches;
    },
  };
}

function valuesOf(problem: p.TestProblem, states: Readonly<Record<string, number>> = {}) {
  const initial = problem.initialParameters(1);
  const arrays = problem.parameters.map(
    ({ name, shape }, index) => [`parameter/${name}`, initial[index], shape] as const,
  );
  const ofStates = problem.build(2).states.flatMap(({ name, shape }) => {
    const value = states[name];
    return value === undefined
      ? []
      : [[`modelState/${name}`, new Float32Array(t.sizeOf(shape)).fill(value), shape] as const];
  });
  const all = [...arrays, ...ofStates].map(([name, data, shape]) => [name, data ?? new Float32Array(), shape] as const);
  return {
    plain: Object.fromEntries(all.map(([name, data]) => [name, data])),
    uploaded: Object.fromEntries(all.map(([name, data, shape]) => [name, engine.upload(data, shape)])),
  };
}

function measure(
  problem: p.TestProblem,
  sizes: readonly number[],
  values: ReturnType<typeof valuesOf>,
  epoch = 1,
  phase: Phase = 'test',
) {
  const evaluator = new Evaluator(engine, problem, {}, { l2Reg: 0, protocol: 'probprec', batchSize: 2, seed: 5 });
  return evaluator.measure(splitOf(problem, sizes), phase, epoch, values.uploaded);
}

/** The batches of a split as plain numbers for the oracle. */
async function plainBatches(problem: p.TestProblem, sizes: readonly number[]) {
  const batches: Record<string, Int32Array | Float32Array>[] = [];
  for await (const { inputs, labels } of splitOf(problem, sizes).evaluationBatches('test', 0, 2)) {
    batches.push(labels === null ? { inputs } : { inputs, labels });
  }
  return batches;
}

describe('an evaluation', () => {
  test('uses the running statistics of the training, which it leaves as they are, and drops nothing out', async () => {
    const network = [p.batchNorm(), p.dense(4), p.dropout(0.9), p.dense(2)];
    const problem = p.defineTestProblem({ ...common, inputShape: [3], network, loss: p.softmaxCrossEntropy() });
    const values = valuesOf(problem, { 'norm1.mean': 0.5, 'norm1.variance': 4 });
    const found = await measure(problem, [4, 2], values);
    const losses = (await plainBatches(problem, [4, 2])).map((batch, index) => {
      const { loss, accuracy } = problem.build(index === 0 ? 4 : 2, { mode: 'eval' });
      return evaluate({ loss, accuracy: accuracy ?? loss }, { ...values.plain, ...batch });
    });
    const mean = (name: string) => (4 * (losses[0]?.[name]?.[0] ?? 0) + 2 * (losses[1]?.[name]?.[0] ?? 0)) / 6;
    expect(found.loss).toBeCloseTo(mean('loss'), 12);
    expect(found.accuracy).toBeCloseTo(mean('accuracy'), 12);
    expect(found).not.toHaveProperty('metrics');
    const other = await measure(problem, [4, 2], valuesOf(problem, { 'norm1.mean': 0.5, 'norm1.variance': 1 }));
    expect(other.loss).not.toBeCloseTo(found.loss, 3);
    expect(await measure(problem, [4, 2], values)).toEqual(found);
  });

  test('carries the state of a recurrent network from batch to batch, from its initial value on', async () => {
    const problem = p.defineTestProblem({
      ...common,
      inputShape: [3],
      inputType: 'int',
      labelShape: [3],
      network: [p.embedding(3, 2), p.lstm(2), p.perPosition(p.dense(2))],
      loss: p.softmaxCrossEntropy(),
    });
    // Training's own state is not the evaluation's.
    const values = valuesOf(problem, { 'lstm1.hiddenState': 0.7, 'lstm1.cellState': 0.7 });
    const { loss, nextStates } = problem.build(2, { mode: 'eval' });
    let states: Record<string, Float64Array> = {
      'modelState/lstm1.hiddenState': new Float64Array(4),
      'modelState/lstm1.cellState': new Float64Array(4),
    };
    let total = 0;
    for (const batch of await plainBatches(problem, [2, 2, 2])) {
      const results = evaluate({ loss, ...nextStates }, { ...values.plain, ...batch, ...states });
      total += (results.loss?.[0] ?? Number.NaN) / 3;
      states = Object.fromEntries(
        Object.keys(nextStates).map((name) => [`modelState/${name}`, results[name] ?? new Float64Array()]),
      );
    }
    expect(states['modelState/lstm1.hiddenState']).not.toEqual(new Float64Array(4));
    const found = await measure(problem, [2, 2, 2], values);
    expect(found.loss).toBeCloseTo(total, 12);
    expect(await measure(problem, [2, 2, 2], values)).toEqual(found);
    // Accuracies count positions: whole numbers of the 6 × 3 labels.
    expect((found.accuracy ?? Number.NaN) * 18).toBeCloseTo(Math.round((found.accuracy ?? 0) * 18), 12);
    // A smaller batch at the end has a state of another shape, and starts anew.
    expect((await measure(problem, [2, 1], values)).loss).toBeGreaterThan(0);
  });

  test('draws noise of its own, the same for the same epoch, and reports metrics', async () => {
    const problem = p.defineTestProblem({
      ...common,
      inputShape: [3],
      model: (scope, { inputs }) => {
        const noisy = t.add(inputs, scope.noise('jitter', inputs.shape, { kind: 'normal' }));
        const error = t.mean(p.squaredErrors(p.dense(3)(scope, noisy), inputs));
        return { loss: t.multiply(error, 2), metrics: { error } };
      },
    });
    const values = valuesOf(problem);
    const found = await measure(problem, [2, 4], values);
    const errors = (await plainBatches(problem, [2, 4])).map((batch, index) => {
      const symbolic = problem.build(index === 0 ? 2 : 4, { mode: 'eval' });
      const noise = p.evaluationNoise(symbolic, { seed: 5, phase: 'test', epoch: 1, batch: index });
      return evaluate(symbolic.metrics, { ...values.plain, ...batch, ...noise }).error?.[0] ?? Number.NaN;
    });
    expect(found.metrics?.error).toBeCloseTo((2 * (errors[0] ?? 0) + 4 * (errors[1] ?? 0)) / 6, 12);
    expect(found.loss).toBeCloseTo(2 * (found.metrics?.error ?? 0), 12);
    expect(found.accuracy).toBeNull();
    expect(await measure(problem, [2, 4], values)).toEqual(found);
    expect((await measure(problem, [2, 4], values, 2)).loss).not.toBe(found.loss);
    expect((await measure(problem, [2, 4], values, 1, 'valid')).loss).not.toBe(found.loss);
  });

  test('hands tokens and labels of any shape to the engine', () => {
    const network = [p.embedding(3, 2), p.perPosition(p.dense(2))];
    const definition = { ...common, inputShape: [3], labelShape: [3], network, loss: p.softmaxCrossEntropy() };
    const problem = p.defineTestProblem({ ...definition, inputType: 'int' });
    const batch = { size: 2, inputs: Int32Array.of(0, 1, 2, 0, 1, 2), labels: Int32Array.of(0, 1, 0, 1, 0, 1) };
    const { inputs, labels } = uploadBatch(engine, problem, batch);
    expect(inputs).toMatchObject({ shape: [2, 3], dtype: 'int' });
    expect(labels).toMatchObject({ shape: [2, 3], dtype: 'int' });
  });
});

describe('the functions of a test problem with states and noise', () => {
  const network = [p.batchNorm(), p.dense(4), p.dropout(0.5), p.dense(2)];
  const problem = p.defineTestProblem({ ...common, inputShape: [3], network, loss: p.softmaxCrossEntropy() });
  const at = problem.initialParameters(1);
  const examples = { inputs: Float32Array.from({ length: 12 }, (_, index) => Math.sin(index)), labels: [0, 1, 1, 0] };

  test('use the noise of the seed’s first minibatch, in loss, gradient and product alike', async () => {
    const functions = await openProblem(problem, { batchSize: 4, engine, seed: 3 });
    const noise = p.minibatchNoise(problem.build(4), { seed: 3, epoch: 0, step: 0 })['noise/dropout1.mask'];
    const { loss } = await functions.loss(at, examples);
    expect((await functions.gradient(at, examples)).loss).toBe(loss);
    expect((await functions.hessianVectorProduct(at, examples, at)).loss).toBe(loss);
    const given = { noise: { 'dropout1.mask': noise ?? new Float32Array() } };
    expect((await functions.loss(at, examples, given)).loss).toBe(loss);
    const nothingDropped = { noise: { 'dropout1.mask': new Float32Array(16).fill(1) } };
    expect((await functions.loss(at, examples, nothingDropped)).loss).not.toBe(loss);
    const other = await openProblem(problem, { batchSize: 4, engine, seed: 4 });
    expect((await other.loss(at, examples)).loss).not.toBe(loss);
  });

  test('take states and give the next ones; evaluation uses them', async () => {
    const training = await openProblem(problem, { batchSize: 4, engine });
    const next = await training.nextStates(at, examples, { states: { 'norm1.mean': Float32Array.of(10, 0, 0) } });
    const mean = [0, 3, 6, 9].reduce((sum, index) => sum + Math.fround(Math.sin(index)), 0) / 4;
    expect(next['norm1.mean']?.[0]).toBeCloseTo(0.9 * 10 + 0.1 * mean, 12);
    expect(Object.keys(next)).toEqual(['norm1.mean', 'norm1.variance']);
    const evaluation = await openProblem(problem, { batchSize: 4, engine, mode: 'eval' });
    expect(await evaluation.nextStates(at, examples)).toEqual({});
    const { loss } = await evaluation.loss(at, examples);
    expect((await evaluation.loss(at, examples, { states: next })).loss).not.toBe(loss);
  });

  test('check labels at every position, and count the right ones exactly', async () => {
    const positions = [p.embedding(3, 2), p.perPosition(p.dense(2))];
    const definition = {
      ...common,
      inputShape: [3],
      labelShape: [3],
      network: positions,
      loss: p.softmaxCrossEntropy(),
    };
    const sequence = p.defineTestProblem({ ...definition, inputType: 'int' });
    expect(sequence.classes).toBe(2);
    const functions = await openProblem(sequence, { batchSize: 2, engine });
    const start = sequence.initialParameters(1);
    const inputs = Int32Array.of(0, 1, 2, 2, 1, 0);
    const { accuracy } = await functions.loss(start, { inputs, labels: [0, 1, 0, 1, 1, 0] });
    expect([0, 1, 2, 3, 4, 5, 6].map((count) => count / 6)).toContain(accuracy);
    await expect(functions.loss(start, { inputs, labels: [0, 1, 0, 1, 2, 0] })).rejects.toThrow(
      /^labels: found 2 at index 4 of 6, expected whole numbers from 0 to 1$/,
    );
    await expect(functions.loss(start, { inputs, labels: [0, 1] })).rejects.toThrow(
      /^labels: found 2 numbers, expected 6$/,
    );
  });

  test('say which states and noises there are', async () => {
    const functions = await openProblem(problem, { batchSize: 4, engine });
    const values = new Float32Array(3);
    await expect(functions.loss(at, examples, { states: { 'norm1.men': values } })).rejects.toThrow(
      /^state norm1\.men: not known; did you mean norm1\.mean/,
    );
    await expect(functions.loss(at, examples, { states: { 'norm1.mean': new Float32Array(2) } })).rejects.toThrow(
      /^state norm1\.mean: found 2 numbers, expected 3$/,
    );
    await expect(functions.loss(at, examples, { noise: { mask: values } })).rejects.toThrow(/^noise mask: not known/);
  });
});
