import { randomStream } from '../random/index.js';
import { augmentImage, drawAugmentation } from './augmentation.js';
import type { Batch } from './dataset.js';
import { type ImageTable, imageSize } from './image-table.js';

/** Float32 value of each byte of each channel: [channels × 256]. */
export type PixelValues = Float32Array;

/** Seed and path of the augmentation; an image's own stream is that path and the image's index in its file. */
export type AugmentationPath = readonly [seed: number, ...path: (string | number)[]];

/** Bytes become byte / 255. */
export function unitPixelValues(channels: number): PixelValues {
  return Float32Array.from({ length: channels * 256 }, (_, i) => (i % 256) / 255);
}

/** Bytes become (byte / 255 − mean) / std of their channel, each step in single precision as in torchvision. */
export function normalizedPixelValues(means: readonly number[], stds: readonly number[]): PixelValues {
  const values = new Float32Array(means.length * 256);
  for (const [channel, mean] of means.entries()) {
    for (let byte = 0; byte < 256; byte++) {
      const centred = Math.fround(Math.fround(byte / 255) - Math.fround(mean));
      values[channel * 256 + byte] = centred / Math.fround(stds[channel] ?? 1);
    }
  }
  return values;
}

/**
 * The batch of the images `indices` of `table`. A pure function of its arguments, which are plain data and typed arrays, so
 * that it can run in a worker thread. The result is newly allocated: the consumer may keep it.
 */
export function assembleBatch(
  table: ImageTable,
  indices: Uint32Array,
  values: PixelValues,
  augmentation: AugmentationPath | null,
): Batch {
  const { shape, pixels, labels } = table;
  const size = imageSize(shape);
  const area = shape.height * shape.width;
  const inputs = new Float32Array(indices.length * size);
  const batchLabels = new Int32Array(indices.length);
  const stream = augmentation === null ? null : randomStream(...augmentation);
  const augmented = new Uint8Array(size);
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row] ?? 0;
    batchLabels[row] = labels[index] ?? 0;
    let source = pixels;
    let from = index * size;
    if (stream !== null) {
      augmentImage(pixels, from, shape, drawAugmentation(stream.child(index)), augmented);
      source = augmented;
      from = 0;
    }
    const to = row * size;
    for (let channel = 0; channel < shape.channels; channel++) {
      const base = channel * 256;
      const end = (channel + 1) * area;
      for (let i = channel * area; i < end; i++) inputs[to + i] = values[base + (source[from + i] ?? 0)] ?? 0;
    }
  }
  return { inputs, labels: batchLabels, size: indices.length };
}
