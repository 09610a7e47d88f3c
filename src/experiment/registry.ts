import { readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '../errors.js';
import { notKnown } from '../names.js';
import type { Experiment } from './experiment.js';

const folder = new URL('./named/', import.meta.url);
const extension = extname(fileURLToPath(import.meta.url));

/** Names of all experiments, sorted: one file each in `named/`. */
export function experimentNames(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(extension) && !file.endsWith('.d.ts'))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

/** Loads an experiment. Throws ConfigurationError with the nearest names. */
export async function loadExperiment(name: string): Promise<Experiment> {
  const names = experimentNames();
  if (!names.includes(name))
    throw new ConfigurationError({ subject: `experiment: ${name}`, what: notKnown(name, names) });
  const module = (await import(new URL(`${name}${extension}`, folder).href)) as { default: Experiment };
  return module.default;
}
