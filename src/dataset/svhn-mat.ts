import type { ImageShape } from './image-table.js';
import { imageSize } from './image-table.js';
import { MatFileError, readMatFile } from './mat-file.js';

/** What a file of SVHN's cropped digits must hold: X with the images and y with their labels. */
export interface DigitBatch {
  readonly images: number;
  readonly image: ImageShape;
  /** Labels are 1 … classes, where `classes` stands for the digit 0. */
  readonly classes: number;
}

/** The most bytes that such a file has: packed data are never much longer than plain ones. */
export function mostMatBytes({ images, image }: DigitBatch): number {
  return Math.ceil(1.01 * images * (imageSize(image) + 8)) + 10_000;
}

/**
 * Records like those of CIFAR's binary version out of a file of SVHN (ufldl.stanford.edu/housenumbers): a label byte, the digit
 * itself, and the image as planes of rows. X has the size rows × columns × channels × images. Throws MatFileError.
 */
export function recordsOfMat(file: Uint8Array, { images, image, classes }: DigitBatch): Uint8Array {
  const { channels, height, width } = image;
  const size = imageSize(image);
  const arrays = readMatFile(file, {
    wanted: new Map([
      ['X', images * size],
      ['y', images],
    ]),
  });
  const [pixels, labels] = ['X', 'y'].map((name) => arrays.get(name));
  if (pixels === undefined || labels === undefined) {
    throw new MatFileError(`no array ${pixels === undefined ? 'X' : 'y'}`);
  }
  expectSizes('X', pixels.sizes, [height, width, channels, images]);
  expectSizes('y', labels.sizes, [images, 1]);
  const records = new Uint8Array(images * (1 + size));
  const area = height * width;
  for (let n = 0, to = 0; n < images; n++) {
    const label = labels.bytes[n] as number;
    if (label < 1 || label > classes)
      throw new MatFileError(`the label ${label}, expected labels from 1 to ${classes}`);
    records[to++] = label % classes;
    for (let plane = n * size; plane < (n + 1) * size; plane += area) {
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          records[to++] = pixels.bytes[plane + column * height + row] as number;
        }
      }
    }
  }
  return records;
}

function expectSizes(name: string, found: readonly number[], expected: readonly number[]): void {
  if (found.join() === expected.join()) return;
  throw new MatFileError(`the array ${name} of size ${found.join('×')}, expected ${expected.join('×')}`);
}
