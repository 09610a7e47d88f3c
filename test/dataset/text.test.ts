import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Batch, inspectDataset, openDataset } from '../../src/dataset/index.js';
import { splitText } from '../../src/dataset/text-split.js';

async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const list: Batch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}

const ascending = (length: number) => Int32Array.from({ length }, (_, index) => index);
/** 25 characters for training in sequences of 3: 8 of them. */
const parts = { train: ascending(25), valid: ascending(14), test: ascending(14) };
const sizes = { train: 8, valid: 4, trainEval: 4, test: 4 };

describe('the batches of a text', () => {
  test('are the next pieces of rows that follow each other in the text', async () => {
    const split = splitText(parts, sizes, 3, false);
    expect(split.trainingSteps(2)).toBe(4);
    const batches = await all(split.trainingBatches(0, 2));
    expect(batches.map(({ inputs }) => [...inputs])).toEqual(
      [0, 1, 2, 3].map((j) => [0, 12].flatMap((row) => [0, 1, 2].map((place) => row + 3 * j + place))),
    );
    for (const { inputs, labels } of batches) expect([...(labels ?? [])]).toEqual([...inputs].map((x) => x + 1));
  });

  test('are the same in every epoch, and from a batch on', async () => {
    const split = splitText(parts, sizes, 3, false);
    expect(await all(split.trainingBatches(0, 2, { from: 3 }))).toEqual(
      (await all(split.trainingBatches(0, 2))).slice(3),
    );
    expect(await all(split.trainingBatches(1, 2))).toEqual(await all(split.trainingBatches(0, 2)));
  });

  test('of an evaluation end with what is left, which deepobs-beta drops', async () => {
    const evaluate = (drop: boolean) => all(splitText(parts, sizes, 3, drop).evaluationBatches('test', 0, 3));
    expect((await evaluate(false)).map(({ inputs }) => [...inputs])).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
      [9, 10, 11],
    ]);
    expect(await evaluate(true)).toHaveLength(1);
  });

  test('of train_eval are the first ones of training', async () => {
    const split = splitText(parts, sizes, 3, true);
    const [first, second] = await all(split.trainingBatches(0, 2));
    expect(await all(split.evaluationBatches('train_eval', 0, 2))).toEqual([first, second]);
  });
});

describe('synthetic text', () => {
  const open = (syntheticSize: number) =>
    openDataset('tolstoi', { dataDir: 'unused', source: 'synthetic', syntheticSize, fetch: false });

  test('is the same every time, has its size, and numbers below 83', async () => {
    const [first, again] = [await open(400), await open(400)];
    expect(first.sizes).toEqual({ train: 301, valid: 99, trainEval: 301, test: 99 });
    expect(first.record).toMatchObject({ source: 'synthetic', syntheticSize: 400, checksum: again.record.checksum });
    const batches = await all(first.split(1, 'probprec').trainingBatches(0, 10));
    expect(batches).toHaveLength(30);
    const characters = batches.flatMap(({ inputs }) => [...inputs]);
    expect(Math.min(...characters)).toBe(0);
    expect(Math.max(...characters)).toBeLessThan(83);
    // Far from uniform: there is something to learn.
    expect(characters.filter((character) => character === 0).length).toBeGreaterThan(characters.length / 20);
  });
});

describe('files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probprec-text-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('that are missing are said to be', async () => {
    await expect(openDataset('tolstoi', { dataDir: folder, source: 'real', fetch: false })).rejects.toThrow(
      /^data set tolstoi: no files in .*`probprec data fetch tolstoi` downloads them/,
    );
    expect(await inspectDataset('tolstoi', folder)).toMatchObject([{ state: 'missing' }]);
  });

  test('of another text are refused', async () => {
    await mkdir(join(folder, 'tolstoi'));
    await writeFile(join(folder, 'tolstoi', 'war-and-peace.txt'), 'Well, Prince, so Genoa and Lucca\r\n');
    await expect(openDataset('tolstoi', { dataDir: folder, source: 'real', fetch: false })).rejects.toThrow(
      /found another text, expected the edition of War and Peace that DeepOBS cuts/,
    );
    expect(await inspectDataset('tolstoi', folder)).toMatchObject([{ state: 'corrupt', size: 34 }]);
  });

  const dataDir = process.env.PROBPREC_DATA_DIR ?? '';
  const there = existsSync(join(dataDir, 'tolstoi'));
  test.skipIf(!there)(
    `are DeepOBS’ characters and splits${there ? '' : ' (skipped: PROBPREC_DATA_DIR has no tolstoi)'}`,
    async () => {
      const dataset = await openDataset('tolstoi', { dataDir, source: 'real', fetch: false });
      expect(dataset.record.verified).toBe(true);
      const split = dataset.split(42, 'probprec');
      expect([split.trainingSteps(50), Math.floor(split.sizes.valid / 50), Math.floor(split.sizes.test / 50)]).toEqual([
        783, 261, 261,
      ]);
      const counts = new Map<number, number>();
      for (const phase of ['valid', 'test'] as const) {
        for await (const { inputs } of split.evaluationBatches(phase, 0, 50)) {
          for (const character of inputs) counts.set(character, (counts.get(character) ?? 0) + 1);
        }
      }
      const mostFrequent = [...counts].sort(([, a], [, b]) => b - a).map(([character]) => character);
      expect(mostFrequent.slice(0, 3)).toEqual([0, 1, 2]);
    },
  );
});
