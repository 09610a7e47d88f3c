import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Batch, type DataSplit, openDataset } from '../../src/dataset/index.js';

// Worker threads load JavaScript, so the built module is tested; the sources are the sequential reference.
const built = new URL('../../dist/src/dataset/index.js', import.meta.url).href;
const options = { dataDir: 'unused', source: 'synthetic', syntheticSize: 200, fetch: false } as const;

let inMain: DataSplit;
let inWorker: DataSplit;
beforeAll(async () => {
  const module = (await import(built)) as { openDataset: typeof openDataset };
  inMain = (await openDataset('cifar10', options)).split(3, 'probprec');
  inWorker = (await module.openDataset('cifar10', options)).split(3, 'probprec');
});

async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const collected: Batch[] = [];
  for await (const batch of batches) collected.push(batch);
  return collected;
}

/** Every bit of some batches, in few words. */
function digests(batches: readonly Batch[]): string[] {
  return batches.map(({ inputs, labels, size }) => {
    const hash = createHash('sha256')
      .update(inputs)
      .update(labels ?? new Int32Array());
    return `${size} ${inputs.length} ${hash.digest('hex')}`;
  });
}

const workers = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

describe('batches assembled ahead by a worker', () => {
  it.each([[8], [64], [160]])('are those of the main thread, bit for bit, in batches of %d', async (batchSize) => {
    for (const epoch of [0, 5]) {
      const batches = await all(inWorker.trainingBatches(epoch, batchSize, { ahead: true }));
      expect(digests(batches)).toEqual(digests(await all(inMain.trainingBatches(epoch, batchSize))));
    }
  });

  it('wait for a slow consumer and stay as they are', async () => {
    const slow: Batch[] = [];
    for await (const batch of inWorker.trainingBatches(1, 32, { ahead: true })) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      slow.push(batch);
    }
    expect(digests(slow)).toEqual(digests(await all(inMain.trainingBatches(1, 32))));
  });

  it('end with the iteration: at a return, at an error and at the end', async () => {
    const before = workers();
    for await (const _ of inWorker.trainingBatches(0, 8, { ahead: true })) {
      expect(workers()).toBe(before + 1);
      break;
    }
    expect(workers()).toBe(before);
    const failing = (async () => {
      for await (const _ of inWorker.trainingBatches(0, 8, { ahead: true })) throw new Error('in the consumer');
    })();
    await expect(failing).rejects.toThrow('in the consumer');
    expect(workers()).toBe(before);
    await all(inWorker.trainingBatches(0, 8, { ahead: true }));
    expect(workers()).toBe(before);
  });

  it('refuse a batch size that is too large as the main thread does', async () => {
    await expect(all(inWorker.trainingBatches(0, 161, { ahead: true }))).rejects.toThrow(/batchSize 161: .* 160/);
  });

  it.each([
    ['left early', 'for await (const batch of batches) break;'],
    ['failed', 'try { for await (const batch of batches) throw new Error(); } catch {}'],
    ['aborted while one is made', 'const first = batches[Symbol.asyncIterator](); first.next(); await first.return();'],
    ['finished', 'for await (const batch of batches) batch.size;'],
  ])('let the process end by itself when %s', (_, use) => {
    const program = `
      import { openDataset } from ${JSON.stringify(built)};
      const split = (await openDataset('cifar10', ${JSON.stringify(options)})).split(3, 'probprec');
      const batches = split.trainingBatches(0, 8, { ahead: true });
      ${use}
      console.log('done');`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      timeout: 30_000,
      cwd: fileURLToPath(new URL('.', built)),
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'done\n', stderr: '' });
  });
});

describe('assembleAhead', () => {
  it('throws what fails in the worker', async () => {
    const file = new URL('../../dist/src/dataset/assemble-ahead.js', import.meta.url).href;
    const { assembleAhead } = (await import(file)) as typeof import('../../src/dataset/assemble-ahead.js');
    const shape = { channels: 3, height: 4, width: 4 };
    const table = { shape, pixels: new Uint8Array(96), labels: new Uint8Array(2) };
    // Nothing else can fail there: values that are no array.
    const settings = {
      values: null as unknown as Float32Array,
      augmentation: { path: [1, 'augment'], mirrors: true },
    } as const;
    await expect(all(assembleAhead(table, [Uint32Array.of(0), Uint32Array.of(1)], settings))).rejects.toThrow(
      TypeError,
    );
  });
});
