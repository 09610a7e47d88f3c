import type { Engine, TensorData, Value } from '../../src/engine/index.js';
import { loadOptimizer, trainingTask } from '../../src/optimizer/index.js';
import { type RandomStream, randomStream } from '../../src/random/index.js';
import * as t from '../../src/tensor/index.js';
import {
  inputNames,
  minibatchNoise,
  type SymbolicProblem,
  type TestProblem,
  uploadNoise,
} from '../../src/testproblem/index.js';
import { type EngineCase, engineCase, tolerances } from './engine-case.js';

/** Numbers for a batch of a test problem: images with a dark, constant part as real ones have, points, or tokens; labels. */
export function batchOf(problem: TestProblem, batchSize: number, random: RandomStream): Record<string, TensorData> {
  const { inputShape, inputType, labelShape, hasLabels, vocabulary, classes } = problem;
  const length = batchSize * t.sizeOf(inputShape);
  const inputs =
    inputType === 'int'
      ? Int32Array.from({ length }, () => random.integer(vocabulary ?? 10))
      : Float32Array.from({ length }, (_, index) =>
          hasLabels && index % 28 < 9 ? 0 : Math.fround(0.5 * random.normal()),
        );
  if (!hasLabels) return { [inputNames.inputs]: inputs };
  const labels = { length: batchSize * t.sizeOf(labelShape) };
  return {
    [inputNames.inputs]: inputs,
    [inputNames.labels]: Int32Array.from(labels, () => random.integer(classes ?? 10)),
  };
}

/** What a network is fed with besides the minibatch: noise, and the states that it starts with. */
function noiseAndStatesOf({ noises, states }: SymbolicProblem): Record<string, TensorData> {
  return {
    ...minibatchNoise({ noises }, { seed: 1, epoch: 0, step: 0 }),
    ...Object.fromEntries(states.map(({ name, initial }) => [inputNames.state(name), initial])),
  };
}

/** The constants that a test problem's programs are fed with. */
export function constantsOf(problem: TestProblem): Record<string, TensorData> {
  return Object.fromEntries(
    Object.entries(problem.constants).map(([name, { data }]) => [inputNames.constant(name), data()]),
  );
}

/** Loss, accuracy, gradient and Hessian-vector product of a test problem at its initial parameters, moved a little. */
export function derivativesCase(problem: TestProblem, batchSize: number): EngineCase {
  const random = randomStream(1, 'derivatives of', problem.name);
  const symbolic = problem.build(batchSize, { l2Reg: problem.defaults.l2Reg ?? 0 });
  const { loss, accuracy, parameters } = symbolic;
  const gradients = t.gradients(loss, parameters);
  const vectors = problem.parameters.map(({ name, shape }) => t.input(`vector/${name}`, shape));
  const products = t.hessianVectorProduct(gradients, parameters, vectors);
  const outputs: Record<string, t.Tensor> = accuracy === null ? { loss } : { loss, accuracy };
  const feeds = { ...batchOf(problem, batchSize, random), ...constantsOf(problem), ...noiseAndStatesOf(symbolic) };
  const initial = problem.initialParameters(1);
  for (const [index, { name, shape }] of problem.parameters.entries()) {
    outputs[`gradient/${name}`] = gradients[index] ?? t.constant(0);
    outputs[`product/${name}`] = products[index] ?? t.constant(0);
    feeds[`parameter/${name}`] = (initial[index] ?? new Float32Array()).map((value) => value + 0.01 * random.normal());
    feeds[`vector/${name}`] = Float32Array.from({ length: t.sizeOf(shape) }, () => random.normal());
  }
  const subject: EngineCase = engineCase(`${problem.name}, batch ${batchSize}`, outputs, feeds, {
    floor: (output) => scaleOf(output, subject.expected()),
    tolerance: (output) => (output.startsWith('product/') ? tolerances.second : tolerances.value),
  });
  return subject;
}

/**
 * The bias of attention's keys adds the same number to all scores of a row, and softmax does not see it: its derivatives are
 * 0 but for rounding. They may be wrong by as much as those of the queries' bias.
 */
export function scaleOf(name: string, norms: Readonly<Record<string, ArrayLike<number>>>): number {
  if (!/\bkey[./]bias/.test(name)) return 0;
  return Math.hypot(...Array.from(norms[name.replace(/\bkey([./]bias)/, 'query$1')] ?? []));
}

/** What training steps left behind: their losses, the parameters and the optimizer's state. */
export interface TrainingResult {
  readonly losses: readonly number[];
  readonly arrays: Readonly<Record<string, TensorData>>;
}

/** A short training: by which optimizer, and from which parameters if not the initial ones of seed 1. */
export interface ShortTraining {
  readonly problem: TestProblem;
  readonly batchSize: number;
  readonly optimizer: string;
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly steps: number;
  readonly initial?: readonly TensorData[];
}

/** Trains on an engine, through the optimizer's own code. */
export async function train(
  engine: Engine,
  { problem, batchSize, optimizer: optimizerName, hyperparameters, steps, initial }: ShortTraining,
): Promise<TrainingResult> {
  const optimizer = await loadOptimizer(optimizerName);
  const task = trainingTask(engine, problem, {
    batchSize,
    stepsPerEpoch: steps,
    seed: 1,
    ...(initial !== undefined && { parameters: initial }),
  });
  const training = await optimizer.start(task, hyperparameters);
  await training.beginEpoch(0, 1);
  const random = randomStream(1, 'training on', problem.name);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { inputs = new Float32Array(), labels } = batchOf(problem, batchSize, random);
    const feeds: Record<string, Value> = {
      [inputNames.inputs]: engine.upload(inputs, [batchSize, ...problem.inputShape]),
    };
    if (labels !== undefined) feeds[inputNames.labels] = engine.upload(labels, [batchSize, ...problem.labelShape]);
    const noise = minibatchNoise(task.problem, { seed: 1, epoch: 0, step });
    losses.push(await training.step({ ...feeds, ...uploadNoise(engine, task.problem, noise) }));
  }
  const saved = Object.entries((await training.save()).arrays);
  return { losses, arrays: Object.fromEntries(saved.map(([name, data]) => [nameOfArray(problem, name), data])) };
}

/** The name of a saved array, with the parameter's name in the place of its number. */
function nameOfArray({ parameters }: TestProblem, name: string): string {
  return name.replace(/\.(\d+)$/, (number, index) => `/${parameters[Number(index)]?.name ?? number}`);
}
