/** A worker thread that turns gathered images into inputs, in the order in which they come (assemble-ahead.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { type GatheredImages, imageInputs } from './assemble.js';
import type { AssemblySettings } from './assemble-ahead.js';

const { values, augmentation } = workerData as AssemblySettings;

parentPort?.on('message', (images: Omit<GatheredImages, 'labels'>) => {
  const inputs = imageInputs(images, values, augmentation);
  parentPort?.postMessage(inputs, [inputs.buffer]);
});
