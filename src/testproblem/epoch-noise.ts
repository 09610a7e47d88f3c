import { on } from 'node:events';
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { sizeOf } from '../tensor/index.js';
import { minibatchNoise, type NoiseDefinition, type NoisyProblem } from './noise.js';

/** Whose noise a worker draws. */
export interface NoiseSettings {
  readonly noises: readonly NoiseDefinition[];
  readonly seed: number;
  readonly epoch: number;
  /** The first minibatch whose noise is drawn. */
  readonly step: number;
}

/** Minibatches whose noise is under way in the worker while one is in use. */
const AHEAD = 2;
/** Fewer numbers than these take less time to draw than to send between threads. */
const WORTH_A_THREAD = 100_000;

const workerFile = new URL('./noise-worker.js', import.meta.url);
/** There is no compiled worker when the TypeScript sources are run directly. */
const canDrawAhead = existsSync(workerFile);

/** The noise of an epoch's minibatches, one after the other. */
export interface EpochNoise {
  /** The noise of the next minibatch: what {@link minibatchNoise} draws for it. */
  next(): Promise<Record<string, Float32Array>>;
  /** Ends the worker, if there is one. */
  close(): Promise<void>;
}

/** Starts with the minibatch `step` of an epoch. With `ahead`, a worker draws much noise while the minibatch before is in use. */
export function epochNoise(
  { noises }: NoisyProblem,
  { seed, epoch, step: first = 0 }: Omit<NoiseSettings, 'noises' | 'step'> & { readonly step?: number },
  { ahead = false }: { readonly ahead?: boolean } = {},
): EpochNoise {
  const size = noises.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (ahead && canDrawAhead && size >= WORTH_A_THREAD) return drawnAhead({ noises, seed, epoch, step: first });
  let step = first;
  return {
    next: async () => minibatchNoise({ noises }, { seed, epoch, step: step++ }),
    close: async () => undefined,
  };
}

function drawnAhead(settings: NoiseSettings): EpochNoise {
  const worker = new Worker(workerFile, { workerData: settings, execArgv: [] });
  const replies = on(worker, 'message', { close: ['exit'] });
  let asked = settings.step;
  const ask = () => worker.postMessage(asked++);
  for (let minibatch = 0; minibatch < AHEAD; minibatch++) ask();
  return {
    async next() {
      const reply = await replies.next();
      if (reply.done) throw new Error('the worker that draws noise ended before its work was done');
      ask();
      const [drawn] = reply.value as [Record<string, Float32Array>];
      return drawn;
    },
    async close() {
      await worker.terminate();
    },
  };
}
