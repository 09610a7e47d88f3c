import { readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '../errors.js';
import { expectedOneOf } from '../names.js';
import type { OptimizerDefinition } from './define-optimizer.js';
import type { ReservedNames } from './reserved-names.js';
import type { OptimizerSource } from './source-identity.js';

const folder = new URL('./named/', import.meta.url);
const extension = extname(fileURLToPath(import.meta.url));

/** Names of all registered optimizers, sorted: one file each in `named/`. */
export function optimizerNames(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(extension) && !file.endsWith('.d.ts'))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

/** Whether an optimizer argument means a file of the user's rather than a registered name. */
export function isOptimizerFile(nameOrFile: string): boolean {
  return /[/\\]|\.[cm]?js$/.test(nameOrFile);
}

/** An optimizer, and for a user's file what it was loaded from. */
export interface LoadedOptimizer {
  readonly definition: OptimizerDefinition;
  readonly source: OptimizerSource | null;
}

/** Loads an optimizer by name, or from a user's file. Throws ConfigurationError with the nearest names, or FileError. */
export async function loadOptimizer(nameOrFile: string): Promise<OptimizerDefinition> {
  return (await loadOptimizerAndSource(nameOrFile)).definition;
}

/** {@link loadOptimizer} with the identity of a user's file; null for a registered optimizer. */
export async function loadOptimizerAndSource(nameOrFile: string): Promise<LoadedOptimizer> {
  if (isOptimizerFile(nameOrFile)) {
    // The parser is loaded for users' files alone.
    const { loadOptimizerFile } = await import('./optimizer-file.js');
    return loadOptimizerFile(nameOrFile, reservedNames);
  }
  const names = optimizerNames();
  if (!names.includes(nameOrFile)) {
    throw new ConfigurationError(`--optimizer ${expectedOneOf(nameOrFile, names)}, or a file such as ./mine.js`);
  }
  return { definition: await registered(nameOrFile), source: null };
}

async function registered(name: string): Promise<OptimizerDefinition> {
  const module = (await import(new URL(`${name}${extension}`, folder).href)) as { default: OptimizerDefinition };
  return module.default;
}

async function reservedNames(): Promise<ReservedNames> {
  const names = optimizerNames();
  const definitions = await Promise.all(names.map(registered));
  return { names, classNames: definitions.map(({ className }) => className) };
}
