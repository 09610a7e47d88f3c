/** A worker thread that draws the noise of minibatches, in the order in which they are asked for (epoch-noise.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import type { NoiseSettings } from './epoch-noise.js';
import { minibatchNoise } from './noise.js';

const { noises, seed, epoch } = workerData as NoiseSettings;

parentPort?.on('message', (step: number) => {
  const drawn = minibatchNoise({ noises }, { seed, epoch, step });
  parentPort?.postMessage(
    drawn,
    Object.values(drawn).map(({ buffer }) => buffer as ArrayBuffer),
  );
});
