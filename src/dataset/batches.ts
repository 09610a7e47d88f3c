import { ConfigurationError } from '../errors.js';
import type { Batch, DataSplit, Phase, SplitSizes } from './dataset.js';

/** Some examples of a data set: their order at an epoch, and how a batch is made of some of them. */
export interface Part {
  order(epoch: number): Uint32Array;
  assemble(indices: Uint32Array, epoch: number): Batch;
}

/** A split that cuts its parts into batches; evaluation drops the incomplete last batch if `dropIncomplete`. */
export function batchedSplit(
  sizes: SplitSizes,
  training: Part,
  evaluation: Readonly<Record<Phase, Part>>,
  dropIncomplete: boolean,
): DataSplit {
  return {
    sizes,
    trainingSteps: (batchSize) => Math.floor(sizes.train / batchSize),
    trainingBatches: (epoch, batchSize) => cut(training, epoch, batchSize, true),
    evaluationBatches: (phase, epoch, batchSize) => cut(evaluation[phase], epoch, batchSize, dropIncomplete),
  };
}

async function* cut(part: Part, epoch: number, batchSize: number, dropIncomplete: boolean): AsyncGenerator<Batch> {
  const order = part.order(epoch);
  const end = dropIncomplete ? order.length - (order.length % batchSize) : order.length;
  if (end === 0) {
    throw new ConfigurationError(
      `--batch-size ${batchSize} leaves no complete batch of ${order.length} examples; give at most ${order.length}.`,
    );
  }
  for (let start = 0; start < end; start += batchSize) {
    yield part.assemble(order.subarray(start, Math.min(start + batchSize, end)), epoch);
  }
}

/** 0, 1, … n−1. */
export function ascending(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, index) => index);
}
