#!/usr/bin/env node
// What preconditioners of several ranks and estimators do to the largest curvature of minibatches that they have not seen, and how much of the
// true top eigenvectors they have: docs/curvature.md has the results. At a point after --steps SGD steps with --lr, on real data, every
// estimator has 20 products for its directions (the oracle 4 minibatches), each on a new minibatch. Reported for each rank:
//   fall     λ₁ / λ₁(P½ H P½) with the scaling `relative` and lr α, so that P is 1 off its directions: by so much a step may be longer
//   exact    the same for the exact eigenvectors of the four fresh minibatches: λ₁ / λ_{k+1}
//   overlap  ‖UᵀV‖² / k with the k top eigenvectors V of the four fresh minibatches
// Lines of JSON go to --output; what is there already is not measured again.
//   node scripts/setup.mjs && node scripts/preconditioned-spectrum.mjs [--testproblem mnist_logreg] [--data-dir DIR] [--seeds 42,43,44]
//     [--steps 300] [--lr 0.1] [--ranks 1,2,5,9,10,20] [--estimators thesis,paper,author,krylov,oracle] [--lanczos 60] [--output FILE] [--threads 1]
import { appendFile, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import * as curvature from '../dist/src/curvature/index.js';
import { openDataset } from '../dist/src/dataset/index.js';
import { loadOptimizer, loadTestProblem, openEngine, randomStream, trainingTask } from '../dist/src/index.js';

const { values: options } = parseArgs({
  options: {
    testproblem: { type: 'string', default: 'mnist_logreg' },
    'data-dir': { type: 'string', default: process.env.PROBPREC_DATA_DIR ?? 'data' },
    seeds: { type: 'string', default: '42,43,44' },
    steps: { type: 'string', default: '300' },
    lr: { type: 'string', default: '0.1' },
    ranks: { type: 'string', default: '1,2,5,9,10,20' },
    estimators: { type: 'string', default: 'thesis,paper,author,krylov,oracle' },
    output: { type: 'string', default: 'preconditioned-spectrum.jsonl' },
    lanczos: { type: 'string', default: '60' },
    threads: { type: 'string', default: '1' },
  },
});
const [SIZE, FRESH, LANCZOS] = [128, 4, Number(options.lanczos)];
const numbers = (text) => text.split(',').map(Number);
const observations = { krylov: 26, oracle: FRESH + 2, author: 20 };

const problem = await loadTestProblem(options.testproblem);
const engine = await openEngine({ threads: Number(options.threads) });
const dataset = await openDataset(problem.dataset, { dataDir: options['data-dir'], source: 'real', fetch: false });
const known = new Set(
  (await readFile(options.output, 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ testproblem, seed, steps, estimator, rank }) => [testproblem, seed, steps, estimator, rank].join()),
);

async function* minibatches(split) {
  for (let epoch = 0; ; epoch++) {
    for await (const { inputs, labels } of split.trainingBatches(epoch, SIZE)) {
      yield {
        inputs: engine.upload(Float32Array.from(inputs), [SIZE, ...problem.inputShape]),
        labels: engine.upload(Int32Array.from(labels), [SIZE]),
      };
    }
  }
}

/** v + U (change ∘ Uᵀv) of every block, with the change of each direction as `changed` makes it. */
function preconditioning(blocks, sizes, changed) {
  const begins = sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + size, 0));
  return (vector) => {
    const result = Float64Array.from(vector);
    for (const { parameters, rows, change } of blocks) {
      for (const [row, factor] of change.entries()) {
        let component = 0;
        for (const [place, index] of parameters.entries()) {
          const own = rows[place].subarray(row * sizes[index], (row + 1) * sizes[index]);
          for (let i = 0; i < own.length; i++) component += own[i] * vector[begins[index] + i];
        }
        for (const [place, index] of parameters.entries()) {
          const own = rows[place].subarray(row * sizes[index], (row + 1) * sizes[index]);
          for (let i = 0; i < own.length; i++) result[begins[index] + i] += changed(factor) * component * own[i];
        }
      }
    }
    return result;
  };
}

for (const seed of numbers(options.seeds)) {
  const stream = minibatches(dataset.split(seed, 'probprec'));
  const next = async () => (await stream.next()).value;
  const sgd = await loadOptimizer('sgd');
  const steps = Number(options.steps);
  const first = await sgd.start(trainingTask(engine, problem, { batchSize: SIZE, seed, stepsPerEpoch: 390 }), {
    ...sgd.hyperparameters.parse({ lr: Number(options.lr) }),
  });
  await first.beginEpoch(0, 1);
  for (let step = 0; step < steps; step++) await first.step(await next());
  const parameters = [];
  for (const value of first.parameters) parameters.push(await engine.download(value));
  const sizes = parameters.map(({ length }) => length);
  const point = { parameters: first.parameters, states: {} };
  const loss = new curvature.LossCurvature(engine, problem, { batchSize: SIZE, constants: {} });
  const fresh = [];
  for (let i = 0; i < FRESH; i++) fresh.push(await next());
  const hessian = loss.operator('hessian', point, () => fresh);
  const start = curvature.rademacher(randomStream(seed, 'spectrum'), loss.size);
  const truth = await curvature.lanczos(hessian, start, { steps: Math.min(LANCZOS, loss.size) });
  const top = truth.pairs.slice(0, 20).map((pair) => curvature.ritzVector(truth, pair));
  const values = truth.pairs.map(({ value }) => value);
  const held = [];
  for (let i = 0; i < 45; i++) held.push(await next());
  for (const estimator of options.estimators.split(',')) {
    for (const rank of numbers(options.ranks)) {
      if (known.has([options.testproblem, seed, steps, estimator, rank].join())) continue;
      const optimizer = await loadOptimizer('preconditioned-sgd');
      const task = trainingTask(engine, problem, { batchSize: SIZE, seed, stepsPerEpoch: 390, parameters });
      const training = await optimizer.start(
        task,
        optimizer.hyperparameters.parse({
          estimator,
          est_rank: rank,
          num_observations: observations[estimator] ?? 21,
          scaling: 'relative',
        }),
      );
      await training.beginEpoch(0, 1);
      let used = 0;
      while (training.preconditioner() === null && used < held.length) await training.step(held[used++]);
      const log = await training.endEpoch();
      const estimation = log.estimations[0];
      const blocks = [];
      for (const { parameters: members, u, change } of training.preconditioner() ?? []) {
        const rows = [];
        for (const value of u) rows.push(await engine.download(value));
        blocks.push({ parameters: members, rows, change: Array.from(await engine.download(change)) });
      }
      const root = preconditioning(blocks, sizes, (change) => Math.sqrt(Math.max(0, 1 + change)) - 1);
      const after = await curvature.lanczos(
        async (vector) => root(await hessian(Float32Array.from(root(vector)))),
        start,
        {
          steps: Math.min(LANCZOS, loss.size),
        },
      );
      // The projection on the directions is v − (v − UUᵀv).
      const outside = preconditioning(
        blocks.map((block) => ({ ...block, change: block.change.map((change) => (change === 0 ? 0 : -1)) })),
        sizes,
        (change) => change,
      );
      const share = (vector) => 1 - curvature.dot(outside(vector), outside(vector));
      const k = Math.min(rank, top.length);
      const record = {
        testproblem: options.testproblem,
        seed,
        steps,
        estimator,
        rank,
        lambda1: values[0],
        after: after.pairs[0].value,
        fall: values[0] / after.pairs[0].value,
        exact: values[0] / values[k],
        overlap: top.slice(0, k).reduce((sum, vector) => sum + share(vector), 0) / k,
        alphaLambda1: estimation.groups[0].alpha * values[0],
        minibatches: used,
        evaluations: training.evaluations,
      };
      await appendFile(options.output, `${JSON.stringify(record)}\n`);
      console.log(
        seed,
        estimator,
        rank,
        ['fall', 'exact', 'overlap', 'alphaLambda1'].map((name) => `${name} ${record[name].toFixed(3)}`).join('  '),
      );
    }
  }
}
await engine.dispose();
