import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/dataset/format-error.js';
import { openDataset } from '../../src/dataset/index.js';
import { loadImages } from '../../src/dataset/load.js';
import { locate } from '../../src/dataset/locate.js';
import { type DigitBatch, mostMatBytes, recordsOfMat } from '../../src/dataset/svhn-mat.js';
import { DataError } from '../../src/errors.js';
import {
  doubles,
  element,
  matArray,
  matFile,
  matOfRecords,
  newDataDir,
  pixel,
  smallSvhn,
  writeFiles,
} from './small-files.js';

const batch: DigitBatch = { images: 3, image: { channels: 3, height: 32, width: 32 }, classes: 10 };
/** Labels 1, 9 and 0, which SVHN calls 10. */
const records = Uint8Array.from(
  [1, 9, 0].flatMap((label, n) => [label, ...Array.from({ length: 3072 }, (_, i) => pixel(n, i))]),
);
const file = matOfRecords(records);

function fault(bytes: Uint8Array): string {
  try {
    recordsOfMat(bytes, batch);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).not.toContain('\n');
    return error instanceof Error ? error.message : '';
  }
  throw new Error('expected a FormatError');
}

const x = matArray('X', [32, 32, 3, 3], element(2, new Uint8Array(9216)));
const y = (data: Uint8Array, sizes: readonly number[] = [3, 1]) => matArray('y', sizes, data);
const ones = y(element(2, Uint8Array.of(1, 1, 1)));

describe('a MATLAB 5 file of digits', () => {
  it('gives planes of rows, and the label 10 is the digit 0', () => {
    expect(Buffer.from(recordsOfMat(file, batch)).equals(records)).toBe(true);
  });

  it('gives the same plain, packed, with labels as doubles, and beside other arrays', () => {
    const labels = [1, 9, 10];
    for (const packed of [false, true]) {
      const text = matArray('note', [1, 2], element(16, Uint8Array.of(65, 66)), 4);
      const other = matFile([text, ...matOfRecords.arrays(records, element(9, doubles(labels)))], packed);
      expect(Buffer.from(recordsOfMat(other, batch)).equals(records)).toBe(true);
      const small = matFile(matOfRecords.arrays(records, element(2, Uint8Array.from(labels), true)), packed);
      expect(Buffer.from(recordsOfMat(small, batch)).equals(records)).toBe(true);
    }
  });

  it('is not longer than what is read of a file', () => {
    expect(matOfRecords(records, false).length).toBeLessThan(mostMatBytes(batch));
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /^0 bytes, expected a header of 128$/],
    ['a text', Buffer.alloc(200, 'x'), /^no MATLAB 5 file$/],
    ['a big-endian file', Buffer.concat([file.subarray(0, 126), Buffer.from('MI'), file.subarray(128)]), /big-endian/],
    ['version 7.3', Buffer.concat([Buffer.from('MATLAB 7.3 MAT-file'), file.subarray(19)]), /7\.3 file \(HDF5\)/],
    ['no arrays', file.subarray(0, 128), /^no array X$/],
    ['no labels', matFile([x]), /^no array y$/],
    ['an array twice', matFile([x, x, ones]), /^the array X twice$/],
    [
      'another number of images',
      matFile([matArray('X', [32, 32, 3, 2], element(2, new Uint8Array(6144))), ones]),
      /^the array X of size 32×32×3×2, expected 32×32×3×3$/,
    ],
    [
      'more images',
      matFile([matArray('X', [32, 32, 3, 4], element(2, new Uint8Array(12288))), ones], false),
      /expected at most 9216 elements$/,
    ],
    [
      'sizes that do not fit',
      matFile([matArray('X', [32, 32, 3, 3], element(2, new Uint8Array(99))), ones]),
      /^the array X with 99 bytes of data, expected 9216$/,
    ],
    [
      'negative sizes',
      matFile([matArray('X', [-32, -32, 3, 3], element(2, new Uint8Array(9216))), ones]),
      /^the array X of size -32×-32×3×3/,
    ],
    [
      'a cell array',
      matFile([matArray('X', [1, 1], new Uint8Array(0), 1), ones]),
      /^the array X of class 1, expected real numbers$/,
    ],
    [
      'text for pixels',
      matFile([matArray('X', [32, 32, 3, 3], element(16, new Uint8Array(9216))), ones]),
      /data of type 16, expected numbers$/,
    ],
    ['the label 0', matFile([x, y(element(2, Uint8Array.of(1, 0, 1)))]), /^the label 0, expected labels from 1 to 10$/],
    ['the label 11', matFile([x, y(element(2, Uint8Array.of(1, 11, 1)))]), /^the label 11/],
    ['a broken label', matFile([x, y(element(9, doubles([1, 2.5, 1])))]), /^the array y with the value 2\.5/],
    [
      'labels in a row',
      matFile([x, y(element(2, Uint8Array.of(1, 1, 1)), [1, 3])]),
      /^the array y of size 1×3, expected 3×1$/,
    ],
    [
      'a packed element of something else',
      matFile([element(15, deflateSync(element(2, Uint8Array.of(1))))], false),
      /^an element of type 2, expected an array$/,
    ],
    [
      'packed data that are none',
      matFile([element(15, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))], false),
      /^packed data that are damaged$/,
    ],
    [
      'a bomb',
      matFile([element(15, deflateSync(Buffer.alloc(50_000_000)))], false),
      /^an array that unpacks to more bytes than expected$/,
    ],
    [
      'too many arrays',
      matFile(Array.from({ length: 20 }, (_, i) => matArray(`a${i}`, [1, 1], element(2, Uint8Array.of(1))))),
      /^more than 16 arrays$/,
    ],
  ])('is refused in one line: %s', (_, bytes, expected) => {
    expect(fault(bytes)).toMatch(expected);
  });

  it('is refused wherever it is cut off, and never hangs, whatever its bytes are', () => {
    const plain = matOfRecords(records, false);
    for (let length = 0; length < 500; length++) expect(fault(plain.subarray(0, length))).not.toBe('');
    expect(fault(file.subarray(0, -1))).not.toBe('');
    let seed = 20261128;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const changed = Uint8Array.from(plain);
      for (let i = random(4); i >= 0; i--)
        changed[random(2) === 0 ? random(220) : plain.length - 1 - random(80)] = random(256);
      try {
        expect(recordsOfMat(changed, batch).length).toBe(records.length);
      } catch (error) {
        expect(error, `seed 20261128, round ${round}`).toBeInstanceOf(FormatError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(500);
  });
});

describe('SVHN', () => {
  const files = (folder: string) => ({
    [`${folder}train_32x32.mat`]: file,
    [`${folder}test_32x32.mat`]: matOfRecords(records.subarray(0, 2 * 3073)),
  });

  it.each(['svhn/', '', 'SVHN/'])('is found in %j, unverified where its MD5 is another', async (folder) => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, files(folder));
    const { tables, verified } = await loadImages(smallSvhn, dataDir, await locate(smallSvhn, dataDir));
    expect(verified).toBe(false);
    expect([...tables.train.labels]).toEqual([1, 9, 0]);
    expect([...tables.test.labels]).toEqual([1, 9]);
    expect([...tables.train.pixels.subarray(3072, 3080)]).toEqual(Array.from({ length: 8 }, (_, i) => pixel(1, i)));
  });

  it('is refused in one line that names the file', async () => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, { ...files('svhn/'), 'svhn/test_32x32.mat': file.subarray(0, 500) });
    const error = await loadImages(smallSvhn, dataDir, await locate(smallSvhn, dataDir)).catch((reason) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(
      /^\S*svhn\/test_32x32\.mat: found .*; delete it and run `probprec data fetch svhn`, or give another dataDir$/,
    );
  });

  it('has the sizes of DeepOBS, also as synthetic images', async () => {
    const { sizes } = await openDataset('svhn', { dataDir: '', source: 'synthetic', syntheticSize: 600, fetch: false });
    expect(sizes).toEqual({ train: 387, valid: 213, trainEval: 387, test: 213 });
  });
});

const scipy = spawnSync('python3', ['-c', 'import scipy.io'], { timeout: 60_000 }).status === 0;

it.skipIf(!scipy)(`reads what SciPy writes${scipy ? '' : ' (skipped: python3 has no scipy)'}`, async () => {
  const dataDir = await newDataDir();
  const program = `
import numpy, scipy.io, sys
X = numpy.array([[[[(31 * n + 7 * (1024 * ch + 32 * r + c)) % 256 for n in range(3)] for ch in range(3)] for c in range(32)] for r in range(32)], dtype='uint8')
y = numpy.array([[1], [9], [10]], dtype=sys.argv[2])
scipy.io.savemat(sys.argv[1], {'X': X, 'y': y}, do_compression=sys.argv[3] == 'packed')`;
  for (const [type, packed] of [
    ['uint8', 'packed'],
    ['float64', 'packed'],
    ['float64', 'plain'],
  ] as const) {
    const path = join(dataDir, 'digits.mat');
    expect(spawnSync('python3', ['-c', program, path, type, packed], { timeout: 60_000 }).status).toBe(0);
    expect(Buffer.from(recordsOfMat(readFileSync(path), batch)).equals(records)).toBe(true);
  }
});
