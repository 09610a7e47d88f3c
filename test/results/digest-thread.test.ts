import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type JsonValue, prettyJson } from '../../src/results/canonical-json.js';
import { DigestThread, startDigestThread } from '../../src/results/digest-thread.js';
import { readResults } from '../../src/results/index.js';
import { exampleConfiguration, exampleRunFile } from './example.js';

// Worker threads load JavaScript, so the built module is tested; the sources, which have no worker, are the reference.
const built = new URL('../../dist/src/results', import.meta.url).href;

let folder: string;
const FILES = 1100;
const pathOf = (seed: number) => join(folder, `random_seed__${seed}__2026-11-28-10-00-00.json`);

/** Whole files but for a few of every kind, some of them among the last, and one that is too large to be sent. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-digests-'));
  const text = prettyJson(exampleRunFile() as unknown as JsonValue);
  await Promise.all(Array.from({ length: FILES }, (_, seed) => writeFile(pathOf(1000 + seed), text)));
  const noted = prettyJson(exampleRunFile({ label: { note: 'größer "als" \\ zuvor' } }) as unknown as JsonValue);
  const numbers = text.replace('0.9', '9.0e-1');
  const changed = text.replace('0.9', '0.91');
  const large = exampleRunFile({
    configuration: exampleConfiguration({ trainLogInterval: 1 }),
    stepsPerEpoch: 50_000,
    minibatchTrainLosses: Array.from({ length: 100_000 }, (_, step) => 1 / (step + 1)),
  });
  const others = [noted, numbers, changed, text.slice(0, -10), '', prettyJson(large as unknown as JsonValue)];
  others.push(others.at(-1)?.replace('0.25,', '0.26,') ?? '');
  await Promise.all(
    [0, 2100].flatMap((first) => others.map((content, kind) => writeFile(pathOf(first + 10 + kind), content))),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Takes files as readResults does; the places that are not confirmed. */
async function read(thread: DigestThread, seeds: readonly number[]): Promise<readonly number[]> {
  try {
    for (const seed of seeds) {
      await thread.room();
      const { content_digest: claimed } = JSON.parse(thread.readText(pathOf(seed)));
      if (!thread.take(seed, claimed)) refused.push(seed);
    }
    return await thread.unconfirmed();
  } finally {
    await thread.close();
  }
}
const refused: number[] = [];

describe('digests that a second thread checks', () => {
  test('say of each file the same as without one, in the same order', async () => {
    const inThread = (await import(`${built}/index.js`)) as { readResults: typeof readResults };
    const found = await inThread.readResults([folder]);
    expect(found.runs).toHaveLength(FILES + 6);
    expect(found.faults).toHaveLength(8);
    expect(found).toEqual(await readResults([folder]));
  });

  test('are not those of a few files or of one core', () => {
    expect(startDigestThread(999, 8)).toBeNull();
    expect(startDigestThread(100_000, 1)).toBeNull();
  });

  test('are told by a thread: which are wrong, and which file is too large for it', async () => {
    const { startDigestThread: start } = (await import(`${built}/digest-thread.js`)) as {
      startDigestThread: typeof startDigestThread;
    };
    const thread = start(FILES, 2);
    if (thread === null) throw new Error('found no thread');
    expect(await read(thread, [10, 11, 12, 15, 1000, 1001])).toEqual([12]);
    expect(refused.splice(0)).toEqual([15]);
  });

  test.each([
    ['ends', 'process.exit(1)'],
    ['fails', 'throw new Error("no memory")'],
    [
      'ends when it has got something',
      'require("node:worker_threads").parentPort.once("message", () => process.exit(1))',
    ],
  ])('are all to be checked again where the thread %s', async (_, code) => {
    const seeds = Array.from({ length: FILES }, (_unused, index) => 1000 + index);
    const unconfirmed = await read(new DigestThread(new Worker(code, { eval: true })), seeds);
    expect([...unconfirmed, ...refused.splice(0)].sort((a, b) => a - b)).toEqual(seeds);
  });
});
