import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, open, symlink, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ImageDatasetDefinition } from '../../src/dataset/definition.js';
import { refuseWrongName } from '../../src/dataset/identify.js';
import { inspectDataset, missingDownloads, openDataset } from '../../src/dataset/index.js';
import { loadImages } from '../../src/dataset/load.js';
import { locate } from '../../src/dataset/locate.js';
import { mnist } from '../../src/dataset/mnist.js';
import { DataError } from '../../src/errors.js';
import {
  archive,
  cifar100Files,
  cifarFiles,
  inFolder,
  mnistFiles,
  newDataDir,
  pickledBatch,
  pickledCifarFiles,
  pixel,
  smallCifar10,
  smallCifar100,
  smallMnist,
  tar,
  writeFiles,
} from './small-files.js';

type Files = Readonly<Record<string, Uint8Array>>;

async function load(definition: ImageDatasetDefinition, files: Files) {
  const dataDir = await newDataDir();
  await writeFiles(dataDir, files);
  return await loadImages(definition, dataDir, await locate(definition, dataDir));
}

async function fault(definition: ImageDatasetDefinition, files: Files): Promise<string> {
  const error = await load(definition, files).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  expect(String(error)).not.toContain('\n');
  return String(error);
}

const renamed = (files: Files, name: (old: string) => string): Files =>
  Object.fromEntries(Object.entries(files).map(([old, bytes]) => [name(old), bytes]));

const dotted = (name: string): string => name.replace('-idx', '.idx');

describe('MNIST is found', () => {
  const layouts: readonly [string, Files][] = [
    ['as torchvision has it', inFolder('MNIST/raw', mnistFiles)],
    [
      'as torchvision leaves it, packed and unpacked',
      { ...inFolder('MNIST/raw', mnistFiles), ...inFolder('MNIST/raw', mnistFiles, true) },
    ],
    ['with dots', renamed(mnistFiles, (name) => `mnist/${dotted(name)}`)],
    ['with dots, packed', renamed(inFolder('MNIST/raw', mnistFiles, true), dotted)],
    ['with each file in a folder of its name', renamed(mnistFiles, (name) => `mnist/${name}/${name}`)],
    [
      'with dots, each file in a folder of its name',
      renamed(mnistFiles, (name) => `mnist/${dotted(name)}/${dotted(name)}`),
    ],
    ['unpacked, but named .gz', renamed(mnistFiles, (name) => `mnist/${name}.gz`)],
    ['packed, but not named so', renamed(inFolder('mnist', mnistFiles, true), (name) => name.replace('.gz', ''))],
    [
      'whole, beside files that are cut off',
      {
        ...renamed(mnistFiles, (name) => `mnist/${name}`),
        ...inFolder('MNIST/raw', mnistFiles),
        'mnist/train-images-idx3-ubyte': new Uint8Array(9),
      },
    ],
    [
      'packed, beside an unpacked file that is cut off',
      { ...inFolder('mnist', mnistFiles, true), 'mnist/train-images-idx3-ubyte': new Uint8Array(9) },
    ],
  ];

  it.each(layouts)('%s, with the same images', async (_, files) => {
    const { checksum, tables } = await load(smallMnist, files);
    const plain = await load(smallMnist, inFolder('mnist', mnistFiles));
    expect(checksum).toBe(plain.checksum);
    expect(Buffer.from(tables.train.pixels).equals(plain.tables.train.pixels)).toBe(true);
    expect([...tables.test.labels]).toEqual([...plain.tables.test.labels]);
  });
});

describe('CIFAR-10 is found', () => {
  const at = (folder: string, files: Files): Files => renamed(files, (name) => `${folder}${name}`);
  const layouts: readonly [string, () => Promise<Files> | Files, string][] = [
    ['unpacked in our folder', () => at('cifar10/cifar-10-batches-bin/', cifarFiles), 'data_batch_1.bin'],
    ['unpacked in the data directory', () => at('cifar-10-batches-bin/', cifarFiles), 'data_batch_1.bin'],
    ["in DeepOBS' folder", () => at('cifar-10/', cifarFiles), 'cifar-10/data_batch_1.bin'],
    ['without the inner folder', () => at('cifar10/', cifarFiles), 'cifar10/data_batch_1.bin'],
    ['loose in the data directory', () => cifarFiles, 'data_batch_1.bin'],
    ['as the archive', async () => ({ 'cifar10/cifar-10-binary.tar.gz': await archive(cifarFiles) }), '-binary.tar.gz'],
    [
      'as the archive in the data directory',
      async () => ({ 'cifar-10-binary.tar.gz': await archive(cifarFiles) }),
      '-binary.tar.gz',
    ],
    [
      'as an archive without its outer packing',
      async () => ({ 'cifar-10-binary.tar': await tar(cifarFiles, 'x') }),
      '-binary.tar',
    ],
    [
      'as such an archive under the old name',
      async () => ({ 'cifar-10-binary.tar.gz': await tar(cifarFiles, 'x') }),
      '-binary.tar.gz',
    ],
    [
      "in torchvision's folder",
      () => at('cifar-10-batches-py/', pickledCifarFiles),
      'cifar-10-batches-py/data_batch_1',
    ],
    [
      'in the Python version in our folder',
      () => at('cifar10/cifar-10-batches-py/', pickledCifarFiles),
      'py/data_batch_1',
    ],
    [
      "as torchvision's archive",
      async () => ({ 'cifar-10-python.tar.gz': await archive(pickledCifarFiles, 'cifar-10-batches-py') }),
      '-python.tar.gz',
    ],
    [
      'as archives beside unpacked folders, the binary folder first',
      async () => ({
        'cifar-10-python.tar.gz': await archive(pickledCifarFiles),
        'cifar-10-binary.tar.gz': new Uint8Array(9),
        ...at('cifar-10-batches-py/', pickledCifarFiles),
        ...at('cifar-10-batches-bin/', cifarFiles),
      }),
      'bin/data_batch_1.bin',
    ],
    [
      'beside a folder with a file that is cut off',
      async () => ({
        'cifar-10-binary.tar.gz': await archive(cifarFiles),
        ...at('cifar-10-batches-bin/', { ...cifarFiles, 'test_batch.bin': new Uint8Array(9) }),
      }),
      '-binary.tar.gz',
    ],
  ];

  it.each(layouts)('%s, with the same images', async (_, files, first) => {
    const plain = await load(smallCifar10, at('cifar10/cifar-10-batches-bin/', cifarFiles));
    const { checksum, tables, files: read } = await load(smallCifar10, await files());
    expect(checksum).toBe(plain.checksum);
    expect(Buffer.from(tables.train.pixels).equals(plain.tables.train.pixels)).toBe(true);
    expect(Buffer.from(tables.test.pixels).equals(plain.tables.test.pixels)).toBe(true);
    expect(tables.train.labels).toEqual(plain.tables.train.labels);
    expect(read[0]?.path.endsWith(first)).toBe(true);
  });

  it('counts as verified in the Python version, by the MD5s that torchvision checks', async () => {
    const md5 = (bytes: Uint8Array | undefined): string =>
      createHash('md5')
        .update(bytes ?? '')
        .digest('hex');
    const published: ImageDatasetDefinition = {
      ...smallCifar10,
      layouts: smallCifar10.layouts.map((layout) =>
        layout.map((file) => ({
          ...file,
          places: file.places.map(({ path, md5: known }) => ({
            path,
            md5: path.includes('batches-py') ? md5(pickledCifarFiles[path.split('/').at(-1) ?? '']) : known,
          })),
        })),
      ),
    };
    const files = at('cifar-10-batches-py/', pickledCifarFiles);
    expect((await load(published, files)).verified).toBe(true);
    expect((await load(smallCifar10, files)).verified).toBe(false);
  });

  it('is refused in one line that names a pickle that is damaged, in folder and archive', async () => {
    const files = { ...pickledCifarFiles, data_batch_4: Buffer.from('\x80\x02cposix\nsystem\n(S"id"\ntR.', 'latin1') };
    const expected = /data_batch_4\)?: found the name "posix.system", which the published files do not use; delete it/;
    expect(await fault(smallCifar10, at('cifar-10-batches-py/', files))).toMatch(expected);
    expect(await fault(smallCifar10, { 'cifar-10-python.tar.gz': await archive(files) })).toMatch(expected);
  });

  it('is refused with the size that was found when a batch is a byte too long', async () => {
    const batch = cifarFiles['data_batch_3.bin'] ?? new Uint8Array(0);
    const files = { ...cifarFiles, 'data_batch_3.bin': Uint8Array.of(...batch, 0) };
    const expected = /data_batch_3\.bin\)?: found 6147 bytes, expected exactly 6146;/;
    expect(await fault(smallCifar10, at('cifar-10-batches-bin/', files))).toMatch(expected);
    expect(await fault(smallCifar10, { 'cifar-10-binary.tar.gz': await archive(files) })).toMatch(expected);
  });
});

describe('CIFAR-100 is found', () => {
  const pickles: Files = Object.fromEntries(
    Object.entries(cifar100Files).map(([name, records]) => [
      name.replace('.bin', ''),
      pickledBatch(records, ['coarse_labels', 'fine_labels']),
    ]),
  );
  const layouts: readonly [string, () => Files | Promise<Files>][] = [
    ['as it unpacks', () => inFolder('cifar100/cifar-100-binary', cifar100Files)],
    ['without the inner folder, as DeepOBS has it', () => inFolder('cifar-100', cifar100Files)],
    ['as torchvision has it', () => inFolder('cifar-100-python', pickles)],
    ['packed', async () => ({ 'cifar100/cifar-100-binary.tar.gz': await archive(cifar100Files, 'cifar-100-binary') })],
    ['packed by Python', async () => ({ 'cifar-100-python.tar.gz': await archive(pickles, 'cifar-100-python') })],
  ];

  it.each(layouts)('%s, with the fine labels and the whole images', async (_, files) => {
    const { tables } = await load(smallCifar100, await files());
    expect([...tables.train.labels]).toEqual([30, 99, 0]);
    expect([...tables.test.labels]).toEqual([30, 99]);
    expect([...tables.train.pixels]).toEqual(
      Array.from({ length: 9216 }, (_, i) => pixel(Math.floor(i / 3072), i % 3072)),
    );
  });

  it('is refused in one line with a coarse or fine label that does not exist', async () => {
    const [records] = Object.values(cifar100Files);
    for (const [at, label, expected] of [
      [0, 20, /the label 20 at byte 0, expected labels from 0 to 19/],
      [3075, 100, /the label 100 at byte 3075, expected labels from 0 to 99/],
    ] as const) {
      const changed = Uint8Array.from(records ?? []);
      changed[at] = label;
      expect(await fault(smallCifar100, inFolder('cifar100', { ...cifar100Files, 'train.bin': changed }))).toMatch(
        expected,
      );
    }
  });
});

describe('broken files of CIFAR-100 are refused in one line', () => {
  const [records = new Uint8Array(0), tests = new Uint8Array(0)] = Object.values(cifar100Files);
  const binary = (train: Uint8Array): Files => inFolder('cifar100', { 'train.bin': train, 'test.bin': tests });
  const python = (train: Uint8Array): Files =>
    inFolder('cifar-100-python', { train, test: pickledBatch(tests, ['coarse_labels', 'fine_labels']) });
  const packed = async (files: Files) => archive(files, 'cifar-100-binary');
  const changed = (at: number, label: number): Uint8Array =>
    records.map((byte, index) => (index === at ? label : byte));

  it.each<[string, () => Files | Promise<Files>, RegExp]>([
    ['an empty one', () => binary(new Uint8Array(0)), /train\.bin: found 0 bytes, expected (exactly )?9222/],
    [
      'one cut in a record',
      () => binary(records.subarray(0, -1)),
      /train\.bin: found 9221 bytes, expected (exactly )?9222/,
    ],
    [
      'one cut after a record',
      () => binary(records.subarray(3074)),
      /train\.bin: found 6148 bytes, expected (exactly )?9222/,
    ],
    [
      'one with a record too many',
      () => binary(Buffer.concat([records, tests])),
      /found 15370 bytes, expected (exactly )?9222/,
    ],
    [
      'one of CIFAR-10',
      () => binary(new Uint8Array(3 * 3073)),
      /train\.bin: found 9219 bytes, expected (exactly )?9222/,
    ],
    ['the test file twice', () => binary(tests), /train\.bin: found 6148 bytes, expected (exactly )?9222/],
    ['no training file', () => inFolder('cifar100', { 'test.bin': tests }), /train\.bin|no files/],
    [
      'an archive without one of them',
      async () => ({ 'cifar100/cifar-100-binary.tar.gz': await packed({ 'train.bin': records }) }),
      /cifar-100-binary\.tar\.gz.*test\.bin/,
    ],
    [
      'an archive with one cut',
      async () => ({
        'cifar100/cifar-100-binary.tar.gz': await packed({ ...cifar100Files, 'train.bin': records.subarray(1) }),
      }),
      /train\.bin\)?: found 9221 bytes, expected (exactly )?9222/,
    ],
    [
      'a cut archive',
      async () => ({ 'cifar100/cifar-100-binary.tar.gz': (await packed(cifar100Files)).subarray(0, 200) }),
      /cifar-100-binary\.tar\.gz/,
    ],
    ['no pickle', () => python(records), /cifar-100-python\/train/],
    ['a pickle without fine labels', () => python(pickledBatch(records, ['coarse_labels', 'labels'])), /fine_labels/],
    [
      'a pickle with a fine label that does not exist',
      () => python(pickledBatch(changed(3075, 100), ['coarse_labels', 'fine_labels'])),
      /label 100.*expected labels from 0 to 99/,
    ],
    [
      'a pickle with too few rows',
      () => python(pickledBatch(tests, ['coarse_labels', 'fine_labels'])),
      /cifar-100-python\/train.*expected/,
    ],
    [
      'a cut pickle',
      () => python(pickledBatch(records, ['coarse_labels', 'fine_labels']).subarray(0, 5000)),
      /cifar-100-python\/train/,
    ],
  ])('%s', async (_, files, expected) => {
    expect(await fault(smallCifar100, await files())).toMatch(expected);
  });
});

describe('a file under a wrong name', () => {
  const fmnistImages = 'f4a8712d7a061bf5bd6d2ca38dc4d50a';
  const [images, labels] = mnist.layouts[0] ?? [];
  const read = (md5: string, contentMd5 = md5) => ({
    path: 'x',
    size: 1,
    md5,
    contents: new Map([['x', { where: 'x', bytes: new Uint8Array(0), size: 0, md5: contentMd5 }]]),
  });

  it('is called what it is, by the published MD5, plain or repacked', () => {
    if (images === undefined || labels === undefined) throw new Error('MNIST has no layout');
    for (const file of [
      read(fmnistImages),
      read('own packing', fmnistImages),
      read('8d4fb7e6c68d591d4c3dfef9ec88bf0d', 'x'),
    ]) {
      expect(() => refuseWrongName(mnist, images, 'mnist/train', file)).toThrow(
        /^mnist\/train: by its MD5 this is Fashion-MNIST's fmnist\/train-images-idx3-ubyte(\.gz)?; move it there/,
      );
    }
    const [own] = images.places;
    expect(() => refuseWrongName(mnist, images, 'x', read(own?.md5 ?? ''))).not.toThrow();
    expect(() => refuseWrongName(mnist, labels, 'x', read(own?.md5 ?? ''))).toThrow(
      /this is MNIST's mnist\/train-images-idx3-ubyte;/,
    );
    expect(() => refuseWrongName(mnist, images, 'x', read('0'.repeat(32)))).not.toThrow();
  });
});

describe('what is no file, or far too long', () => {
  it.skipIf(process.platform === 'win32')('ends in one line, at once', async () => {
    const path = 'train-labels-idx1-ubyte';
    const kinds: [string, (where: string) => Promise<unknown>, RegExp][] = [
      ['a pipe', async (where) => execFileSync('sh', ['-c', 'mkfifo "$0"', where]), /found a pipe, expected a file/],
      ['an endless device', (where) => symlink('/dev/zero', where), /found a device, expected a file/],
      ['a link to itself', (where) => symlink(where, where), /no files in/],
      [
        'a sparse file of 10 GB',
        async (where) => (await open(where, 'w')).close().then(() => truncate(where, 1e10)),
        /found the magic number 0x00000000/,
      ],
    ];
    for (const [, make, expected] of kinds) {
      const dataDir = await newDataDir();
      const where = join(dataDir, 'mnist', path);
      await mkdir(dirname(where));
      await make(where);
      const started = Date.now();
      const [, inspected] = await inspectDataset('mnist', dataDir);
      if (inspected?.state !== 'missing') expect(inspected).toMatchObject({ state: 'corrupt', md5: null });
      const error = await loadImages(mnist, dataDir, (await locate(mnist, dataDir)).slice(1, 2)).catch(
        (reason: unknown) => reason,
      );
      const opened = await openDataset('mnist', { dataDir, source: 'real', fetch: false }).catch(
        (reason: unknown) => reason,
      );
      expect(`${error} ${opened}`).toMatch(expected);
      expect(Date.now() - started).toBeLessThan(2000);
    }
  });

  it('is refused while it is packed, too', async () => {
    const path = 'mnist/train-images-idx3-ubyte.gz';
    const packed = inFolder('mnist', mnistFiles, true);
    const bomb = gzipSync(new Uint8Array(50_000_000));
    expect(await fault(smallMnist, { ...packed, [path]: bomb })).toMatch(
      /ubyte\.gz: unpacks to more bytes than the data set has/,
    );
    expect(
      await fault(smallMnist, { ...packed, [path]: Buffer.concat([gzipSync('x'), new Uint8Array(5_000_000)]) }),
    ).toMatch(/found \d+ bytes, expected at most/);
    expect(await fault(smallMnist, { ...packed, [path]: Buffer.from('<!DOCTYPE html><p>Please log in') })).toMatch(
      /found a web page/,
    );
    const files = { 'cifar-10-binary.tar.gz': await archive({ ...cifarFiles, big: new Uint8Array(30_000_000) }) };
    expect(await fault(smallCifar10, files)).toMatch(/binary\.tar\.gz: unpacks to more bytes/);
  });
});

describe('missingDownloads', () => {
  it('says what to fetch, https first', async () => {
    const downloads = await missingDownloads('fmnist', 'nowhere');
    expect(downloads.map(({ path, size }) => [path, size])).toEqual([
      ['fmnist/train-images-idx3-ubyte.gz', 26_421_880],
      ['fmnist/train-labels-idx1-ubyte.gz', 29_515],
      ['fmnist/t10k-images-idx3-ubyte.gz', 4_422_102],
      ['fmnist/t10k-labels-idx1-ubyte.gz', 5148],
    ]);
    for (const { urls } of downloads) expect(urls.map((url) => url.split(':')[0])).toEqual(['https', 'http']);
    expect(await missingDownloads('quadratic', 'nowhere')).toEqual([]);
  });
});
