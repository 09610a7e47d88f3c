import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { onTestFinished } from 'vitest';
import { cifar10 } from '../../src/dataset/cifar10.js';
import type { ImageDatasetDefinition } from '../../src/dataset/definition.js';
import { mnist } from '../../src/dataset/mnist.js';

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

/** A .tar.gz of files in the folder cifar-10-batches-bin, with a file that is no part of the data set. */
export async function archive(files: Readonly<Record<string, Uint8Array>>): Promise<Uint8Array> {
  const tar = pack();
  tar.entry({ name: 'cifar-10-batches-bin/readme.html' }, 'not data');
  for (const [name, bytes] of Object.entries(files)) {
    tar.entry({ name: `cifar-10-batches-bin/${name}` }, Buffer.from(bytes));
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
  return gzipSync(Buffer.concat(chunks));
}
