import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileError } from '../../src/errors.js';
import { hashConfiguration } from '../../src/results/index.js';
import { checkpointPath, readCheckpoint, removeCheckpoint, writeCheckpoint } from '../../src/run/checkpoint.js';
import { exampleConfiguration } from '../results/example.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-checkpoint-'));
  path = join(folder, 'setting', 'run.checkpoint');
});
afterEach(() => rm(folder, { recursive: true }));

const checkpoint = {
  header: { configurationHash: 'ü'.repeat(3), epoch: 2, trainLosses: [2.3, null, 0.1], counters: { step: 50 } },
  arrays: {
    'conv1.weight': Float32Array.of(1.5, -0, Number.NaN, Number.NEGATIVE_INFINITY, 1e-45),
    empty: new Float32Array(0),
    factor: Float64Array.of(Math.PI, Number.MIN_VALUE),
    counts: Int32Array.of(-1, 2 ** 31 - 1, 7),
    view: new Float32Array(10).fill(3).subarray(3, 6),
  },
};

describe('a checkpoint', () => {
  test('is removed with what a killed writer of it has left, and nothing else', async () => {
    await writeCheckpoint(path, checkpoint);
    const setting = join(folder, 'setting');
    for (const name of ['.run.checkpoint.12-ab.tmp', '.other.checkpoint.12-ab.tmp', 'run.json']) {
      await writeFile(join(setting, name), 'half');
    }
    await removeCheckpoint(path);
    expect((await readdir(setting)).sort()).toEqual(['.other.checkpoint.12-ab.tmp', 'run.json']);
    await removeCheckpoint(path);
  });

  test('is read as it was written, bit by bit', async () => {
    await writeCheckpoint(path, checkpoint);
    const read = await readCheckpoint(path);
    expect(read.header).toEqual(checkpoint.header);
    expect(Object.keys(read.arrays)).toEqual(Object.keys(checkpoint.arrays));
    for (const [name, array] of Object.entries(checkpoint.arrays)) {
      const copy = read.arrays[name];
      expect(copy?.constructor).toBe(array.constructor);
      const bytes = copy && Buffer.from(copy.buffer, copy.byteOffset, copy.byteLength);
      expect(bytes?.equals(Buffer.from(array.buffer, array.byteOffset, array.byteLength))).toBe(true);
    }
  });

  test('holds arrays of any alignment and its own memory', async () => {
    await writeCheckpoint(path, { header: { configurationHash: 'a', epoch: 0 }, arrays: { one: Int32Array.of(1) } });
    const { arrays } = await readCheckpoint(path);
    expect(arrays.one?.buffer.byteLength).toBe(4);
  });

  test('lies in the setting folder, named by seed and hash', () => {
    const configuration = exampleConfiguration();
    expect(checkpointPath('out', configuration)).toBe(
      join(
        'out/mnist_logreg/Momentum/num_epochs__2__batch_size__128__lr__1.1288378917e-01__momentum__9.e-01',
        `random_seed__42__${hashConfiguration(configuration).slice(0, 12)}.checkpoint`,
      ),
    );
  });
});

describe('a damaged checkpoint', () => {
  test('is refused whichever byte was changed and wherever it was cut off', async () => {
    await writeCheckpoint(path, checkpoint);
    const bytes = await readFile(path);
    for (let position = 0; position < bytes.length; position++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((bytes[position] ?? 0) ^ 0x10, position);
      await writeFile(path, changed);
      await expect(readCheckpoint(path)).rejects.toThrow(FileError);
      await writeFile(path, bytes.subarray(0, position));
      await expect(readCheckpoint(path)).rejects.toThrow(FileError);
    }
  });

  test('is named with what was found and expected, in one line', async () => {
    await writeCheckpoint(path, checkpoint);
    const bytes = await readFile(path);
    const message = async (content: Buffer): Promise<string> => {
      await writeFile(path, content);
      const error: unknown = await readCheckpoint(path).catch((reason: unknown) => reason);
      return error instanceof FileError ? error.message : 'no FileError';
    };
    const start = (text: string) =>
      expect.stringMatching(new RegExp(`^${path.replaceAll('.', '\\.')}: ${text}[^\n]*$`));
    expect(await message(bytes.subarray(0, 20))).toEqual(start('found 20 bytes, expected a checkpoint of at least 48'));
    expect(await message(Buffer.concat([Buffer.from('{'), bytes]))).toEqual(start('found the first bytes 7b'));
    const newer = Buffer.from(bytes);
    newer.writeUInt32LE(2, 8);
    expect(await message(newer)).toEqual(start('found checkpoint version 2, expected version 1'));
    expect(await message(bytes.subarray(0, 200))).toEqual(
      start('found content with SHA-256 [0-9a-f]{64} in 200 bytes'),
    );
    await rm(path);
    await expect(readCheckpoint(path)).rejects.toThrow('expected a checkpoint');
  });
});
