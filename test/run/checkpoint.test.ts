import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashConfiguration } from '../../src/results/index.js';
import { putAside, readCheckpoint, readCheckpointHeader, writeCheckpoint } from '../../src/run/checkpoint.js';
import { CHECKPOINT_VERSION, encodeCheckpoint } from '../../src/run/checkpoint-format.js';
import { runPlace } from '../../src/run/place.js';
import { exampleConfiguration } from '../results/example.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-checkpoint-'));
  path = join(folder, 'setting', 'run.checkpoint');
  await mkdir(dirname(path));
});
afterEach(() => rm(folder, { recursive: true }));

const hash = '0123456789abcdef'.repeat(4);
const header = {
  configuration_hash: hash,
  identity: hash,
  provenance: {
    suite_version: '0.1.0',
    protocol_version: 1,
    dataset: 'ü'.repeat(3),
    optimizer_sources: [{ file: './mine.mjs', sha256: hash }],
    engine: { name: 'onnxruntime', device: 'cpu', version: '1.30.0', details: { blockSize: 16, inPlace: true } },
  },
  epoch: 2,
  started_at: '2026-11-22T10:00:00.000Z',
  training: { steps: 50, lastAlpha: [null, 0.5] },
  part_of_epoch: { step: 4, wall_seconds: 0.5, cpu_seconds: 0.25, other_cores: 0 },
  resumed: [
    { epoch: 1, at: '2026-11-22T11:00:00.000Z' },
    { epoch: 1, step: 3, at: '2026-11-22T11:00:00.000Z' },
  ],
  journal: { bytes: 120, sha256: hash },
};
const checkpoint = {
  header,
  arrays: {
    'conv1.weight': Float32Array.of(1.5, -0, Number.NaN, Number.NEGATIVE_INFINITY, 1e-45),
    empty: new Float32Array(0),
    factor: Float64Array.of(Math.PI, Number.MIN_VALUE),
    counts: Int32Array.of(-1, 2 ** 31 - 1, 7),
    view: new Float32Array(10).fill(3).subarray(3, 6),
    ['__proto__']: Int32Array.of(1),
  },
};

describe('a checkpoint', () => {
  test('is read as it was written, bit by bit', async () => {
    await writeCheckpoint(path, checkpoint);
    const found = await readCheckpoint(path);
    if (found.kind !== 'whole') throw new Error(found.kind);
    const read = found.checkpoint;
    expect(read.header).toEqual(header);
    expect(Object.keys(read.arrays)).toEqual(Object.keys(checkpoint.arrays));
    for (const [name, array] of Object.entries(checkpoint.arrays)) {
      const copy = read.arrays[name];
      expect(copy?.constructor).toBe(array.constructor);
      const bytes = copy && Buffer.from(copy.buffer, copy.byteOffset, copy.byteLength);
      expect(bytes?.equals(Buffer.from(array.buffer, array.byteOffset, array.byteLength))).toBe(true);
      expect(copy?.buffer.byteLength).toBe(array.byteLength);
    }
    expect(await readCheckpointHeader(path)).toEqual({ kind: 'whole', checkpoint: header });
  });

  test('that is not there is none', async () => {
    expect(await readCheckpoint(path)).toEqual({ kind: 'none' });
    expect(await readCheckpointHeader(path)).toEqual({ kind: 'none' });
  });

  test('lies in the setting folder, named by seed and hash', () => {
    const configuration = exampleConfiguration();
    expect(runPlace('out', configuration).checkpoint).toBe(
      join(
        'out/mnist_logreg/Momentum/num_epochs__2__batch_size__128__lr__1.1288378917e-01__momentum__9.e-01',
        `random_seed__42__${hashConfiguration(configuration).slice(0, 12)}.checkpoint`,
      ),
    );
  });
});

/** A checkpoint with the right checksums around other content, as a foreign writer makes one. */
function sealed(content: unknown, version = CHECKPOINT_VERSION): Buffer {
  const directory = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content), 'utf8');
  const words = Buffer.alloc(16);
  words.write('PPRCKPT\n', 'latin1');
  words.writeUInt32LE(version, 8);
  words.writeUInt32LE(directory.length, 12);
  const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  const own = Buffer.concat([words, sha(Buffer.concat([words, directory])), directory]);
  const whole = Buffer.concat([own, Buffer.alloc(Math.ceil(own.length / 8) * 8 - own.length)]);
  return Buffer.concat([whole, sha(whole)]);
}

/** A header whose training is nested too deeply for recursion. */
const deep = JSON.stringify({ header: { ...header, training: { a: '@' } }, arrays: [] }).replace(
  '"@"',
  '['.repeat(5000) + ']'.repeat(5000),
);

const changed = (changes: object) => sealed({ header: { ...header, ...changes }, arrays: [] });

/** The numbers below `end` in groups of so many. */
function groupsOf(size: number, end: number): number[][] {
  const starts = Array.from({ length: Math.ceil(end / size) }, (_, index) => index * size);
  return starts.map((start) => Array.from({ length: Math.min(size, end - start) }, (_, index) => start + index));
}

describe('a damaged checkpoint', () => {
  test('is known whichever bit was changed and wherever it was cut off', async () => {
    const bytes = Buffer.concat(encodeCheckpoint(checkpoint));
    const tryAt = async (position: number) => {
      const file = `${path}.${position}`;
      for (const bit of position < 64 ? [1, 2, 4, 8, 16, 32, 64, 128] : [0x10]) {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8((bytes[position] ?? 0) ^ bit, position);
        await writeFile(file, flipped);
        expect((await readCheckpoint(file)).kind).toBe('damaged');
        // The arrays are not looked at for the header.
        const kind = position < 48 ? 'damaged' : expect.stringMatching(/^(damaged|whole)$/);
        expect((await readCheckpointHeader(file)).kind).toEqual(kind);
      }
      await writeFile(file, bytes.subarray(0, position));
      expect((await readCheckpoint(file)).kind).toBe('damaged');
      expect((await readCheckpointHeader(file)).kind).toBe('damaged');
    };
    // Many beside one another: each call waits for another thread, which takes long on a busy machine.
    for (const group of groupsOf(64, bytes.length)) await Promise.all(group.map(tryAt));
  });

  const WRONG: readonly (readonly [string, Buffer, RegExp])[] = [
    ['nothing', Buffer.alloc(0), /found 0 bytes, expected a checkpoint of at least 80/],
    ['text', Buffer.from('{}'.repeat(100)), /found the first bytes 7b7d/],
    ['no JSON', sealed('{'), /found a header that is none/],
    ['null', sealed(null), /found a header that is none/],
    ['a list', sealed([]), /found a header that is none/],
    ['no header', sealed({ arrays: [] }), /found a header that is none/],
    ['an empty header', sealed({ header: {}, arrays: [] }), /wrong configuration_hash/],
    ['no arrays', sealed({ header }), /found a header that is none/],
    ['arrays that are none', sealed({ header, arrays: {} }), /found a header that is none/],
    ['an array of another type', sealed({ header, arrays: [{ name: 'a', type: 'int8', length: 0 }] }), /that is none/],
    ['a negative length', sealed({ header, arrays: [{ name: 'a', type: 'int32', length: -1 }] }), /that is none/],
    ['a length of a half', sealed({ header, arrays: [{ name: 'a', type: 'int32', length: 0.5 }] }), /that is none/],
    ['a length as a text', sealed({ header, arrays: [{ name: 'a', type: 'int32', length: '0' }] }), /that is none/],
    [
      'a length beyond the file',
      sealed({ header, arrays: [{ name: 'a', type: 'int32', length: 10 }] }),
      /expected \d+ by/,
    ],
    ['a huge length', sealed({ header, arrays: [{ name: 'a', type: 'float64', length: 1e12 }] }), /expected \d+ by/],
    ['one name twice', sealed({ header, arrays: Array(2).fill({ name: 'a', type: 'int32', length: 0 }) }), /each name/],
    ['an epoch as a text', changed({ epoch: 'x' }), /wrong epoch/],
    ['a negative epoch', changed({ epoch: -3 }), /wrong epoch/],
    ['half a step', changed({ part_of_epoch: { ...header.part_of_epoch, step: 0.5 } }), /wrong part_of_epoch.step/],
    ['a part without times', changed({ part_of_epoch: { step: 3 } }), /wrong part_of_epoch/],
    ['half an epoch', changed({ epoch: 1.5 }), /wrong epoch/],
    ['no time', changed({ started_at: 'hello' }), /wrong started_at/],
    ['training null', changed({ training: null }), /wrong training/],
    ['a list for training', changed({ training: [] }), /wrong training/],
    ['resumed null', changed({ resumed: null }), /wrong resumed/],
    ['resumed without a time', changed({ resumed: [{ epoch: 1 }] }), /wrong resumed/],
    ['no journal', changed({ journal: null }), /wrong journal/],
    ['a negative journal', changed({ journal: { bytes: -1, sha256: hash } }), /wrong journal\.bytes/],
    ['a hash that is a path', changed({ journal: { bytes: 1, sha256: '../x' } }), /wrong journal\.sha256/],
    ['no provenance', changed({ provenance: undefined }), /wrong provenance/],
    ['a key that nobody knows', changed({ more: 1 }), /wrong content/],
    ['deep nesting', sealed(`{"header":${'['.repeat(50_000)}${']'.repeat(50_000)},"arrays":[]}`), /found a header/],
    ['deep training', sealed(deep), /found a header/],
  ];

  test.each(WRONG)('with right checksums and %s is known, in one line', async (_, bytes, says) => {
    await writeFile(path, bytes);
    for (const found of [await readCheckpoint(path), await readCheckpointHeader(path)]) {
      expect(found).toEqual({ kind: 'damaged', fault: expect.stringMatching(says) });
      expect(JSON.stringify(found)).not.toContain('\\n');
    }
  });

  test('of a hundred gigabytes is not read', async () => {
    await writeFile(path, encodeCheckpoint(checkpoint));
    await truncate(path, 1e11);
    expect(await readCheckpoint(path)).toEqual({
      kind: 'damaged',
      fault: expect.stringContaining('100000000000 bytes'),
    });
  });

  test('that is no file is not read', async () => {
    const places: readonly (readonly [string, () => unknown, RegExp])[] = [
      ['a pipe', () => spawnSync('mkfifo', [path]), /found a pipe/],
      ['a device', () => symlink('/dev/zero', path), /found a symbolic link/],
      ['a dangling link', () => symlink('/nonexistent', path), /found a symbolic link/],
      ['a folder', () => mkdir(path), /found a folder/],
    ];
    for (const [, make, says] of places) {
      await make();
      expect(await readCheckpoint(path)).toEqual({ kind: 'damaged', fault: expect.stringMatching(says) });
      expect(await putAside(path)).toBe(`${path}.damaged`);
      expect(await readCheckpoint(path)).toEqual({ kind: 'none' });
    }
    expect(await readdir(dirname(path))).toEqual(['run.checkpoint.damaged']);
  });
});

test('a whole checkpoint of another version is told from a damaged one', async () => {
  await writeFile(path, sealed({ header, arrays: [] }, CHECKPOINT_VERSION - 1));
  expect(await readCheckpoint(path)).toEqual({
    kind: 'other',
    fault: `checkpoint version ${CHECKPOINT_VERSION - 1}, this probprec has version ${CHECKPOINT_VERSION}`,
  });
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(60) ^ 1, 60);
  await writeFile(path, bytes);
  expect((await readCheckpoint(path)).kind).toBe('damaged');
});
