#!/usr/bin/env node
// What single precision does to the preconditioner's estimates: one estimation (10 + 4 minibatches) and three steps with
// --scaling relative on real data, with onnxruntime (float32) and in PyTorch (Debian's python3-torch), in float64 as the
// reference and with parts of the computation in float32. All start at the same parameters and use the same minibatches.
// docs/findings.md has the results.
//   node scripts/setup.mjs && node scripts/precision.mjs [--problems mnist_mlp,cifar10_3c3d,fmnist_2c2d]
//     [--estimators thesis,paper] [--variants float32,float32-products,float32-stored] [--data-dir DIR] [--batch-size 128]
//     [--seed 42] [--threads 1] [--json FILE]
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openDataset } from '../dist/src/dataset/index.js';
import { loadOptimizer, loadTestProblem, openEngine, trainingTask } from '../dist/src/index.js';

const { values: options } = parseArgs({
  options: {
    problems: { type: 'string', default: 'mnist_mlp,cifar10_3c3d,fmnist_2c2d' },
    estimators: { type: 'string', default: 'thesis,paper' },
    variants: { type: 'string', default: 'float32,float32-products,float32-stored' },
    'data-dir': { type: 'string', default: process.env.PROBPREC_DATA_DIR ?? 'data' },
    'batch-size': { type: 'string', default: '128' },
    seed: { type: 'string', default: '42' },
    threads: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});

/** Minibatches of phases 1 and 2 with the published numbers n = 10 and m = 5, and steps. */
const ESTIMATION = 14;
const STEPS = 3;

const size = Number(options['batch-size']);
const seed = Number(options.seed);
const folder = await mkdtemp(join(tmpdir(), 'probprec-precision-'));
const results = [];
try {
  for (const name of options.problems.split(',')) {
    const problem = await loadTestProblem(name);
    const batches = await firstBatches(problem, ESTIMATION + STEPS);
    await writeInputs(problem, batches);
    for (const estimator of options.estimators.split(',')) {
      const exact = await inTorch(problem, estimator, 'float64');
      report(name, estimator, 'onnxruntime', await ours(problem, estimator, batches), exact);
      for (const variant of options.variants.split(',').filter((text) => text !== '')) {
        report(name, estimator, variant, await inTorch(problem, estimator, variant), exact);
      }
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, 1)}\n`);

function report(problem, estimator, variant, found, exact) {
  const result = { problem, estimator, variant, seed, batchSize: size, ...errors(found, exact) };
  results.push(result);
  console.log(JSON.stringify(result));
}

async function firstBatches(problem, count) {
  const dataset = await openDataset(problem.dataset, { dataDir: options['data-dir'], source: 'real', fetch: false });
  const batches = [];
  for await (const { inputs, labels } of dataset.split(seed, 'probprec').trainingBatches(0, size)) {
    batches.push({ inputs: Float32Array.from(inputs), labels: Int32Array.from(labels) });
    if (batches.length === count) break;
  }
  return batches;
}

async function writeInputs(problem, batches) {
  const write = (file, arrays) =>
    writeFile(join(folder, file), Buffer.concat(arrays.map(({ buffer }) => Buffer.from(buffer))));
  await write(
    'parameters.f32',
    problem.initialParameters(seed).map((values) => Float32Array.from(values)),
  );
  await write(
    'inputs.f32',
    batches.map(({ inputs }) => inputs),
  );
  await write(
    'labels.i32',
    batches.map(({ labels }) => labels),
  );
  await writeFile(join(folder, 'about.json'), JSON.stringify({ batchSize: size }));
}

/** The estimation in PyTorch, and how the parameters changed. */
async function inTorch(problem, estimator, variant) {
  const script = fileURLToPath(new URL('./bench/torch_estimation.py', import.meta.url));
  const args = [script, folder, problem.name, estimator, variant, options.threads];
  const { status, stdout } = spawnSync('/usr/bin/python3', args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Error(`torch_estimation.py ended with ${status}; it needs python3-torch and python3-numpy`);
  const { buffer, byteOffset, length } = await readFile(join(folder, `${variant}.f64`));
  const change = new Float64Array(buffer.slice(byteOffset, byteOffset + length));
  return { ...JSON.parse(stdout), change };
}

/** The same with our engine. */
async function ours(problem, estimator, batches) {
  const engine = await openEngine({ engine: 'onnxruntime', threads: Number(options.threads) });
  const optimizer = await loadOptimizer('preconditioned-sgd');
  const task = trainingTask(engine, problem, { batchSize: size, seed, stepsPerEpoch: batches.length });
  const training = await optimizer.start(task, optimizer.hyperparameters.parse({ estimator, scaling: 'relative' }));
  const current = async () => {
    const lists = [];
    for (const value of training.parameters) lists.push(Float64Array.from(await engine.download(value)));
    return Float64Array.from(lists.flatMap((list) => Array.from(list)));
  };
  await training.beginEpoch(0, 1);
  const before = await current();
  for (const { inputs, labels } of batches) {
    await training.step({
      inputs: engine.upload(inputs, [size, ...problem.inputShape]),
      labels: engine.upload(labels, [size]),
    });
  }
  const change = (await current()).map((value, index) => value - before[index]);
  const { estimations, events } = await training.endEpoch();
  await engine.dispose();
  if (events.length > 0) console.error(`${problem.name} ${estimator}: ${JSON.stringify(events)}`);
  const [{ groups, sigma }] = estimations;
  const { alpha, w, lambda } = groups[0];
  return { alpha, w, lambda, sigma: Object.values(sigma), change };
}

/** Relative errors: of α, w and λ, the largest and the median one of the singular values, and that of the change. */
function errors(found, exact) {
  const relative = (value, right) => Math.abs(value - right) / Math.abs(right);
  const sigma = exact.sigma
    .flatMap((values, layer) =>
      values.map((value, place) => relative(found.sigma[layer]?.[place] ?? Number.NaN, value)),
    )
    .sort((left, right) => right - left);
  let [difference, whole] = [0, 0];
  for (const [index, value] of exact.change.entries()) {
    difference += (found.change[index] - value) ** 2;
    whole += value ** 2;
  }
  return {
    alpha: relative(found.alpha, exact.alpha),
    w: relative(found.w, exact.w),
    lambda: relative(found.lambda, exact.lambda),
    sigmaLargest: sigma[0],
    sigmaMedian: sigma[sigma.length >> 1],
    change: Math.sqrt(difference / whole),
    condition: Math.max(...Object.values(exact.conditions).flat()),
  };
}
