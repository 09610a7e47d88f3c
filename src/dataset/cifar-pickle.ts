import { ByteArray, PickleError, type PickleValue, readPickle } from './pickle.js';

/** What a batch of the Python version of CIFAR-10 or CIFAR-100 must hold. */
export interface CifarBatch {
  /** The keys of its labels in the order in which the binary version has them: CIFAR-100's are coarse and fine. */
  readonly labels: readonly ('labels' | 'coarse_labels' | 'fine_labels')[];
  readonly images: number;
  /** Bytes of one image. */
  readonly imageSize: number;
}

/** The Python version's name of a file of the binary version. */
export function pickleName(binary: string): string {
  return binary.replace(/\.bin$/, '');
}

/** The most bytes that the pickle of a batch has: the published ones have 10 bytes an image for labels and up to 40 for its name. */
export function mostPickleBytes({ images, imageSize }: CifarBatch): number {
  return images * (imageSize + 100) + 10_000;
}

/**
 * The records of the binary version out of a batch of the Python version (www.cs.toronto.edu/~kriz/cifar.html): its labels,
 * one byte each, then the image, as in `data_batch_1.bin` and `train.bin`, byte for byte. Throws PickleError.
 */
export function recordsOfPickle(pickle: Uint8Array, batch: CifarBatch): Uint8Array {
  const { images, imageSize } = batch;
  const dictionary = readPickle(pickle, 20 * images + 1000);
  if (!(dictionary instanceof Map)) throw new PickleError('no dictionary');
  const columns = batch.labels.map((key) => labelsOf(dictionary, key, images));
  const pixels = dictionary.get('data');
  if (!(pixels instanceof ByteArray)) throw new PickleError('no array of bytes under the key data');
  if (pixels.shape.join() !== `${images},${imageSize}`) {
    throw new PickleError(
      `an array of ${pixels.shape.join('×')} bytes under the key data, expected ${images}×${imageSize}`,
    );
  }
  const size = columns.length + imageSize;
  const records = new Uint8Array(images * size);
  for (let image = 0; image < images; image++) {
    for (const [i, column] of columns.entries()) records[image * size + i] = column[image] as number;
    records.set(pixels.bytes.subarray(image * imageSize, (image + 1) * imageSize), image * size + columns.length);
  }
  return records;
}

function labelsOf(dictionary: ReadonlyMap<string, PickleValue>, key: string, images: number): Uint8Array {
  const list = dictionary.get(key);
  if (!Array.isArray(list)) {
    const other = dictionary.has('fine_labels') ? ' (it has fine_labels, as CIFAR-100 does)' : '';
    throw new PickleError(`no list of labels under the key ${key}${other}`);
  }
  if (list.length !== images) throw new PickleError(`${list.length} ${key}, expected ${images}`);
  return Uint8Array.from(list, (label) => {
    if (typeof label === 'number' && label >= 0 && label <= 255) return label;
    throw new PickleError(`a label under the key ${key} that is no number from 0 to 255`);
  });
}
