import { describe, expect, test } from 'vitest';
import {
  describeHyperparameters,
  type Hyperparameters,
  loadOptimizer,
  optimizerNames,
  trainingTask,
  wrapperNames,
} from '../../src/optimizer/index.js';
import { randomStream } from '../../src/random/index.js';
import {
  constantValue,
  defineTestProblem,
  dense,
  relu,
  softmaxCrossEntropy,
  truncatedNormal,
} from '../../src/testproblem/index.js';
import { classicalRows } from '../contract/optimizer-classical.js';
import { rivalRows } from '../contract/optimizer-rivals.js';
import { optimizerTable } from '../contract/optimizer-table.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { batchFeeds, type PlainBatch } from './minibatch.js';

/** Steps of an epoch: more than any estimation takes, and a multiple of every interval. */
const STEPS = 20;

const BATCH_SIZE = 4;
const INPUTS = 20;

/** So many parameters that a few numbers kept besides do not count. */
const problem = defineTestProblem({
  name: 'small_network',
  description: 'for what optimizers keep',
  dataset: 'none',
  defaults: { batchSize: BATCH_SIZE, numEpochs: 1 },
  inputShape: [INPUTS],
  initial: { weights: truncatedNormal(0.1), biases: constantValue(0) },
  network: [dense(40), relu(), dense(3)],
  loss: softmaxCrossEntropy(),
});

function batch(index: number): PlainBatch {
  const stream = randomStream(17, 'profiles', index);
  return {
    inputs: Float64Array.from({ length: BATCH_SIZE * INPUTS }, () => stream.normal()),
    labels: Int32Array.from({ length: BATCH_SIZE }, () => stream.integer(3)),
  };
}

/** What one epoch evaluates and keeps: per step, and in vectors of the parameters' size. */
async function measure(name: string, given: Readonly<Record<string, unknown>>) {
  const engine = openReferenceEngine();
  const task = trainingTask(engine, problem, { batchSize: BATCH_SIZE, stepsPerEpoch: STEPS });
  const optimizer = await loadOptimizer(name);
  const training = await optimizer.start(task, optimizer.hyperparameters.parse(given) as Hyperparameters);
  await training.beginEpoch(0, 1);
  let memory = 0;
  for (let step = 0; step < STEPS; step++) {
    await training.step(batchFeeds(engine, problem, BATCH_SIZE, batch(step)));
    const { arrays } = await training.save();
    const kept = Object.values(arrays).reduce((sum, { length }) => sum + length, 0);
    const size = task.initialParameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    memory = Math.max(memory, kept / size - 1);
  }
  return { ...training.evaluations, memory };
}

describe.each([...optimizerNames(), ...wrapperNames().map((wrapper) => `${wrapper}(sgd)`)])('%s', (name) => {
  test('states its group, what it costs and keeps, and what to tune', async () => {
    const { profile, ...definition } = await loadOptimizer(name);
    const described = describeHyperparameters(definition);
    const declared = described.map((entry) => entry.name);
    if (profile === undefined) throw new Error(`${name} states no profile`);
    expect(declared).toEqual(expect.arrayContaining([...profile.tune]));
    const row = [...optimizerTable, ...classicalRows, ...rivalRows].find((entry) => entry.name === name);
    const required = described
      .filter((entry) => entry.required)
      .map((entry) => [entry.name, row?.quadratic[entry.name]]);
    // Where an epoch begins anew, a checkpoint at its end keeps nothing of the estimation before.
    const long = declared.includes('restart') ? { restart: 'steps:1000', prior_iterations: 10 } : {};
    const {
      gradients = 0,
      products = 0,
      losses = 0,
      memory,
    } = await measure(name, { ...Object.fromEntries(required), ...long });
    expect(gradients / STEPS).toBeCloseTo(profile.gradients, 1);
    const stated = (profile.products ?? 0) * STEPS + (profile.productsPerEpoch ?? 0);
    if (profile.atMost) {
      expect(products).toBeLessThanOrEqual(stated);
      expect(products).toBeGreaterThan(0);
      expect(losses / STEPS).toBeLessThanOrEqual(profile.losses ?? 0);
    } else {
      expect(products).toBeCloseTo(stated, 1);
      expect(losses / STEPS).toBeCloseTo(profile.losses ?? 0, 1);
    }
    if (profile.furtherMemory === undefined) expect(Math.round(memory)).toBe(profile.memory);
    else expect(memory).toBeGreaterThanOrEqual(profile.memory);
  });
});
