import type { Batch, DataSplit, Phase, SplitSizes } from './dataset.js';

/** Characters as numbers, part by part. */
export interface TextParts {
  readonly train: Int32Array;
  readonly valid: Int32Array;
  readonly test: Int32Array;
}

/**
 * A text as DeepOBS cuts it into batches: with `size` examples in a batch, each part becomes `size` rows of consecutive
 * characters, and batch j holds the j-th piece of each row, so that row r goes on in row r of the next batch. That is why
 * the order is never shuffled, and the batch size changes the rows. Labels are the characters that come next. `train_eval` is
 * the first batches of training. What is left of a part makes a last, smaller batch, except in training and by the protocol
 * `deepobs-beta`.
 */
export function splitText(parts: TextParts, sizes: SplitSizes, length: number, dropIncomplete: boolean): DataSplit {
  const partOf = { train_eval: parts.train, valid: parts.valid, test: parts.test };
  const countOf = { train_eval: sizes.trainEval, valid: sizes.valid, test: sizes.test };
  const evaluation = (phase: Phase, size: number) => {
    const batches = pieces(partOf[phase], size, length);
    const complete = batches.slice(0, Math.floor(countOf[phase] / size));
    const rest = countOf[phase] % size;
    if (dropIncomplete || rest === 0) return complete;
    return [...complete, remainder(partOf[phase], { from: complete.length * size * length, rest, length })];
  };
  return {
    sizes,
    trainingSteps: (size) => Math.floor(sizes.train / size),
    trainingBatches: (_, size, { from = 0 } = {}) => made(pieces(parts.train, size, length).slice(from)),
    evaluationBatches: (phase, _, size) => made(evaluation(phase, size)),
  };
}

/** Makes a batch when it is asked for. */
type Piece = () => Batch;

async function* made(batches: readonly Piece[]): AsyncGenerator<Batch> {
  for (const batch of batches) yield batch();
}

/** The complete batches of a text. */
function pieces(text: Int32Array, size: number, length: number): Piece[] {
  const count = Math.floor((text.length - 1) / (size * length));
  const starts = (batch: number) => Array.from({ length: size }, (_, row) => row * count * length + batch * length);
  return Array.from({ length: count }, (_, batch) => () => batchAt(text, starts(batch), length));
}

/** Consecutive sequences as one batch. */
function remainder(text: Int32Array, { from, rest, length }: { from: number; rest: number; length: number }): Piece {
  const starts = Array.from({ length: rest }, (_, row) => from + row * length);
  return () => batchAt(text, starts, length);
}

function batchAt(text: Int32Array, starts: readonly number[], length: number): Batch {
  const [inputs, labels] = [new Int32Array(starts.length * length), new Int32Array(starts.length * length)];
  for (const [row, start] of starts.entries()) {
    inputs.set(text.subarray(start, start + length), row * length);
    labels.set(text.subarray(start + 1, start + 1 + length), row * length);
  }
  return { inputs, labels, size: starts.length };
}
