import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { onTestFinished } from 'vitest';
import { cifar10 } from '../../src/dataset/cifar10.js';
import { cifar100 } from '../../src/dataset/cifar100.js';
import type { ImageDatasetDefinition } from '../../src/dataset/definition.js';
import { mnist } from '../../src/dataset/mnist.js';
import { svhn } from '../../src/dataset/svhn.js';

const TRAIN = 6;
const TEST = 2;

/** MNIST with 6 training and 2 test images. */
export const smallMnist: ImageDatasetDefinition = {
  ...mnist,
  contents: mnist.contents.map((content) => ({ ...content, count: content.part === 'train' ? TRAIN : TEST })),
};

/** CIFAR-10 with 2 images in each of its six files. */
export const smallCifar10: ImageDatasetDefinition = {
  ...cifar10,
  contents: cifar10.contents.map((content) => ({ ...content, count: 2 })),
};

/** A new, empty data directory, removed at the end of the test. */
export async function newDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'probprec-data-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

/** Writes files below a directory. */
export async function writeFiles(dataDir: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(dataDir, path)), { recursive: true });
    await writeFile(join(dataDir, path), bytes);
  }
}

function idx(magic: number, sizes: readonly number[], data: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * sizes.length + data.length);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of [magic, ...sizes].entries()) view.setUint32(4 * i, word);
  bytes.set(data, 4 + 4 * sizes.length);
  return bytes;
}

/** Pixel i of image n of the small files. */
export const pixel = (n: number, i: number): number => (31 * n + 7 * i) % 256;

const images = (count: number): Uint8Array =>
  idx(
    0x803,
    [count, 28, 28],
    Array.from({ length: count * 784 }, (_, i) => pixel(Math.floor(i / 784), i % 784)),
  );

const labels = (count: number): Uint8Array =>
  idx(
    0x801,
    [count],
    Array.from({ length: count }, (_, i) => (3 * i + 1) % 10),
  );

/** The four unpacked files of the small MNIST by name. */
export const mnistFiles: Readonly<Record<string, Uint8Array>> = {
  'train-images-idx3-ubyte': images(TRAIN),
  'train-labels-idx1-ubyte': labels(TRAIN),
  't10k-images-idx3-ubyte': images(TEST),
  't10k-labels-idx1-ubyte': labels(TEST),
};

/** The six .bin files of the small CIFAR-10 by name. */
export const cifarFiles: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  cifar10.contents.map(({ name }, file) => {
    const record = (n: number): number[] => [n % 10, ...Array.from({ length: 3072 }, (_, i) => pixel(n, i))];
    return [name, Uint8Array.from([...record(2 * file), ...record(2 * file + 1)])];
  }),
);

/** Files by name below a folder, gzipped if `packed`. */
export function inFolder(
  folder: string,
  files: Readonly<Record<string, Uint8Array>>,
  packed = false,
): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(files).map(([name, bytes]) =>
      packed ? [`${folder}/${name}.gz`, gzipSync(bytes)] : [`${folder}/${name}`, bytes],
    ),
  );
}

/** A .tar.gz of files in a folder, with a file that is no part of the data set. */
export async function archive(
  files: Readonly<Record<string, Uint8Array>>,
  folder = 'cifar-10-batches-bin',
): Promise<Uint8Array> {
  return gzipSync(await tar(files, folder));
}

/** The same, not packed with gzip. */
export async function tar(files: Readonly<Record<string, Uint8Array>>, folder: string): Promise<Uint8Array> {
  const tar = pack();
  tar.entry({ name: `${folder}/readme.html` }, 'not data');
  for (const [name, bytes] of Object.entries(files)) {
    tar.entry({ name: `${folder}/${name}` }, Buffer.from(bytes));
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  await new Promise<void>((resolve, reject) => {
    tar.on('data', (chunk) => {
      if (chunk instanceof Uint8Array) chunks.push(chunk);
    });
    tar.on('end', () => resolve());
    tar.on('error', reject);
  });
  return Buffer.concat(chunks);
}

/** The records of a .bin file as columns: label bytes, and pixels. */
export function columnsOf(records: Uint8Array, labelBytes = 1): { labels: number[][]; pixels: Uint8Array } {
  const size = labelBytes + 3072;
  const rows = Array.from({ length: records.length / size }, (_, i) => records.subarray(i * size, (i + 1) * size));
  const labels = Array.from({ length: labelBytes }, (_, i) => rows.map((row) => row[i] ?? 0));
  return { labels, pixels: Buffer.concat(rows.map((row) => row.subarray(labelBytes))) };
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const word = (value: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (value >>> (8 * i)) & 255);

/** Byte strings as Python 2 pickles them. */
export const pickled = (text: string | Uint8Array): Uint8Array => {
  const bytes = typeof text === 'string' ? latin1(text) : text;
  return bytes.length < 256
    ? Buffer.concat([latin1('U'), word(bytes.length, 1), bytes])
    : Buffer.concat([latin1('T'), word(bytes.length, 4), bytes]);
};

/**
 * A CIFAR batch byte for byte as cPickle of Python 2 writes it with protocol 2 (the published ones begin with
 * 80 02 7d 71 01 28 55 0b "batch_label" 71 02): built by hand, so that it owes nothing to the reader.
 */
export function pickledBatch(
  records: Uint8Array,
  keys: readonly string[] = ['labels'],
  change: Partial<Record<'type' | 'shape' | 'array' | 'extra', Uint8Array>> = {},
): Uint8Array {
  const { labels, pixels } = columnsOf(records, keys.length);
  const rows = labels[0]?.length ?? 0;
  let memo = 0;
  const put = (): Uint8Array => {
    memo += 1;
    return memo < 256 ? Buffer.concat([latin1('q'), word(memo, 1)]) : Buffer.concat([latin1('r'), word(memo, 4)]);
  };
  const list = (items: readonly Uint8Array[]): Uint8Array =>
    Buffer.concat([latin1(']'), put(), latin1('('), ...items, latin1('e')]);
  const name = (module: string, part: string): Uint8Array => latin1(`c${module}\n${part}\n`);
  const shape = Buffer.concat([latin1('M'), word(rows, 2), latin1('M'), word(3072, 2), latin1('\x86')]);
  return Buffer.concat([
    ...[latin1('\x80\x02}'), put(), latin1('(')],
    ...[pickled('batch_label'), put(), pickled('training batch 1 of 5'), put()],
    ...keys.flatMap((key, i) => [
      ...[pickled(key), put()],
      list((labels[i] ?? []).map((label) => Buffer.concat([latin1('K'), word(label, 1)]))),
    ]),
    ...[pickled('data'), put(), change.array ?? name('numpy.core.multiarray', '_reconstruct'), put()],
    ...[name('numpy', 'ndarray'), put(), latin1('K\0\x85'), put(), pickled('b'), put(), latin1('\x87'), put()],
    ...[latin1('R'), put(), latin1('(K\x01'), change.shape ?? shape, put()],
    ...[
      name('numpy', 'dtype'),
      put(),
      change.type ?? pickled('u1'),
      put(),
      latin1('K\0K\x01\x87'),
      put(),
      latin1('R'),
      put(),
    ],
    ...[latin1('(K\x03'), pickled('|'), put(), latin1('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t'), put(), latin1('b')],
    ...[latin1('\x89'), pickled(pixels), put(), latin1('t'), put(), latin1('b')],
    ...[
      pickled('filenames'),
      put(),
      list(labels[0]?.map((_, i) => Buffer.concat([pickled(`image_${i}.png`), put()])) ?? []),
    ],
    ...[change.extra ?? new Uint8Array(0), latin1('u.')],
  ]);
}

/** The six files of the small CIFAR-10 in the Python version. */
export const pickledCifarFiles: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  Object.entries(cifarFiles).map(([name, records]) => [name.replace('.bin', ''), pickledBatch(records)]),
);

/** SVHN with 3 training and 2 test images. */
export const smallSvhn: ImageDatasetDefinition = {
  ...svhn,
  contents: svhn.contents.map((content) => ({ ...content, count: content.part === 'train' ? 3 : 2 })),
};

/** CIFAR-100 with 3 training and 2 test images. */
export const smallCifar100: ImageDatasetDefinition = {
  ...cifar100,
  contents: cifar100.contents.map((content) => ({ ...content, count: content.part === 'train' ? 3 : 2 })),
};

/** The two .bin files of the small CIFAR-100 by name: coarse label, fine label, image. */
export const cifar100Files: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  smallCifar100.contents.map(({ name, count }) => {
    const labels = [
      [4, 30],
      [19, 99],
      [0, 0],
    ].slice(0, count);
    const rows = labels.flatMap((own, n) => [...own, ...Array.from({ length: 3072 }, (_, i) => pixel(n, i))]);
    return [name, Uint8Array.from(rows)];
  }),
);

/** Numbers as doubles, little-endian. */
export function doubles(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  for (const [i, value] of values.entries()) new DataView(bytes.buffer).setFloat64(8 * i, value, true);
  return bytes;
}

/** A data element of a MATLAB 5 file, written by the format's description: tag, data, padding; or all within the tag. */
export function element(type: number, data: Uint8Array, small = false): Uint8Array {
  if (small) return Buffer.concat([word(type, 2), word(data.length, 2), data, new Uint8Array(4 - data.length)]);
  const padding = type === 15 ? 0 : (8 - (data.length % 8)) % 8;
  return Buffer.concat([word(type, 4), word(data.length, 4), data, new Uint8Array(padding)]);
}

/** An array element: flags with the class (9 is uint8), sizes, name, and the element with its numbers. */
export function matArray(name: string, sizes: readonly number[], data: Uint8Array, kind = 9): Uint8Array {
  const label = latin1(name);
  return element(
    14,
    Buffer.concat([
      element(6, Buffer.concat([word(kind, 4), word(0, 4)])),
      element(5, Buffer.concat(sizes.map((size) => word(size, 4)))),
      element(1, label, label.length <= 4),
      data,
    ]),
  );
}

/** A MATLAB 5 file of these elements, each packed or not. */
export function matFile(elements: readonly Uint8Array[], packed = true): Uint8Array {
  const header = Buffer.concat([latin1('MATLAB 5.0 MAT-file'.padEnd(124)), word(0x0100, 2), latin1('IM')]);
  return Buffer.concat([header, ...elements.map((own) => (packed ? element(15, deflateSync(own)) : own))]);
}

/** Images with a label byte each as a file of SVHN: X is rows × columns × channels × images, and 0 is labelled 10. */
export function matOfRecords(records: Uint8Array, packed = true): Uint8Array {
  const labels = columnsOf(records).labels[0] ?? [];
  const data = element(
    2,
    Uint8Array.from(labels, (label) => (label === 0 ? 10 : label)),
  );
  return matFile(matOfRecords.arrays(records, data), packed);
}

matOfRecords.arrays = (records: Uint8Array, labels: Uint8Array): Uint8Array[] => {
  const { pixels } = columnsOf(records);
  const count = pixels.length / 3072;
  const turned = Uint8Array.from(pixels, (_, at) => {
    const [row, column, plane] = [at % 32, Math.floor(at / 32) % 32, Math.floor(at / 1024)];
    return pixels[1024 * plane + 32 * row + column] ?? 0;
  });
  return [matArray('X', [32, 32, 3, count], element(2, turned)), matArray('y', [count, 1], labels)];
};
