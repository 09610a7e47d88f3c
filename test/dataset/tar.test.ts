import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readDataFile } from '../../src/dataset/read-file.js';
import { ArchiveError, type TarEntry, tarEntries } from '../../src/dataset/tar.js';
import { DataError } from '../../src/errors.js';
import { newDataDir, tar, writeFiles } from './small-files.js';

const one = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const two = Uint8Array.from({ length: 512 }, (_, i) => (7 * i) % 251);

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function entriesOf(
  bytes: Uint8Array,
  { chunk = 700, keep = 5000, most = 1e6 }: { chunk?: number; keep?: number; most?: number } = {},
): Promise<TarEntry[]> {
  const wanted = new Map([
    ['one', keep],
    ['two', keep],
  ]);
  const entries: TarEntry[] = [];
  for await (const entry of tarEntries(inChunks(bytes, chunk), { wanted, most })) entries.push(entry);
  return entries;
}

/** Puts other bytes into the first header, with the right checksum unless that is what changes. */
function withHeader(bytes: Uint8Array, at: number, field: string, seal = true): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed.set(Buffer.from(field, 'latin1'), at);
  if (seal) {
    changed.set(Buffer.from('        '), 148);
    const sum = changed.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    changed.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  }
  return changed;
}

describe('tarEntries', () => {
  it('gives the wanted files in any chunks, and passes over the others', async () => {
    const bytes = await tar({ one, other: two, two }, 'a/folder');
    for (const chunk of [1, 511, 512, 513, 100_000]) {
      expect(await entriesOf(bytes, { chunk })).toEqual([
        { name: 'one', size: 1000, bytes: one },
        { name: 'two', size: 512, bytes: two },
      ]);
    }
  });

  it('keeps no more of a file than is wanted', async () => {
    expect(await entriesOf(await tar({ one }, 'x'), { keep: 10 })).toEqual([
      { name: 'one', size: 1000, bytes: one.subarray(0, 10) },
    ]);
  });

  /** The first header is that of the readme: `size` is at 124, the type at 156, the checksum at 148. */
  it.each([
    ['an odd size', 124, '\xa00000014002', /no possible size/],
    ['a negative size', 124, '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', /no possible size/],
    ['a size beyond all numbers', 124, '\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', /no possible size/],
    ['no size', 124, '\0\0\0\0\0\0\0\0\0\0\0\0', /no possible size/],
    ['a size that is no number', 124, 'elephants\0\0\0', /no possible size/],
    ['a size of eight gigabytes', 124, '77777777777\0', /ends within readme\.html/],
    ['a size of a petabyte', 124, '\x80\0\0\0\0\x03\x8d\x7e\xa4\xc6\x80\0', /ends within readme\.html/],
  ])('ends with one line for %s', async (_, at, field, expected) => {
    const bytes = withHeader(await tar({ one }, 'x'), at, field);
    await expect(entriesOf(bytes)).rejects.toThrow(ArchiveError);
    await expect(entriesOf(bytes)).rejects.toThrow(expected);
  });

  it('ends with one line for what is no archive, or is cut off', async () => {
    const bytes = await tar({ one }, 'x');
    await expect(entriesOf(Buffer.from('no tar'))).rejects.toThrow(/not a tar archive/);
    await expect(entriesOf(new Uint8Array(2048).fill(7))).rejects.toThrow(/not a tar archive/);
    await expect(entriesOf(withHeader(bytes, 148, '0000001', false))).rejects.toThrow(/not a tar archive/);
    await expect(entriesOf(bytes.subarray(0, 1100))).rejects.toThrow(/not a tar archive/);
    await expect(entriesOf(bytes.subarray(0, 1700))).rejects.toThrow(/ends within one/);
    await expect(entriesOf(bytes, { most: 1500 })).rejects.toThrow(/more bytes than the data set has/);
    expect(await entriesOf(new Uint8Array(0))).toEqual([]);
  });

  it('reads sizes of the GNU form, and names no link or folder a file', async () => {
    const bytes = await tar({ one }, 'x');
    const second = Uint8Array.from(bytes.subarray(1024));
    const gnu = withHeader(second, 124, '\x80\0\0\0\0\0\0\0\0\0\x03\xe8');
    expect((await entriesOf(gnu)).map(({ size }) => size)).toEqual([1000]);
    for (const type of ['1', '2', '3', '4', '5', '6', 'L', 'x', 'g', 'S']) {
      expect(await entriesOf(withHeader(second, 156, type))).toEqual([]);
    }
  });

  it('ends, with its entries or with one line, whatever the headers are', async () => {
    const bytes = await tar({ one, two }, 'x');
    let seed = 20261127;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let ended = 0;
    for (let round = 0; round < 2000; round++) {
      const changed = Uint8Array.from(bytes);
      for (let i = random(3); i >= 0; i--) changed[random(512)] = random(256);
      const sealed = random(3) > 0 ? withHeader(changed, 0, '') : changed;
      const cut = random(4) === 0 ? sealed.subarray(0, random(sealed.length)) : sealed;
      await entriesOf(cut).then(
        () => (ended += 1),
        (error: unknown) => {
          expect(error, `seed 20261127, round ${round}`).toBeInstanceOf(ArchiveError);
          ended += 1;
        },
      );
    }
    expect(ended).toBe(2000);
  });
});

describe('readDataFile', () => {
  /** A header whose size field is \xa00000014002: reading it never ended. */
  const endless = `H4sIAAAAAAAEA+3cy2rbQBQG4PGtSd9CL+BmdJ1CH8bITkq8ySJW3iePGmK6MgYH3Eqm853NwCBzOJ9m93u02//uX9dlXG/7Yff8dFhv9y8Pj/3Qb44bm/LHdv8SrqsYY9c0RYjHOl3LJsaqKNs6Vn
    WqUqqKWLZd+nz+urZf+/XbYehfQ7y61+lwX+vuKQIECBAgQIAAAQIECIwnMBuvlU4ECBAgQIAAAQIECBAgMJ3A7kL+V02V/7XyvzFOxXymCBAgQIAAAQIECBDIRmCRzaQGJUCAAAECBAgQIEDA///G
    iFlutsel/K+eKv/r5H9jHJrlXBEgQIAAAQIECBAgkI3AKptJDUqAAAECBAgQIECAwHyMlEGPWxW4lP810+R/qUuhuPqbnKfoP083QgiZf//z20IRIECAAAECBAgQIJCNwF02kxqUAAECBAgQIECAAI
    HFmUzEVjYCl/K/dqL8L0b3/8Y4hPdLRYAAAQIECBAgQIBANgLfs5nUoAQIECBAgAABAgQILMdIGfS4VYGz+d/wdBg2237YPf+F9C+EGGPXNMXnGo+53p/1/biWTYxVUbb1r6pOVUpVEcs2le0/uP93
    7iVkfv8vrBQBAgQIECBAgAABAtkIzLKZ1KAECBAgQIAAAQIECKzOhSL2CBAgQOB/F/gACY/FegCsAAA=`;

  it.each([true, false])('ends in one line naming the archive with an odd header (packed: %s)', async (packed) => {
    const dataDir = await newDataDir();
    const bytes = Buffer.from(endless, 'base64');
    await writeFiles(dataDir, { 'a.tar.gz': packed ? bytes : gzipSync(gunzipSync(bytes)) });
    const wanted = ['one', 'two'].map((name) => ({ name, member: name, most: 3073, decode: (b: Uint8Array) => b }));
    const error = await readDataFile(dataDir, 'a.tar.gz', wanted, 'fetch it').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect(String(error)).toMatch(/^DataError: \S*a\.tar\.gz: the archive's header of .* fetch it$/);
  });
});
