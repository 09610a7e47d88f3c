import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CifarBatch, mostPickleBytes, recordsOfPickle } from '../../src/dataset/cifar-pickle.js';
import { PickleError, readPickle } from '../../src/dataset/pickle.js';
import { cifarFiles, newDataDir, pickled, pickledBatch, pixel } from './small-files.js';

const cifar10: CifarBatch = { labels: ['labels'], images: 2, imageSize: 3072 };
const cifar100: CifarBatch = { labels: ['coarse_labels', 'fine_labels'], images: 3, imageSize: 3072 };

const records10 = cifarFiles['data_batch_1.bin'] ?? new Uint8Array(0);
/** As in CIFAR-100's train.bin: coarse label, fine label, image. */
const records100 = Uint8Array.from(
  [
    [4, 30],
    [19, 99],
    [0, 0],
  ].flatMap((labels, n) => [...labels, ...Array.from({ length: 3072 }, (_, i) => pixel(n, i))]),
);

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function fault(bytes: Uint8Array, batch: CifarBatch = cifar10): string {
  try {
    recordsOfPickle(bytes, batch);
  } catch (error) {
    expect(error).toBeInstanceOf(PickleError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error('expected a PickleError');
}

describe('a batch built by hand as Python 2 wrote it', () => {
  it('begins as the published ones do', () => {
    const start = '\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q';
    expect(Buffer.from(pickledBatch(records10)).toString('latin1').startsWith(start)).toBe(true);
  });

  it('gives the records of the binary version bit for bit, for 10 and for 100 classes', () => {
    expect(Buffer.from(recordsOfPickle(pickledBatch(records10), cifar10)).equals(records10)).toBe(true);
    const batch = pickledBatch(records100, ['coarse_labels', 'fine_labels']);
    expect(Buffer.from(recordsOfPickle(batch, cifar100)).equals(records100)).toBe(true);
    // Of the dictionary, only keys matter: the order of its entries does not.
    const fine = { ...cifar100, labels: ['fine_labels'] as const };
    expect([0, 3073, 6146].map((at) => recordsOfPickle(batch, fine)[at])).toEqual([30, 99, 0]);
  });

  it.each([
    [
      'CIFAR-100 where CIFAR-10 belongs',
      pickledBatch(records100, ['coarse_labels', 'fine_labels']),
      /key labels \(it has fine_labels/,
    ],
    ['another number of images', pickledBatch(Buffer.concat([records10, records10])), /4 labels, expected 2/],
    ['another type', pickledBatch(records10, ['labels'], { type: pickled('f4') }), /type "f4", expected u1/],
    [
      'another shape',
      pickledBatch(records10, ['labels'], { shape: latin1('K\x03M\x00\x08\x86') }),
      /6144 bytes under the key data, expected 2×3072|3×2048/,
    ],
    [
      'a shape that does not fit',
      pickledBatch(records10, ['labels'], { shape: latin1('K\x03K\x03\x86') }),
      /6144 bytes, expected 3×3/,
    ],
    [
      'another function',
      pickledBatch(records10, ['labels'], { array: latin1('cposix\nsystem\n') }),
      /the name "posix.system"/,
    ],
    [
      'a class of NumPy that is none of the three',
      pickledBatch(records10, ['labels'], { array: latin1('cnumpy\nmemmap\n') }),
      /"numpy.memmap"/,
    ],
    [
      'text of Python 3',
      pickledBatch(records10, ['labels'], { extra: latin1('X\x01\0\0\0aK\x01') }),
      /opcode 0x58 at byte \d+/,
    ],
    [
      'a key that is no text',
      pickledBatch(records10, ['labels'], { extra: latin1('K\x01K\x01') }),
      /a key that is no byte string/,
    ],
    [
      'a long key',
      pickledBatch(records10, ['labels'], { extra: Buffer.concat([pickled('x'.repeat(200)), latin1('N')]) }),
      /a key or name of 200 bytes/,
    ],
    ['bytes behind its end', Buffer.concat([pickledBatch(records10), latin1('x')]), /1 bytes after/],
    ['nothing', new Uint8Array(0), /not a pickle of protocol 2/],
    ['protocol 4', latin1('\x80\x04N.'), /another protocol/],
    ['protocol 0', latin1('(dp1\n.'), /not a pickle of protocol 2/],
    ['no dictionary', latin1('\x80\x02]q\x01.'), /no dictionary/],
    ['no data', latin1('\x80\x02}.'), /no list of labels under the key labels$/],
    ['a label that is too large', latin1('\x80\x02}(U\x06labels](K\x01M\x00\x01eu.'), /no number from 0 to 255/],
    ['a label that is no number', latin1('\x80\x02}(U\x06labels](K\x01Neu.'), /no number from 0 to 255/],
    ['a negative label', latin1('\x80\x02}(U\x06labels](K\x01J\xff\xff\xff\xffeu.'), /no number from 0 to 255/],
  ])('is refused with %s', (_, bytes, expected) => {
    expect(fault(bytes)).toMatch(expected);
  });

  it('is refused wherever it is cut off', () => {
    const bytes = pickledBatch(records10);
    for (let length = 0; length < 400; length++) expect(fault(bytes.subarray(0, length))).not.toBe('');
    expect(fault(bytes.subarray(0, -1))).toMatch(/ends too early/);
  });

  it('never runs anything and never hangs, whatever the bytes are', () => {
    const bytes = pickledBatch(records10);
    let seed = 20261128;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let refused = 0;
    for (let round = 0; round < 3000; round++) {
      const changed = Uint8Array.from(bytes);
      for (let i = random(4); i >= 0; i--) {
        // The images' bytes are any; what is before and behind them is the program.
        const at = random(2) === 0 ? random(420) : bytes.length - 1 - random(100);
        changed[at] = random(256);
      }
      try {
        expect(recordsOfPickle(changed, cifar10).length).toBe(2 * 3073);
      } catch (error) {
        expect(error, `seed 20261128, round ${round}`).toBeInstanceOf(PickleError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });

  it('bounds time and memory', () => {
    const started = Date.now();
    const bomb = (body: string, times: number): Uint8Array => latin1(`\x80\x02${body.repeat(times)}.`);
    expect(fault(bomb(']', 200_000))).toMatch(/more than 1040 opcodes/);
    expect(fault(latin1(`\x80\x02}q\x01${'(h\x01h\x01t'.repeat(100_000)}.`))).toMatch(/more than 1040 opcodes/);
    // One array, built again and again.
    const again = latin1('(K\x01K\x00\x85NNNtb');
    expect(() =>
      readPickle(Buffer.concat([latin1('\x80\x02cnumpy\ndtype\nU\x02u1\x85R'), again, again, again, again, again]), 99),
    ).toThrow(/more arrays/);
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it('may be as long as the published ones', () => {
    // data_batch_1 and CIFAR-100's train as published (torchvision's folders): 31,035,704 and 155,249,918 bytes.
    expect(mostPickleBytes({ ...cifar10, images: 10_000 })).toBeGreaterThan(31_035_704);
    expect(mostPickleBytes({ ...cifar100, images: 50_000 })).toBeGreaterThan(155_249_918);
  });
});

/** Writes the files' records as pickles of Python 2 with Python's own pickler, and reads them back as everybody does. */
const script = `
import pickle, struct, sys
import numpy
class Pickler2(pickle._Pickler):
    dispatch = dict(pickle._Pickler.dispatch)
    def save_string(self, text):
        text = text.encode('latin1') if isinstance(text, str) else text
        short = len(text) < 256
        self.write((b'U' + struct.pack('<B', len(text)) if short else b'T' + struct.pack('<i', len(text))) + text)
        self.memoize(text)
    dispatch[bytes] = dispatch[str] = save_string
keys, order, source, target = sys.argv[1].split(','), sys.argv[2], sys.argv[3], sys.argv[4]
rows = numpy.fromfile(source, dtype='u1').reshape(-1, len(keys) + 3072)
data = numpy.array(rows[:, len(keys):], order=order)
batch = {b'batch_label': b'training batch 1 of 5', b'data': data, b'filenames': [b'image_%d.png' % i for i in range(len(rows))]}
for i, key in enumerate(keys):
    batch[key.encode()] = [int(label) for label in rows[:, i]]
with open(target, 'wb') as file:
    Pickler2(file, protocol=2).dump(batch)
with open(target, 'rb') as file:
    again = pickle.load(file, encoding='bytes')
assert (again[b'data'] == data).all() and again[keys[0].encode()] == batch[keys[0].encode()]
`;

const python = '/usr/bin/python3';
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;

describe.skipIf(!hasNumpy)('a batch that Python pickles (needs /usr/bin/python3 with NumPy)', () => {
  it.each([
    ['10 classes', ['labels'], 'C', records10],
    ['100 classes', ['coarse_labels', 'fine_labels'], 'C', records100],
    ['an array in columns', ['labels'], 'F', records10],
  ] as const)('gives the records of the binary version bit for bit: %s', async (_, labels, order, records) => {
    const folder = await newDataDir();
    const [source, target] = [join(folder, 'batch.bin'), join(folder, 'batch')];
    await writeFile(source, records);
    execFileSync(python, ['-c', script, labels.join(), order, source, target]);
    const images = records.length / (labels.length + 3072);
    const read = recordsOfPickle(await readFile(target), { labels, images, imageSize: 3072 });
    expect(Buffer.from(read).equals(records)).toBe(true);
  });
});
