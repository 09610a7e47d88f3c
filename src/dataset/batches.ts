import { ConfigurationError } from '../errors.js';
import { option } from '../words.js';
import type { Batch, DataSplit, Phase, SplitSizes } from './dataset.js';

/** Some examples of a data set: their order at an epoch, and how a batch is made of some of them. */
export interface Part {
  order(epoch: number): Uint32Array;
  /** The batch of these examples; its inputs in `memory`, where that has their size. */
  assemble(indices: Uint32Array, epoch: number, memory?: Float32Array<ArrayBuffer>): Batch;
  /** The batches of many index lists, made ahead of use in the background; only where that is worth a thread. */
  assembleAhead?(order: Iterable<Uint32Array>, epoch: number): AsyncIterable<Batch>;
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
    trainingBatches: (epoch, batchSize, options = {}) => cut(training, epoch, batchSize, true, options),
    evaluationBatches: (phase, epoch, batchSize) => cut(evaluation[phase], epoch, batchSize, dropIncomplete, {}),
  };
}

async function* cut(
  part: Part,
  epoch: number,
  batchSize: number,
  dropIncomplete: boolean,
  {
    ahead = false,
    reuse = false,
    from = 0,
  }: { readonly ahead?: boolean; readonly reuse?: boolean; readonly from?: number },
): AsyncGenerator<Batch> {
  const order = part.order(epoch);
  const end = dropIncomplete ? order.length - (order.length % batchSize) : order.length;
  if (end === 0) {
    throw new ConfigurationError({
      subject: option('batch_size', batchSize),
      what: `it leaves no complete batch of ${order.length} examples`,
      remedy: `give at most ${order.length}`,
    });
  }
  const pieces = piecesOf(order.subarray(from * batchSize, end), batchSize);
  if (ahead && part.assembleAhead !== undefined) {
    yield* part.assembleAhead(pieces, epoch);
    return;
  }
  let memory: Float32Array<ArrayBuffer> | undefined;
  for (const indices of pieces) {
    const batch = part.assemble(indices, epoch, memory);
    if (reuse && batch.inputs instanceof Float32Array) memory = batch.inputs;
    yield batch;
  }
}

/** Consecutive views of `size` entries; the last may be smaller. */
function* piecesOf(order: Uint32Array, size: number): Generator<Uint32Array> {
  for (let start = 0; start < order.length; start += size) yield order.subarray(start, start + size);
}

/** 0, 1, … n−1. */
export function ascending(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, index) => index);
}
