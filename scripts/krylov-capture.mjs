#!/usr/bin/env node
// How much of the true top eigenvectors Ritz vectors find on mnist_mlp after 300 SGD steps with learning rate 0.1 (seed 42, real data): 20
// products from the mean of ten gradients, each on a new minibatch, beside Lanczos' method on the mean of four further minibatches.
// docs/curvature.md has the results.
//   node scripts/setup.mjs && node scripts/krylov-capture.mjs [--data-dir DIR] [--seed 42] [--steps 300] [--products 20] [--threads 1]
import { parseArgs } from 'node:util';
import * as curvature from '../dist/src/curvature/index.js';
import { openDataset } from '../dist/src/dataset/index.js';
import { loadOptimizer, loadTestProblem, openEngine, trainingTask } from '../dist/src/index.js';

const { values: options } = parseArgs({
  options: {
    'data-dir': { type: 'string', default: process.env.PROBPREC_DATA_DIR ?? 'data' },
    seed: { type: 'string', default: '42' },
    steps: { type: 'string', default: '300' },
    products: { type: 'string', default: '20' },
    threads: { type: 'string', default: '1' },
  },
});
const [seed, steps, products] = [options.seed, options.steps, options.products].map(Number);
const [SIZE, TOP, TRUTH] = [128, 9, 4];

const problem = await loadTestProblem('mnist_mlp');
const engine = await openEngine({ threads: Number(options.threads) });
const dataset = await openDataset(problem.dataset, { dataDir: options['data-dir'], source: 'real', fetch: false });
const split = dataset.split(seed, 'probprec');
async function* minibatches() {
  for (let epoch = 0; ; epoch++) {
    for await (const { inputs, labels } of split.trainingBatches(epoch, SIZE)) {
      yield {
        inputs: engine.upload(Float32Array.from(inputs), [SIZE, ...problem.inputShape]),
        labels: engine.upload(Int32Array.from(labels), [SIZE]),
      };
    }
  }
}
const stream = minibatches();
const next = async () => (await stream.next()).value;

const optimizer = await loadOptimizer('sgd');
const task = trainingTask(engine, problem, { batchSize: SIZE, seed, stepsPerEpoch: 390 });
const training = await optimizer.start(task, optimizer.hyperparameters.parse({ lr: 0.1 }));
await training.beginEpoch(0, 1);
for (let step = 0; step < steps; step++) await training.step(await next());
const point = { parameters: training.parameters, states: {} };
const loss = new curvature.LossCurvature(engine, problem, { batchSize: SIZE, constants: {} });
const productOn = (batches) => loss.operator('hessian', point, () => batches);

const mean = new Float64Array(loss.size);
for (let i = 0; i < 10; i++) {
  const batch = await next();
  const { gradient } = await loss.gradient(point, () => [batch]);
  for (let k = 0; k < mean.length; k++) mean[k] += gradient[k];
}
let space = curvature.krylovSpace(Float32Array.from(mean));
for (let i = 0; i < products; i++) {
  space = curvature.withProduct(space, await productOn([await next()])(space.basis.at(-1)));
}
const pairs = curvature.ritzPairs(space);
const found = pairs.slice(0, TOP).map((pair) => curvature.ritzVector(space, pair));

const held = [];
for (let i = 0; i < TRUTH; i++) held.push(await next());
let place = 0;
const start = Float32Array.from(mean, () => (Math.sin(++place * 12.9898) * 43758.5453) % 1);
const truth = await curvature.lanczos(productOn(held), start, { steps: 40 });
const rounded = (values) => values.map((value) => Number(value.toFixed(3)));
console.log('Ritz values', rounded(pairs.slice(0, TOP + 1).map(({ value }) => value)));
console.log('residuals', rounded(pairs.slice(0, TOP + 1).map(({ residual }) => residual)));
console.log('eigenvalues of four minibatches', rounded(truth.pairs.slice(0, TOP + 1).map(({ value }) => value)));
console.log('their residuals', rounded(truth.pairs.slice(0, TOP + 1).map(({ residual }) => residual)));
const shares = truth.pairs.slice(0, TOP).map((pair) => {
  const vector = curvature.ritzVector(truth, pair);
  return found.reduce((sum, own) => sum + curvature.dot(own, vector) ** 2, 0);
});
console.log(`share of each of the ${TOP} eigenvectors in the span of the ${TOP} Ritz vectors`, rounded(shares));
await engine.dispose();
