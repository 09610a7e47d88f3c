import { createHash } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ImageDatasetDefinition } from '../../src/dataset/definition.js';
import { inspectDataset, openDataset } from '../../src/dataset/index.js';
import { type LoadedImages, loadImages } from '../../src/dataset/load.js';
import { locate } from '../../src/dataset/locate.js';
import { ConfigurationError, DataError } from '../../src/errors.js';
import {
  archive,
  cifarFiles,
  inFolder,
  mnistFiles,
  newDataDir,
  pixel,
  smallCifar10,
  smallMnist,
  writeFiles,
} from './small-files.js';

async function load(
  definition: ImageDatasetDefinition,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<LoadedImages & { readonly dataDir: string }> {
  const dataDir = await newDataDir();
  await writeFiles(dataDir, files);
  return { dataDir, ...(await loadImages(definition, dataDir, await locate(definition, dataDir))) };
}

/** The message of the DataError with which loading ends: one line. */
async function fault(definition: ImageDatasetDefinition, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const error = await load(definition, files).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DataError);
  const message = error instanceof DataError ? error.message : '';
  expect(message).not.toContain('\n');
  return message;
}

function changed(name: string, change: (bytes: Uint8Array) => Uint8Array | undefined): Record<string, Uint8Array> {
  const bytes = mnistFiles[name]?.slice() ?? new Uint8Array(0);
  return inFolder('mnist', { ...mnistFiles, [name]: change(bytes) ?? bytes });
}

describe('MNIST files', () => {
  it.each([
    ['mnist', false],
    ['mnist', true],
    ['MNIST/raw', false],
    ['MNIST/raw', true],
  ])('are read from %s (packed: %s), with the same checksum', async (folder, packed) => {
    const { tables, files, verified, checksum } = await load(smallMnist, inFolder(folder, mnistFiles, packed));
    expect(Array.from(tables.train.labels)).toEqual([1, 4, 7, 0, 3, 6]);
    expect(Array.from(tables.test.labels)).toEqual([1, 4]);
    expect(tables.train.pixels.length).toBe(6 * 784);
    expect(Array.from(tables.train.pixels.subarray(5 * 784, 5 * 784 + 3))).toEqual([0, 1, 2].map((i) => pixel(5, i)));
    expect(verified).toBe(false);
    expect(files.map(({ path }) => path)).toEqual(Object.keys(inFolder(folder, mnistFiles, packed)));
    const plain = await load(smallMnist, inFolder('mnist', mnistFiles));
    expect(checksum).toBe(plain.checksum);
  });

  it('may be partly packed, and are found through symbolic links', async () => {
    const dataDir = await newDataDir();
    const { 'train-images-idx3-ubyte': images = new Uint8Array(0), ...others } = mnistFiles;
    await writeFiles(dataDir, inFolder('elsewhere', others));
    await symlink(join(dataDir, 'elsewhere'), join(dataDir, 'mnist'));
    await writeFiles(dataDir, { 'mnist/train-images-idx3-ubyte.gz': gzipSync(images) });
    const { tables } = await loadImages(smallMnist, dataDir, await locate(smallMnist, dataDir));
    expect(tables.train.labels.length).toBe(6);
  });

  it('count as verified with the published MD5, packed by their authors or by the user', async () => {
    const md5 = (bytes: Uint8Array | undefined): string =>
      createHash('md5')
        .update(bytes ?? '')
        .digest('hex');
    const published: ImageDatasetDefinition = {
      ...smallMnist,
      layouts: smallMnist.layouts.map((layout) =>
        layout.map((file) => ({
          ...file,
          places: file.places.map((place) =>
            place.path.endsWith('.gz') ? place : { ...place, md5: md5(mnistFiles[file.contents[0] ?? '']) },
          ),
        })),
      ),
    };
    expect((await load(published, inFolder('mnist', mnistFiles))).verified).toBe(true);
    const repacked = await load(published, inFolder('mnist', mnistFiles, true));
    expect(repacked.verified).toBe(true);
    expect(repacked.files.every((file) => file.published)).toBe(true);
    const other = changed('t10k-labels-idx1-ubyte', (bytes) => bytes.with(8, 9));
    const { verified, files } = await load(published, other);
    expect(verified).toBe(false);
    expect(files.filter((file) => !file.published).map(({ path }) => path)).toEqual(['mnist/t10k-labels-idx1-ubyte']);
  });

  it.each([
    ['a wrong magic number', 'train-images-idx3-ubyte', (b: Uint8Array) => b.with(3, 1), /0x00000801.*0x00000803/],
    ['labels where images belong', 't10k-images-idx3-ubyte', () => mnistFiles['t10k-labels-idx1-ubyte'], /too short/],
    ['too few images', 'train-images-idx3-ubyte', (b: Uint8Array) => b.with(7, 5), /5×28×28.*6×28×28/],
    ['a wrong image size', 'train-images-idx3-ubyte', (b: Uint8Array) => b.with(11, 27), /6×27×28.*6×28×28/],
    ['a short file', 'train-images-idx3-ubyte', (b: Uint8Array) => b.slice(0, 1000), /1000 bytes.*4720.*too short/],
    ['an empty file', 't10k-labels-idx1-ubyte', () => new Uint8Array(0), /0 bytes.*header of 8 bytes/],
    [
      'a long file',
      't10k-labels-idx1-ubyte',
      (b: Uint8Array) => Uint8Array.of(...b, 0),
      /found 11 bytes, expected exactly 10;/,
    ],
    ['a label out of range', 't10k-labels-idx1-ubyte', (b: Uint8Array) => b.with(9, 10), /label 10 at byte 9.*0 to 9/],
  ])('are refused with %s', async (_, name, change, expected) => {
    const message = await fault(smallMnist, changed(name, change));
    expect(message).toMatch(expected);
    expect(message).toContain(`mnist/${name}`);
    expect(message).toMatch(/probprec data fetch mnist.*dataDir/);
  });

  it('are refused when truncated, damaged or too large once unpacked', async () => {
    const packed = inFolder('mnist', mnistFiles, true);
    const path = 'mnist/train-images-idx3-ubyte.gz';
    const bytes = packed[path] ?? new Uint8Array(0);
    expect(await fault(smallMnist, { ...packed, [path]: bytes.slice(0, -20) })).toMatch(/ubyte\.gz: .*truncated/);
    expect(await fault(smallMnist, { ...packed, [path]: bytes.with(0, 0) })).toMatch(/ubyte\.gz: .*corrupt/);
    expect(await fault(smallMnist, { ...packed, [path]: gzipSync(new Uint8Array(1e6)) })).toMatch(/more bytes than/);
  });

  it('are refused when a folder is in their place, unless they lie elsewhere too', async () => {
    const dataDir = await newDataDir();
    await mkdir(join(dataDir, 'mnist/train-images-idx3-ubyte'), { recursive: true });
    const { 'train-images-idx3-ubyte': _, ...others } = mnistFiles;
    await writeFiles(dataDir, inFolder('MNIST/raw', others));
    await expect(loadImages(smallMnist, dataDir, await locate(smallMnist, dataDir))).rejects.toThrow(
      /train-images-idx3-ubyte: found a folder, expected a file/,
    );
    await writeFiles(dataDir, inFolder('MNIST/raw', mnistFiles));
    const { files } = await loadImages(smallMnist, dataDir, await locate(smallMnist, dataDir));
    expect(files[0]?.path).toBe('MNIST/raw/train-images-idx3-ubyte');
  });
});

describe('CIFAR-10 files', () => {
  it('are read in order from the folder and from the archive, with the same checksum', async () => {
    const folder = await load(smallCifar10, inFolder('cifar10/cifar-10-batches-bin', cifarFiles));
    expect(Array.from(folder.tables.train.labels)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(Array.from(folder.tables.test.labels)).toEqual([0, 1]);
    expect(folder.tables.train.pixels[7 * 3072 + 3071]).toBe(pixel(7, 3071));
    expect(folder.tables.test.pixels[3072]).toBe(pixel(11, 0));
    const packed = await archive(cifarFiles);
    for (const path of ['cifar10/cifar-10-binary.tar.gz', 'cifar-10-binary.tar.gz']) {
      const { tables, checksum, files } = await load(smallCifar10, { [path]: packed });
      expect(tables).toEqual(folder.tables);
      expect(checksum).toBe(folder.checksum);
      expect(files).toEqual([{ path, md5: createHash('md5').update(packed).digest('hex'), published: false }]);
    }
  });

  it('uses the archive when the folder is incomplete', async () => {
    const { 'test_batch.bin': _, ...five } = cifarFiles;
    const files = {
      ...inFolder('cifar10/cifar-10-batches-bin', five),
      'cifar-10-binary.tar.gz': await archive(cifarFiles),
    };
    expect((await load(smallCifar10, files)).files.map(({ path }) => path)).toEqual(['cifar-10-binary.tar.gz']);
  });

  it.each([
    ['a wrong record size', (b: Uint8Array) => b.slice(0, -1), /6145 bytes.*6146/],
    ['a label out of range', (b: Uint8Array) => b.with(3073, 77), /label 77 at byte 3073/],
  ])('are refused with %s, in folder and archive', async (_, change, expected) => {
    const files = { ...cifarFiles, 'data_batch_3.bin': change(cifarFiles['data_batch_3.bin'] ?? new Uint8Array(1)) };
    const inBatches = await fault(smallCifar10, inFolder('cifar10/cifar-10-batches-bin', files));
    expect(inBatches).toMatch(expected);
    expect(inBatches).toContain('data_batch_3.bin');
    const inArchive = await fault(smallCifar10, { 'cifar-10-binary.tar.gz': await archive(files) });
    expect(inArchive).toMatch(expected);
    expect(inArchive).toContain('cifar-10-binary.tar.gz (data_batch_3.bin)');
  });

  it('are refused when the archive is truncated, incomplete or no archive', async () => {
    const packed = await archive(cifarFiles);
    const path = 'cifar10/cifar-10-binary.tar.gz';
    expect(await fault(smallCifar10, { [path]: packed.slice(0, packed.length / 2) })).toMatch(/tar\.gz: .*truncated/);
    expect(await fault(smallCifar10, { [path]: packed.with(0, 0) })).toMatch(/tar\.gz: .*corrupt/);
    expect(await fault(smallCifar10, { [path]: gzipSync('no tar') })).toMatch(/tar\.gz: /);
    const { 'data_batch_2.bin': _, ...five } = cifarFiles;
    expect(await fault(smallCifar10, { [path]: await archive(five) })).toMatch(/no data_batch_2\.bin/);
  });
});

describe('openDataset', () => {
  it('says in one line what is missing, where it looked and what to do', async () => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, { 'fmnist/train-images-idx3-ubyte': new Uint8Array(1) });
    const message = await openDataset('fmnist', { dataDir, source: 'real', fetch: false }).then(
      () => '',
      (error: unknown) => (error instanceof DataError ? error.message : String(error)),
    );
    expect(message).not.toContain('\n');
    for (const part of [
      `missing fmnist/train-labels-idx1-ubyte, fmnist/t10k-images-idx3-ubyte, fmnist/t10k-labels-idx1-ubyte in ${dataDir};`,
      '`probprec data fetch fmnist`',
      'dataDir',
      'data synthetic',
    ]) {
      expect(message).toContain(part);
    }
  });

  it('refuses an unknown name and lists the known ones', async () => {
    const opened = openDataset('imagenet', { dataDir: '', source: 'real', fetch: false });
    await expect(opened).rejects.toThrow(ConfigurationError);
    await expect(opened).rejects.toThrow(
      /^unknown data set 'imagenet'; expected one of mnist, fmnist, cifar10, cifar100, svhn, tolstoi, quadratic, two_d$/,
    );
  });

  it('refuses files with the right structure of the wrong data set size', async () => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, inFolder('mnist', mnistFiles));
    await expect(openDataset('mnist', { dataDir, source: 'real', fetch: false })).rejects.toThrow(/60000/);
  });
});

describe('inspectDataset', () => {
  it('tells missing and corrupt files apart', async () => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, {
      'mnist/train-labels-idx1-ubyte': new Uint8Array(5),
      'MNIST/raw/t10k-labels-idx1-ubyte': Uint8Array.of(0, 0, 8, 1, 0, 0, 0x27, 0x10, ...new Uint8Array(10_000)),
    });
    const [images, labels, testImages, testLabels] = await inspectDataset('mnist', dataDir);
    expect(images).toMatchObject({ state: 'missing', path: 'mnist/train-images-idx3-ubyte' });
    expect(testImages).toMatchObject({ state: 'missing' });
    expect(labels).toMatchObject({
      state: 'corrupt',
      size: 5,
      md5: createHash('md5').update(new Uint8Array(5)).digest('hex'),
      publishedMd5: 'a25bea736e30d166cdddb491f175f624',
    });
    expect(labels?.reason).toMatch(/5 bytes/);
    expect(testLabels).toMatchObject({ state: 'unverified', path: 'MNIST/raw/t10k-labels-idx1-ubyte', size: 10_008 });
  });

  it('has nothing to say about a generated data set', async () => {
    expect(await inspectDataset('quadratic', 'nowhere')).toEqual([]);
  });
});
