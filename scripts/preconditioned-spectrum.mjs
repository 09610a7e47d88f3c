#!/usr/bin/env node
// What preconditioners of several ranks and estimators do to the largest curvature of minibatches that they have not seen, and how much of the
// true top eigenvectors they have: docs/curvature.md has the results. At a point after --steps SGD steps with --lr, on real data, every
// estimator has 20 products for its directions (the oracle 4 minibatches), each on a new minibatch. Reported for each rank:
//   fall     λ₁ / λ₁(P½ H P½) with the scaling `relative` and lr α, so that P is 1 off its directions: by so much a step may be longer
//   exact    the same for the exact eigenvectors of the four fresh minibatches: λ₁ / λ_{k+1}
//   overlap  ‖UᵀV‖² / k with the k top eigenvectors V of the four fresh minibatches
//   between  for each rank ‖VᵀW‖² / k of the top eigenvectors of one minibatch and of another one (a line of its own, estimator `minibatch`)
// The point is the same for every --batch-size, that of the minibatches of all estimates; for another one than 128 they are those of the second epoch. Each
// estimator has one estimation of the largest rank, whose first directions are those of smaller ranks
// (krylov and oracle: with the step size off all of them).
// Lines of JSON go to --output; what is there already is not measured again.
//   node scripts/setup.mjs && node scripts/preconditioned-spectrum.mjs [--testproblem mnist_logreg] [--data-dir DIR] [--seeds 42,43,44]
//     [--steps 300] [--lr 0.1] [--ranks 1,2,5,9,10,20] [--estimators thesis,paper,author,krylov,oracle] [--lanczos 60] [--batch-size 128] [--output FILE] [--threads 1]
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
    'batch-size': { type: 'string', default: '128' },
    threads: { type: 'string', default: '1' },
  },
});
/** Minibatches of the training, and of what is measured after it. */
const [TRAINED, SIZE] = [128, Number(options['batch-size'])];
const [FRESH, LANCZOS] = [4, Number(options.lanczos)];
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
    .map(({ testproblem, seed, steps, estimator, rank, batchSize = 128 }) =>
      [testproblem, seed, steps, estimator, rank, batchSize].join(),
    ),
);

async function* minibatches(split, size, from = 0) {
  for (let epoch = from; ; epoch++) {
    for await (const { inputs, labels } of split.trainingBatches(epoch, size)) {
      yield {
        inputs: engine.upload(Float32Array.from(inputs), [size, ...problem.inputShape]),
        labels: engine.upload(Int32Array.from(labels), [size]),
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

/** The first `rank` singular values' rows of every block; σ = 1/α has none (docs/preconditioner.md). */
function truncated(blocks, { sigma, groups: [{ alpha }] }, rank) {
  const values = Object.values(sigma);
  return blocks.map((block, index) => {
    const kept = (values[index] ?? [])
      .slice(0, rank)
      .filter((value) => value > 0 && Math.abs(value * alpha - 1) > 1e-12).length;
    return { ...block, change: block.change.map((change, row) => (row < kept ? change : 0)) };
  });
}

const write = async (record) => {
  await appendFile(options.output, `${JSON.stringify(record)}\n`);
  const shown = Object.entries(record).filter(([, value]) => typeof value === 'number' && !Number.isInteger(value));
  console.log(
    record.seed,
    record.estimator,
    record.rank,
    shown.map(([name, value]) => `${name} ${value.toFixed(3)}`).join('  '),
  );
};

const ranks = numbers(options.ranks).sort((a, b) => a - b);
const most = ranks.at(-1);
const steps = Number(options.steps);
for (const seed of numbers(options.seeds)) {
  const open = (estimator) =>
    ranks.filter((rank) => !known.has([options.testproblem, seed, steps, estimator, rank, SIZE].join()));
  const estimators = options.estimators.split(',').filter((estimator) => open(estimator).length > 0);
  if (estimators.length === 0 && open('minibatch').length === 0) continue;
  const split = dataset.split(seed, 'probprec');
  let stream = minibatches(split, TRAINED);
  const next = async () => (await stream.next()).value;
  const sgd = await loadOptimizer('sgd');
  const stepsPerEpoch = split.trainingSteps(TRAINED);
  const first = await sgd.start(trainingTask(engine, problem, { batchSize: TRAINED, seed, stepsPerEpoch }), {
    ...sgd.hyperparameters.parse({ lr: Number(options.lr) }),
  });
  await first.beginEpoch(0, 1);
  for (let step = 0; step < steps; step++) await first.step(await next());
  if (SIZE !== TRAINED) stream = minibatches(split, SIZE, 1);
  const parameters = [];
  for (const value of first.parameters) parameters.push(await engine.download(value));
  const sizes = parameters.map(({ length }) => length);
  const point = { parameters: first.parameters, states: {} };
  const loss = new curvature.LossCurvature(engine, problem, { batchSize: SIZE, constants: {} });
  const fresh = [];
  for (let i = 0; i < FRESH; i++) fresh.push(await next());
  const hessian = loss.operator('hessian', point, () => fresh);
  const start = curvature.rademacher(randomStream(seed, 'spectrum'), loss.size);
  const spectrumOf = async (operator) => {
    const found = await curvature.lanczos(operator, start, { steps: Math.min(LANCZOS, loss.size) });
    return {
      values: found.pairs.map(({ value }) => value),
      residual: found.pairs.at(-1).residual,
      top: found.pairs.slice(0, most).map((pair) => curvature.ritzVector(found, pair)),
    };
  };
  const common = { testproblem: options.testproblem, seed, steps, batchSize: SIZE };
  if (open('minibatch').length > 0) {
    const [one, other] = [
      await spectrumOf(loss.operator('hessian', point, () => [fresh[0]])),
      await spectrumOf(loss.operator('hessian', point, () => [fresh[1]])),
    ];
    for (const rank of open('minibatch')) {
      let squares = 0;
      for (const v of one.top.slice(0, rank))
        for (const w of other.top.slice(0, rank)) squares += curvature.dot(v, w) ** 2;
      await write({
        ...common,
        estimator: 'minibatch',
        rank,
        lambda1: one.values[0],
        other: other.values[0],
        between: squares / rank,
      });
    }
  }
  if (estimators.length === 0) continue;
  const { values, residual, top } = await spectrumOf(hessian);
  const held = [];
  for (let i = 0; i < 45; i++) held.push(await next());
  for (const estimator of estimators) {
    const optimizer = await loadOptimizer('preconditioned-sgd');
    const task = trainingTask(engine, problem, { batchSize: SIZE, seed, stepsPerEpoch: 390, parameters });
    const training = await optimizer.start(
      task,
      optimizer.hyperparameters.parse({
        estimator,
        est_rank: most,
        num_observations: observations[estimator] ?? 21,
        scaling: 'relative',
      }),
    );
    await training.beginEpoch(0, 1);
    let used = 0;
    while (training.preconditioner() === null && used < held.length) await training.step(held[used++]);
    const { estimations } = await training.endEpoch();
    const [estimation] = estimations;
    const all = [];
    for (const { parameters: members, u, change } of training.preconditioner() ?? []) {
      const rows = [];
      for (const value of u) rows.push(await engine.download(value));
      all.push({ parameters: members, rows, change: Array.from(await engine.download(change)) });
    }
    for (const rank of open(estimator)) {
      const blocks = truncated(all, estimation, rank);
      const root = preconditioning(blocks, sizes, (change) => Math.sqrt(Math.max(0, 1 + change)) - 1);
      const after = await curvature.lanczos(
        async (vector) => root(await hessian(Float32Array.from(root(vector)))),
        start,
        // The largest one is all that is wanted.
        { steps: Math.min(LANCZOS, loss.size), enough: ([largest]) => largest.residual <= 1e-3 * largest.value },
      );
      // The projection on the directions is v − (v − UUᵀv).
      const outside = preconditioning(
        blocks.map((block) => ({ ...block, change: block.change.map((change) => (change === 0 ? 0 : -1)) })),
        sizes,
        (change) => change,
      );
      const share = (vector) => 1 - curvature.dot(outside(vector), outside(vector));
      const k = Math.min(rank, top.length);
      await write({
        ...common,
        estimator,
        rank,
        lambda1: values[0],
        lambdaMin: values.at(-1),
        lambdaMinResidual: residual,
        after: after.pairs[0].value,
        afterMin: after.pairs.at(-1).value,
        afterMinResidual: after.pairs.at(-1).residual,
        fall: values[0] / after.pairs[0].value,
        exact: values[0] / values[k],
        overlap: top.slice(0, k).reduce((sum, vector) => sum + share(vector), 0) / k,
        alphaLambda1: estimation.groups[0].alpha * values[0],
        minibatches: used,
        evaluations: training.evaluations,
      });
    }
  }
}
await engine.dispose();
