#!/usr/bin/env node
// Measures what test problems are before training, for docs/conformance.md: the initial values beside the distributions that DeepOBS
// states, the L2 term, and the loss on the real test data of ten seeds, as DeepOBS evaluates it.
// Measures what is missing: delete conformance/before-training.json to measure anew.
//   node scripts/conformance/before-training.mjs [--only mnist_vae,cifar10_3c3d] [--data-dir DIR] [--threads 1]
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawnByRule, drawnL2Term } from '../../dist/src/conformance/initial-values.js';
import { STATED } from '../../dist/src/conformance/stated.js';
import { openDataset } from '../../dist/src/dataset/index.js';
import { openEngine } from '../../dist/src/engine/index.js';
import { Evaluator } from '../../dist/src/run/evaluation.js';
import { initialStates, inputNames, loadTestProblem } from '../../dist/src/testproblem/index.js';
import { writeRows } from './rows.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    'data-dir': { type: 'string', default: process.env.PROBPREC_DATA_DIR ?? join(root, 'data') },
    threads: { type: 'string', default: '1' },
  },
});
const stored = join(root, 'conformance', 'before-training.json');
const measured = existsSync(stored)
  ? JSON.parse(readFileSync(stored, 'utf8'))
  : { initial: [], l2_terms: [], losses: [] };
const SEEDS = Array.from({ length: 10 }, (_, index) => 42 + index);

for (const { name, lines, l2Reg } of STATED) {
  if (options.only !== undefined && !options.only.split(',').includes(name)) continue;
  for (const [variant, line] of Object.entries(lines)) {
    const problem = (await loadTestProblem(name)).choose({ variant });
    // Where both lines have the same network, one of them is enough.
    if (problem.variant === null && variant === 'tf' && 'pytorch' in lines) continue;
    const version = { testproblem: name, variant: problem.variant, init: problem.init };
    await once('initial', version, () => {
      console.error(`before training: ${name} ${variant}, initial values`);
      return { ...version, seed: 42, rules: drawnByRule(problem, line.initial, 42) };
    });
    // The initial values of VGG take seconds to draw.
    const seeds = name.includes('vgg') ? SEEDS.slice(0, 1) : SEEDS;
    if (l2Reg !== null) {
      await once('l2_terms', version, () => ({
        ...version,
        seeds,
        terms: seeds.map((seed) => drawnL2Term(problem, seed)),
      }));
    }
    if (!name.includes('vgg')) await once('losses', version, () => lossesOf(problem, version));
  }
}
// Two more versions of a network that the thesis published results of.
for (const init of ['deepobs', 'pytorch']) {
  if (options.only !== undefined && !options.only.split(',').includes('cifar10_3c3d_roos')) continue;
  const problem = (await loadTestProblem('cifar10_3c3d_roos')).choose({ init });
  const version = { testproblem: problem.name, variant: null, init };
  await once('losses', version, () => lossesOf(problem, version));
}

/** Adds what is not there yet, and keeps it. */
async function once(table, version, measure) {
  const same = (row) => Object.keys(version).every((key) => row[key] === version[key]);
  if (measured[table].some(same)) return;
  const row = await measure();
  if (row === null) return;
  measured[table].push(row);
  measured[table].sort((left, right) => place(left) - place(right));
  writeRows(stored, measured);
}

/** In the order of the page, what is not DeepOBS' at the end. */
function place({ testproblem }) {
  const index = STATED.findIndex(({ name }) => name === testproblem);
  return index === -1 ? STATED.length : index;
}

/** Loss and accuracy on the real test data at the initial values of each seed; null where there are no data. */
async function lossesOf(problem, version) {
  const open = { dataDir: options['data-dir'], source: 'real', fetch: false };
  const dataset = await openDataset(problem.dataset, open).catch(() => null);
  if (dataset === null) return null;
  const engine = await openEngine({ engine: 'onnxruntime', threads: Number(options.threads) });
  const constants = Object.fromEntries(
    Object.entries(problem.constants).map(([key, { shape, data }]) => [
      inputNames.constant(key),
      engine.upload(data(), shape),
    ]),
  );
  const { l2Reg, batchSize } = problem.defaults;
  const results = [];
  for (const seed of SEEDS) {
    console.error(`before training: ${problem.name}, seed ${seed}`);
    const evaluator = new Evaluator(engine, problem, constants, {
      l2Reg: l2Reg ?? 0,
      protocol: 'deepobs-beta',
      batchSize,
      seed,
    });
    const initial = problem.initialParameters(seed);
    const values = Object.fromEntries(
      problem.parameters.map(({ name, shape }, index) => [
        inputNames.parameter(name),
        engine.upload(initial[index], shape),
      ]),
    );
    const states = initialStates(engine, problem.build(2), 'run');
    results.push(await evaluator.measure(dataset.split(seed, 'deepobs-beta'), 'test', 0, { ...values, ...states }));
  }
  await engine.dispose();
  return {
    ...{ ...version, seeds: SEEDS, test_losses: results.map(({ loss }) => loss) },
    test_accuracies: problem.hasAccuracy ? results.map(({ accuracy }) => accuracy) : null,
  };
}
