import { on } from 'node:events';
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type BatchAugmentation, type GatheredImages, gatherImages, type PixelValues } from './assemble.js';
import type { Batch } from './dataset.js';
import type { ImageTable } from './image-table.js';

/** Batches under way in the worker while one is in use. */
const AHEAD = 2;

/** What a worker is given when it starts. */
export interface AssemblySettings {
  readonly values: PixelValues;
  readonly augmentation: BatchAugmentation;
}

const workerFile = new URL('./assembly-worker.js', import.meta.url);

/** Whether there is a compiled worker: not when the TypeScript sources are run directly. */
export const canAssembleAhead = existsSync(workerFile);

/**
 * The batches of `order`, assembled by a worker thread while the consumer uses those before: the same numbers as by
 * assembleBatch. The worker lives as long as the iteration, however that ends; what fails in it is thrown here.
 */
export async function* assembleAhead(
  table: ImageTable,
  order: Iterable<Uint32Array>,
  settings: AssemblySettings,
): AsyncGenerator<Batch> {
  const worker = new Worker(workerFile, { workerData: settings, execArgv: [] });
  const replies = on(worker, 'message', { close: ['exit'] });
  const underway: GatheredImages[] = [];
  const remaining = order[Symbol.iterator]();
  const send = (): void => {
    const { value: indices, done } = remaining.next();
    if (done) return;
    const images = gatherImages(table, indices);
    const { labels: _, ...message } = images;
    underway.push(images);
    worker.postMessage(message, [message.pixels.buffer]);
  };
  try {
    for (let batch = 0; batch < AHEAD; batch++) send();
    for (;;) {
      const images = underway.shift();
      if (images === undefined) return;
      const reply = await replies.next();
      if (reply.done) throw new Error('the worker that assembles batches ended before its work was done');
      send();
      const [inputs] = reply.value as [Float32Array<ArrayBuffer>];
      yield { inputs, labels: images.labels, size: images.labels.length };
    }
  } finally {
    await worker.terminate();
  }
}
