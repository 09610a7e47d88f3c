import type { DataSplit } from '../dataset/index.js';
import type { Engine, Value } from '../engine/index.js';
import {
  evaluationNoise,
  minibatchNoise,
  type SymbolicProblem,
  type TestProblem,
  uploadNoise,
} from '../testproblem/index.js';
import { uploadBatch } from './evaluation.js';

/** Whose minibatches. */
export interface MinibatchSource {
  readonly engine: Engine;
  readonly problem: TestProblem;
  /** The test problem on batches of this size. */
  readonly symbolic: SymbolicProblem;
  readonly split: DataSplit;
  readonly seed: number;
}

/** A minibatch of training: finished epochs, and the steps of the epoch before it. */
export interface MinibatchPosition {
  readonly epoch: number;
  readonly step: number;
}

/**
 * The minibatches that training takes from a position on, each with the noise that training would draw for it; without an
 * end. They are made anew, so nothing of a training that goes on is touched.
 */
export async function* trainingMinibatches(
  { engine, problem, symbolic, split, seed }: MinibatchSource,
  from: MinibatchPosition,
): AsyncGenerator<Record<string, Value>> {
  const { batchSize } = symbolic;
  const stepsPerEpoch = split.trainingSteps(batchSize);
  let step = from.step % stepsPerEpoch;
  for (let epoch = from.epoch + Math.floor(from.step / stepsPerEpoch); ; epoch++) {
    for await (const batch of split.trainingBatches(epoch, batchSize, { from: step })) {
      const noise = uploadNoise(engine, symbolic, minibatchNoise(symbolic, { seed, epoch, step }));
      yield { ...uploadBatch(engine, problem, batch), ...noise };
      step += 1;
    }
    step = 0;
  }
}

/** The complete batches of the validation set, in the order of an evaluation. */
export async function* validationMinibatches({
  engine,
  problem,
  symbolic,
  split,
  seed,
}: MinibatchSource): AsyncGenerator<Record<string, Value>> {
  let index = 0;
  for await (const batch of split.evaluationBatches('valid', 0, symbolic.batchSize)) {
    if (batch.size < symbolic.batchSize) return;
    const noise = evaluationNoise(symbolic, { seed, phase: 'valid', epoch: 0, batch: index });
    yield { ...uploadBatch(engine, problem, batch), ...uploadNoise(engine, symbolic, noise) };
    index += 1;
  }
}

/** At most so many items of an endless sequence. */
export async function* take<T>(items: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  if (count <= 0) return;
  let taken = 0;
  for await (const item of items) {
    yield item;
    taken += 1;
    if (taken === count) return;
  }
}
