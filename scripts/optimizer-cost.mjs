#!/usr/bin/env node
import { availableParallelism } from 'node:os';
// CPU time of a step of one optimizer beside another's, interleaved (A B A B …) in one process, so that a busy machine slows both:
//   node scripts/optimizer-cost.mjs [--problems a,b] [--pairs adamw/adam,lion/adam] [--rounds 15] [--steps 2] [--threads 1]
// Prints the median milliseconds of both and the median of the rounds' ratios with its quartiles.
import { parseArgs } from 'node:util';
import { loadOptimizer, loadTestProblem, openEngine, tensor, trainingTask } from '../dist/src/index.js';

const { values: options } = parseArgs({
  options: {
    problems: { type: 'string', default: 'mnist_mlp,fmnist_2c2d' },
    pairs: { type: 'string', default: 'adamw/adam,lion/adam,muon/sgd,adahessian/sgd,sophia-h/sgd' },
    rounds: { type: 'string', default: '15' },
    steps: { type: 'string', default: '2' },
    threads: { type: 'string', default: '1' },
    'batch-size': { type: 'string', default: '128' },
  },
});
const [rounds, steps, batchSize] = [options.rounds, options.steps, options['batch-size']].map(Number);
const engine = await openEngine({ threads: Math.min(Number(options.threads), availableParallelism()) });

const sorted = (list) => [...list].sort((a, b) => a - b);
const quantile = (list, share) => sorted(list)[Math.round(share * (list.length - 1))];

/** A function that takes a step on random images, and waits for its loss. */
async function stepOf(name, problem) {
  const optimizer = await loadOptimizer(name);
  const needsRate = !optimizer.hyperparameters.safeParse({}).success;
  const task = trainingTask(engine, problem, { batchSize, stepsPerEpoch: 10_000 });
  const training = await optimizer.start(task, optimizer.hyperparameters.parse(needsRate ? { lr: 1e-3 } : {}));
  await training.beginEpoch(0, 1);
  const pixels = tensor.sizeOf(problem.inputShape);
  const images = Float32Array.from({ length: batchSize * pixels }, () => Math.random());
  const labels = Int32Array.from({ length: batchSize }, () => Math.floor(10 * Math.random()));
  return () =>
    training.step({
      inputs: engine.upload(images, [batchSize, ...problem.inputShape]),
      labels: engine.upload(labels, [batchSize]),
    });
}

/** CPU milliseconds of a step, of all threads together. */
async function cpuTime(step) {
  const before = process.cpuUsage();
  for (let i = 0; i < steps; i++) await step();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / steps;
}

console.log('| test problem | optimizer | ms per step | beside | ms per step | ratio | quartiles |');
console.log('|---|---|---|---|---|---|---|');
for (const problemName of options.problems.split(',')) {
  const problem = await loadTestProblem(problemName);
  for (const pair of options.pairs.split(',')) {
    const [name, other] = pair.split('/');
    const [a, b] = [await stepOf(name, problem), await stepOf(other, problem)];
    for (const step of [a, b, a, b]) await step();
    const [times, others, ratios] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      // Who is first changes, as the second finds the caches of the first.
      const inOrder = round % 2 === 0;
      const first = await cpuTime(inOrder ? a : b);
      const second = await cpuTime(inOrder ? b : a);
      const [mine, theirs] = inOrder ? [first, second] : [second, first];
      times.push(mine);
      others.push(theirs);
      ratios.push(mine / theirs);
    }
    const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(2));
    const [ours, beside] = [times, others].map((list) => quantile(list, 0.5).toFixed(1));
    console.log(`| ${problemName} | ${name} | ${ours} | ${other} | ${beside} | ${middle} | ${low} to ${high} |`);
  }
}
await engine.dispose();
