import { at } from '../expect.js';
import { randomStream } from '../random/index.js';
import { augmentUpToMap, drawAugmentation } from './augmentation.js';
import type { Batch } from './dataset.js';
import { type ImageShape, type ImageTable, imageSize } from './image-table.js';

/** Float32 value of each byte of each channel: [channels × 256]. */
export type PixelValues = Float32Array;

/** How the images of a batch are augmented. */
export interface BatchAugmentation {
  /** Seed and path; an image's own stream is that path and the image's index in its file. */
  readonly path: readonly [seed: number, ...path: (string | number)[]];
  /** Whether half of the images are mirrored. */
  readonly mirrors: boolean;
}

/** Bytes become byte / 255. */
export function unitPixelValues(channels: number): PixelValues {
  return Float32Array.from({ length: channels * 256 }, (_, i) => (i % 256) / 255);
}

/** Bytes become (byte / 255 − mean) / std of their channel, each step in single precision as in torchvision. */
export function normalisedPixelValues(means: readonly number[], stds: readonly number[]): PixelValues {
  const values = new Float32Array(means.length * 256);
  for (const [channel, mean] of means.entries()) {
    for (let byte = 0; byte < 256; byte++) {
      const centred = Math.fround(Math.fround(byte / 255) - Math.fround(mean));
      values[channel * 256 + byte] = centred / Math.fround(at(stds, channel));
    }
  }
  return values;
}

/** The images of a batch as they lie in their table, and their labels. */
export interface GatheredImages {
  readonly shape: ImageShape;
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly labels: Int32Array;
  /** Their indices in the table, which choose their augmentation. */
  readonly indices: Uint32Array;
}

/** Takes the images `indices` out of a table. Everything in the result is newly allocated. */
export function gatherImages({ shape, pixels, labels }: ImageTable, indices: Uint32Array): GatheredImages {
  const size = imageSize(shape);
  const gathered = new Uint8Array(indices.length * size);
  for (const [row, index] of indices.entries()) {
    gathered.set(pixels.subarray(index * size, (index + 1) * size), row * size);
  }
  return {
    shape,
    pixels: gathered,
    labels: Int32Array.from(indices, (index) => labels[index] as number),
    indices: indices.slice(),
  };
}

/**
 * The program's input of a batch, in `memory` where that has its size, else newly allocated. A pure function of its arguments, which are plain data and typed
 * arrays, so that it can run in a worker thread.
 */
export function imageInputs(
  { shape, pixels, indices }: Omit<GatheredImages, 'labels'>,
  values: PixelValues,
  augmentation: BatchAugmentation | null,
  memory?: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const size = imageSize(shape);
  const area = shape.height * shape.width;
  const inputs = memory?.length === pixels.length ? memory : new Float32Array(pixels.length);
  if (augmentation === null) {
    for (let from = 0; from < pixels.length; from += size) lookUpPlanes(pixels, from, size, area, values, inputs, from);
    return inputs;
  }
  const stream = randomStream(...augmentation.path);
  const augmented = new Uint8Array(size);
  const mapped = values.slice();
  for (const [row, index] of indices.entries()) {
    const drawn = drawAugmentation(stream.child(index), augmentation);
    const map = augmentUpToMap(pixels, row * size, shape, drawn, augmented);
    for (let plane = 0; plane < mapped.length; plane += 256) lookUp(map, 0, 256, values, plane, mapped, plane);
    lookUpPlanes(augmented, 0, size, area, mapped, inputs, row * size);
  }
  return inputs;
}

/** The batch of the images `indices` of `table`. The consumer may keep it, unless `memory` is the consumer's. */
export function assembleBatch(
  table: ImageTable,
  indices: Uint32Array,
  values: PixelValues,
  augmentation: BatchAugmentation | null,
  memory?: Float32Array<ArrayBuffer>,
): Batch {
  const images = gatherImages(table, indices);
  return { inputs: imageInputs(images, values, augmentation, memory), labels: images.labels, size: indices.length };
}

/** One image's bytes as its channels' values. */
function lookUpPlanes(
  bytes: Uint8Array,
  from: number,
  size: number,
  area: number,
  values: PixelValues,
  target: Float32Array,
  to: number,
): void {
  for (let done = 0, channel = 0; done < size; done += area, channel++) {
    lookUp(bytes, from + done, area, values, 256 * channel, target, to + done);
  }
}

/** target[to + i] = values[base + bytes[from + i]] for 0 ≤ i < count. */
function lookUp(
  bytes: Uint8Array,
  from: number,
  count: number,
  values: PixelValues,
  base: number,
  target: Float32Array,
  to: number,
): void {
  for (let i = 0; i < count; i++) target[to + i] = values[base + (bytes[from + i] as number)] as number;
}
