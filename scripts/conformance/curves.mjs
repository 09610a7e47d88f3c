#!/usr/bin/env node
// Trains test problems as DeepOBS 1.1 (TensorFlow) did, with its tuned rates, and keeps their test losses for docs/conformance.md:
// TensorFlow's variant, the whole training file and no validation split, so that an epoch has as many steps as there. Of two_d_…, which
// DeepOBS published no runs of, with rates that reach the minimum, or come near it.
// Trains what is missing and nothing twice: stop it at any time and start it again.
//   node scripts/conformance/curves.mjs [--only mnist_vae,quadratic_deep] [--optimizers SGD,Adam] [--seeds 42,43] [--data-dir DIR]
//                                       [--output-dir DIR] [--threads 1]
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundledBaselinesFolder, readBaselineFiles } from '../../dist/src/analysis/index.js';
import { defineDataset, openDataset } from '../../dist/src/dataset/index.js';
import { executeRun, resolveConfiguration } from '../../dist/src/run/index.js';
import { writeRows } from './rows.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    optimizers: { type: 'string' },
    seeds: { type: 'string', default: '42,43' },
    'data-dir': { type: 'string', default: process.env.PROBPREC_DATA_DIR ?? join(root, 'data') },
    'output-dir': { type: 'string', default: join(root, 'results', 'conformance') },
    threads: { type: 'string', default: '1' },
  },
});

/** What is trained: to the end where that takes seconds, else the first epochs. */
const ROWS = [
  ...['SGD', 'Momentum', 'Adam'].map((optimizer) => ({ testproblem: 'quadratic_deep', optimizer, epochs: 100 })),
  { testproblem: 'tolstoi_char_rnn', optimizer: 'SGD', epochs: 1 },
  ...['Adam', 'SGD'].flatMap((optimizer) =>
    ['mnist_vae', 'fmnist_vae'].map((testproblem) => ({ testproblem, optimizer, epochs: 5 })),
  ),
  ...Object.entries({
    two_d_rosenbrock: { SGD: 1e-3, Momentum: 1e-4, Adam: 0.1 },
    two_d_beale: { SGD: 1e-5, Momentum: 1e-5, Adam: 0.1 },
    two_d_branin: { SGD: 3e-3, Momentum: 3e-4, Adam: 0.03 },
  }).flatMap(([testproblem, rates]) =>
    Object.entries(rates).map(([optimizer, lr]) => ({
      ...{ testproblem, optimizer, epochs: 100 },
      hyperparameters: { lr, ...(optimizer === 'Momentum' ? { momentum: 0.9 } : {}) },
    })),
  ),
];
const stored = join(root, 'conformance', 'curves.json');

const published = (await readBaselineFiles(bundledBaselinesFolder()))
  .filter(({ protocol }) => protocol === 'deepobs-1.1')
  .flatMap(({ results }) => results);
const wanted = (list, name) => list === undefined || list.split(',').includes(name);
const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => abort.abort());

for (const seed of options.seeds.split(',').map(Number)) {
  for (const row of ROWS) {
    if (abort.signal.aborted || !wanted(options.only, row.testproblem) || !wanted(options.optimizers, row.optimizer))
      continue;
    await train(row, seed);
  }
}

async function train({ testproblem, optimizer, epochs, hyperparameters }, seed) {
  const baseline = published.find((entry) => entry.testproblem === testproblem && entry.optimizer === optimizer);
  const { lr, momentum } = hyperparameters ?? baseline.hyperparameters;
  const request = {
    ...{ testproblem, optimizer: optimizer.toLowerCase(), seed, numEpochs: epochs, variant: 'tf' },
    ...{ protocol: 'deepobs-beta', threads: Number(options.threads) },
    hyperparameters: { lr, ...(momentum === undefined ? {} : { momentum }) },
  };
  const resolved = await resolveConfiguration(request);
  const dataset = sameOrder(await wholeTrainingFile(resolved.dataset));
  console.error(`curves: ${testproblem}, ${optimizer}, seed ${seed}`);
  const { runFile } = await executeRun(
    { ...resolved, dataset },
    {
      ...{ dataDir: options['data-dir'], outputDir: options['output-dir'], resume: true, overwrite: false },
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'evaluation' && epochs < 10)
          console.error(`  epoch ${event.epoch}: ${event.results.test.loss}`);
      },
    },
  );
  if (runFile.status.state !== 'completed') return;
  const { test_losses: losses, test_accuracies: accuracies, steps_per_epoch: steps } = runFile;
  console.error(
    `  ${losses
      .map((value) => value?.toPrecision(5))
      .slice(0, 6)
      .join(', ')}`,
  );
  keep({
    ...{ testproblem, optimizer, seed, variant: runFile.variant ?? null, hyperparameters: request.hyperparameters },
    ...{ steps_per_epoch: steps ?? null, test_losses: losses, test_accuracies: accuracies ?? null },
  });
}

/** The data set with everything in its training part; what evaluations of other parts measure is not used. */
async function wholeTrainingFile(definition) {
  if (definition.kind === 'generated') return definition;
  if (definition.kind === 'text') {
    const { trainEval: _, ...rest } = definition.sizes;
    const characters = 2_612_948;
    return {
      ...definition,
      sizes: { ...rest, train: Math.floor((characters - 1) / 50), valid: 500, trainEval: 500 },
      parts: (bytes, where) => {
        const { train, valid, test } = definition.parts(bytes, where);
        return { train: Int32Array.from([...valid, ...train]), valid, test };
      },
    };
  }
  const { train, valid, test } = definition.sizes;
  const split = (
    await openDataset(definition.name, { dataDir: options['data-dir'], source: 'real', fetch: true })
  ).split(42, 'probprec');
  const rows = async (...parts) => {
    const batches = [];
    for (const part of parts) for await (const batch of part) batches.push(batch);
    const inputs = new Float32Array(batches.reduce((sum, batch) => sum + batch.inputs.length, 0));
    let place = 0;
    for (const batch of batches) {
      inputs.set(batch.inputs, place);
      place += batch.inputs.length;
    }
    return { inputs, labels: batches.flatMap(({ labels }) => [...labels]) };
  };
  return defineDataset({
    name: definition.name,
    description: `${definition.description}, the whole training file`,
    ...{ shape: definition.shape, classes: definition.classes },
    sizes: { train: train + valid, valid: 64, test, trainEval: 64 },
    load: async () => {
      const whole = await rows(split.trainingBatches(1, 100), split.evaluationBatches('valid', 0, 100));
      const tests = await rows(split.evaluationBatches('test', 0, 100));
      const head = { inputs: tests.inputs.slice(0, 64 * 784), labels: tests.labels.slice(0, 64) };
      return { train: whole, valid: head, test: tests };
    },
  });
}

/**
 * The same order in each epoch: DeepOBS 1.1 starts TensorFlow's iterator anew for each epoch, and with it the random numbers of
 * its shuffle. That is seen in its published quadratic_deep: the spread over seeds stays the same from epoch to epoch.
 */
function sameOrder(definition) {
  if (definition.kind !== 'generated' && definition.kind !== 'own') return definition;
  const open = async (opening) => {
    const dataset = await definition.open(opening);
    const split = (seed, protocol) => {
      const parts = dataset.split(seed, protocol);
      return { ...parts, trainingBatches: (_, ...rest) => parts.trainingBatches(1, ...rest) };
    };
    return { ...dataset, split };
  };
  return { ...definition, open };
}

/** Adds a run to what is stored, in place of an earlier one of the same. */
function keep(run) {
  const runs = existsSync(stored) ? JSON.parse(readFileSync(stored, 'utf8')).runs : [];
  const same = (other) => ['testproblem', 'optimizer', 'seed'].every((key) => other[key] === run[key]);
  writeRows(stored, { runs: [...runs.filter((other) => !same(other)), run] });
}
