import type { Engine, TensorData, Value } from '../../src/engine/index.js';
import { type BatchFeeds, TrainingStreams, type TrainingTask } from '../../src/optimizer/index.js';
import { inputNames, type TestProblem } from '../../src/testproblem/index.js';

/** A minibatch as plain numbers. */
export interface PlainBatch {
  readonly inputs: TensorData;
  readonly labels?: Int32Array;
}

/** A training task on an engine, started at given parameters (default: the problem's own of seed 1). */
export function trainingTask(
  engine: Engine,
  problem: TestProblem,
  options: {
    readonly batchSize: number;
    readonly stepsPerEpoch: number;
    readonly parameters?: readonly TensorData[];
    readonly l2Reg?: number;
  },
): TrainingTask {
  const { batchSize, stepsPerEpoch, l2Reg = 0 } = options;
  const streams = new TrainingStreams(1);
  const initial = options.parameters ?? problem.initialParameters(1);
  return {
    engine,
    problem: problem.build(batchSize, { l2Reg }),
    parameterNames: problem.parameters.map(({ name }) => name),
    groups: problem.parameters.map(({ group }) => group),
    constants: Object.fromEntries(
      Object.entries(problem.constants).map(([name, { shape, data }]) => [
        inputNames.constant(name),
        engine.upload(data(), shape),
      ]),
    ),
    initialParameters: problem.parameters.map(({ shape }, index) =>
      engine.upload(initial[index] ?? new Float64Array(), shape),
    ),
    stepsPerEpoch,
    random: (name) => streams.stream(name),
  };
}

/** A minibatch as inputs of the task's programs. */
export function batchFeeds(engine: Engine, problem: TestProblem, size: number, batch: PlainBatch): BatchFeeds {
  const feeds: Record<string, Value> = {
    [inputNames.inputs]: engine.upload(batch.inputs, [size, ...problem.inputShape]),
  };
  if (batch.labels !== undefined) feeds[inputNames.labels] = engine.upload(batch.labels, [size]);
  return feeds;
}
