// Measures one configuration for scripts/scaling.mjs and prints milliseconds and bytes as a line of JSON.
import { createInterface } from 'node:readline';
import { loadOptimizer, loadTestProblem, openEngine, tensor, trainingTask } from '../../dist/src/index.js';

const configuration = JSON.parse(process.argv[2] ?? '{}');
const { problem: name, threads, batch: size = 128 } = configuration;
const problem = await loadTestProblem(name);
const engine = await openEngine({ threads });
const images = Float32Array.from({ length: size * tensor.sizeOf(problem.inputShape) }, () => Math.random());
const labels = Int32Array.from({ length: size }, () => Math.floor(10 * Math.random()));
const batch = () => ({
  inputs: engine.upload(images, [size, ...problem.inputShape]),
  labels: engine.upload(labels, [size]),
});

/** An estimation takes fewer. */
const MOST_STEPS = 200;

/** Training of the problem by an optimizer from its initial parameters. */
async function train(optimizerName, hyperparameters, stepsPerEpoch) {
  const optimizer = await loadOptimizer(optimizerName);
  const task = trainingTask(engine, problem, { batchSize: size, stepsPerEpoch });
  const training = await optimizer.start(task, optimizer.hyperparameters.parse(hyperparameters));
  await training.beginEpoch(0, 1);
  return training;
}

async function fastestStep(training, steps) {
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < steps; i++) {
    const started = performance.now();
    await training.step(batch());
    fastest = Math.min(fastest, performance.now() - started);
  }
  return fastest;
}

async function sgd() {
  const training = await train('sgd', { lr: 1e-4 }, 1);
  return { step: await fastestStep(training, Math.max(4, Math.ceil(1024 / size))) };
}

/** Two epochs' estimations, the fastest of each phase, and the fastest step that uses one. */
async function curvature() {
  const { rank, observations, hyperparameters: given = {} } = configuration;
  const prior = 4;
  const hyperparameters = {
    lr: 1e-5,
    est_rank: rank,
    num_observations: observations,
    prior_iterations: prior,
    scaling: 'relative',
    ...given,
  };
  // Its learning rate is given for every epoch: so small a one leaves the parameters where they are.
  const training = await train('preconditioned-tuned-sgd', hyperparameters, MOST_STEPS);
  const best = {
    observation: Number.POSITIVE_INFINITY,
    factor: Number.POSITIVE_INFINITY,
    step: Number.POSITIVE_INFINITY,
  };
  for (let epoch = 0; epoch < 2; epoch++) {
    if (epoch > 0) await training.beginEpoch(epoch, 1);
    for (let i = 0; i < MOST_STEPS && training.preconditioner() === null; i++) await training.step(batch());
    best.step = Math.min(best.step, await fastestStep(training, 6));
    // Where estimations start anew by themselves, there may be none in the second epoch.
    const { estimations } = await training.endEpoch();
    for (const { seconds, observations: made = observations } of estimations) {
      best.observation = Math.min(best.observation, (1000 * seconds.posterior) / made);
      best.factor = Math.min(best.factor, 1000 * seconds.low_rank);
    }
  }
  return best;
}

for await (const _ of createInterface({ input: process.stdin })) {
  const times = await (configuration.kind === 'sgd' ? sgd() : curvature());
  console.log(JSON.stringify({ ...times, memory: process.resourceUsage().maxRSS * 1024 }));
}
await engine.dispose();
