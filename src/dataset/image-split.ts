import { randomStream } from '../random/index.js';
import { assembleBatch, type BatchAugmentation, type PixelValues } from './assemble.js';
import { assembleAhead, canAssembleAhead } from './assemble-ahead.js';
import { ascending, batchedSplit, type Part } from './batches.js';
import type { DataSplit, Protocol, SplitSizes } from './dataset.js';
import type { ImageTable, ImageTables } from './image-table.js';

/** Images in memory and how they become batches. */
export interface ImageData {
  readonly tables: ImageTables;
  readonly sizes: SplitSizes;
  readonly values: PixelValues;
  /** How training images are augmented; null if not at all. */
  readonly augmentation: Pick<BatchAugmentation, 'mirrors'> | null;
}

/**
 * Splits the training file by the run's seed into validation and training images (DeepOBS shuffles the indices and takes
 * the first for validation) and draws the train_eval images, from the training images only. `deepobs-beta` instead draws
 * train_eval from the whole training file at every evaluation, augmented, as DeepOBS 1.2.0-beta0 does.
 */
export function splitImages(data: ImageData, seed: number, protocol: Protocol): DataSplit {
  const { tables, sizes } = data;
  const shuffled = randomStream(seed, 'split').permutation(sizes.train + sizes.valid);
  const valid = shuffled.subarray(0, sizes.valid);
  const train = shuffled.subarray(sizes.valid);
  const test: Part = { order: () => ascending(sizes.test), assemble: plain(data, tables.test) };
  const training: Part = {
    order: (epoch) => pick(train, randomStream(seed, 'shuffle', epoch).permutation(sizes.train)),
    assemble: augmented(data, seed, 'augment'),
    ...(data.augmentation !== null && canAssembleAhead ? { assembleAhead: augmentedAhead(data, seed, 'augment') } : {}),
  };
  if (protocol === 'deepobs-beta') {
    const trainEval: Part = {
      order: (epoch) =>
        randomStream(seed, 'train-eval', epoch).permutation(shuffled.length).subarray(0, sizes.trainEval),
      assemble: augmented(data, seed, 'augment-train-eval'),
    };
    const validation: Part = {
      order: (epoch) => pick(valid, randomStream(seed, 'valid', epoch).permutation(sizes.valid)),
      assemble: plain(data, tables.train),
    };
    return batchedSplit(sizes, training, { train_eval: trainEval, valid: validation, test }, true);
  }
  const chosen = randomStream(seed, 'train-eval').permutation(sizes.train).subarray(0, sizes.trainEval);
  const trainEval: Part = { order: () => pick(train, chosen), assemble: plain(data, tables.train) };
  const validation: Part = { order: () => valid, assemble: plain(data, tables.train) };
  return batchedSplit(sizes, training, { train_eval: trainEval, valid: validation, test }, false);
}

function plain({ values }: ImageData, table: ImageTable): Part['assemble'] {
  return (indices, _, memory) => assembleBatch(table, indices, values, null, memory);
}

function augmented({ tables, values, augmentation }: ImageData, seed: number, purpose: string): Part['assemble'] {
  return (indices, epoch, memory) => {
    const own = augmentation === null ? null : { ...augmentation, path: [seed, purpose, epoch] as const };
    return assembleBatch(tables.train, indices, values, own, memory);
  };
}

function augmentedAhead(
  { tables, values, augmentation }: ImageData,
  seed: number,
  purpose: string,
): Part['assembleAhead'] {
  return (order, epoch) => {
    const own = { mirrors: augmentation?.mirrors ?? false, path: [seed, purpose, epoch] as const };
    return assembleAhead(tables.train, order, { values, augmentation: own });
  };
}

function pick(from: Uint32Array, positions: Uint32Array): Uint32Array {
  return positions.map((position) => from[position] as number);
}
