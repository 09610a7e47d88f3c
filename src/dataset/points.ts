import { createHash } from 'node:crypto';
import { randomStream } from '../random/index.js';
import { ascending, batchedSplit, type Part } from './batches.js';
import type { Batch, DataSplit, Dataset, Protocol } from './dataset.js';
import type { GeneratedDatasetDefinition } from './definition.js';

/** Generated examples without labels, row after row in float32. */
export interface PointTables {
  readonly train: Float32Array;
  readonly valid: Float32Array;
  readonly test: Float32Array;
}

/** A data set of generated points; `train_eval` is the training set. */
export function pointDataset(definition: Omit<GeneratedDatasetDefinition, 'open'>, points: PointTables): Dataset {
  const { name, shape, classes, sizes } = definition;
  const hash = createHash('sha256');
  for (const part of [points.train, points.valid, points.test]) hash.update(littleEndian(part));
  return {
    name,
    shape,
    classes,
    sizes,
    record: { name, source: 'generated', verified: true, checksum: hash.digest('hex'), files: [], syntheticSize: null },
    split: (seed, protocol) => splitPoints(definition, points, seed, protocol),
  };
}

function splitPoints(
  { sizes, shape }: Pick<GeneratedDatasetDefinition, 'sizes' | 'shape'>,
  points: PointTables,
  seed: number,
  protocol: Protocol,
): DataSplit {
  const [width = 1] = shape;
  const part = (source: Float32Array, shuffle: string | null): Part => {
    const count = source.length / width;
    return {
      order: (epoch) => (shuffle === null ? ascending(count) : randomStream(seed, shuffle, epoch).permutation(count)),
      assemble: (indices) => pointBatch(source, indices, width),
    };
  };
  const beta = protocol === 'deepobs-beta';
  return batchedSplit(
    sizes,
    part(points.train, 'shuffle'),
    {
      train_eval: part(points.train, beta ? 'train-eval' : null),
      valid: part(points.valid, beta ? 'valid' : null),
      test: part(points.test, null),
    },
    beta,
  );
}

function pointBatch(source: Float32Array, indices: Uint32Array, width: number): Batch {
  const inputs = new Float32Array(indices.length * width);
  for (const [row, index] of indices.entries()) {
    inputs.set(source.subarray(index * width, (index + 1) * width), row * width);
  }
  return { inputs, labels: null, size: indices.length };
}

function littleEndian(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (const [i, value] of values.entries()) view.setFloat32(4 * i, value, true);
  return new Uint8Array(view.buffer);
}
