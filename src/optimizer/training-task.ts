import type { Engine, TensorData, Value } from '../engine/index.js';
import { at } from '../expect.js';
import { randomStream } from '../random/index.js';
import { inputNames, type TestProblem } from '../testproblem/index.js';
import type { TrainingTask } from './training.js';
import { TrainingStreams } from './training-random.js';

/** How a test problem is trained on. */
export interface TaskOptions {
  /** Examples per minibatch; default: the test problem's. */
  readonly batchSize?: number;
  /** λ of the term ½ λ Σ w²; default: the test problem's, 0 where it has none. */
  readonly l2Reg?: number;
  /** Minibatches per epoch. */
  readonly stepsPerEpoch: number;
  /** The run's seed: initial parameters and the optimizer's random numbers depend on it. Default 42. */
  readonly seed?: number;
  /** Where training starts: a list with one array for each parameter; default: the seed's initial parameters. */
  readonly parameters?: readonly TensorData[];
  /** Streams that follow the training's steps; default: such as stay before the first step. */
  readonly random?: TrainingTask['random'];
}

/** Puts a test problem on an engine for an optimizer to train on. */
export function trainingTask(engine: Engine, problem: TestProblem, options: TaskOptions): TrainingTask {
  const { defaults } = problem;
  const { seed = 42, stepsPerEpoch, batchSize = defaults.batchSize, l2Reg = defaults.l2Reg ?? 0 } = options;
  const streams = new TrainingStreams(seed);
  return {
    engine,
    problem: problem.build(batchSize, { l2Reg }),
    parameterNames: problem.parameters.map(({ name }) => name),
    kinds: problem.parameters.map(({ kind }) => kind),
    groups: problem.parameters.map(({ group }) => group),
    constants: constantValues(engine, problem),
    initialParameters: uploadParameters(engine, problem, options.parameters ?? problem.initialParameters(seed)),
    stepsPerEpoch,
    stream: (name) => randomStream(seed, 'optimizer rule', name),
    random: options.random ?? ((name) => streams.stream(name)),
  };
}

/** In a function of its own, so that the streams above, which live as long as the training, do not hold the initial numbers. */
function uploadParameters(engine: Engine, { parameters }: TestProblem, initial: readonly TensorData[]) {
  return parameters.map(({ shape }, index) => engine.upload(at(initial, index), shape));
}

/** A test problem's constants as feeds of programs. */
export function constantValues(engine: Engine, { constants }: TestProblem): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(constants).map(([name, { shape, data }]) => [
      inputNames.constant(name),
      engine.upload(data(), shape),
    ]),
  );
}
