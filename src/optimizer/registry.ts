import { readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '../errors.js';
import { expectedOneOf } from '../names.js';
import type { OptimizerDefinition } from './define-optimizer.js';
import { type WrapperDefinition, wrapOptimizer } from './define-wrapper.js';
import { optimizerFileOf, parseOptimizer } from './optimizer-expression.js';
import type { ReservedNames } from './reserved-names.js';
import type { OptimizerSource } from './source-identity.js';

const folder = new URL('./named/', import.meta.url);
const wrapperFolder = new URL('./wrappers/', import.meta.url);
const extension = extname(fileURLToPath(import.meta.url));

/** Names of all registered optimizers, sorted: one file each in `named/`. */
export function optimizerNames(): readonly string[] {
  return namesIn(folder);
}

/** Names of all wrappers, sorted: one file each in `wrappers/`. */
export function wrapperNames(): readonly string[] {
  return namesIn(wrapperFolder);
}

function namesIn(place: URL): string[] {
  return readdirSync(place)
    .filter((file) => file.endsWith(extension) && !file.endsWith('.d.ts'))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

/** An optimizer, and for a user's file what it was loaded from. */
export interface LoadedOptimizer {
  readonly definition: OptimizerDefinition;
  readonly source: OptimizerSource | null;
}

/**
 * Loads an optimizer by name or from a user's file, with the wrappers that the argument puts around it. Throws
 * ConfigurationError with the nearest names, or FileError.
 */
export async function loadOptimizer(nameOrFile: string): Promise<OptimizerDefinition> {
  return (await loadOptimizerAndSource(nameOrFile)).definition;
}

/** {@link loadOptimizer} with the identity of a user's file; null for a registered optimizer. */
export async function loadOptimizerAndSource(nameOrFile: string): Promise<LoadedOptimizer> {
  const { wrappers, base } = parseOptimizer(nameOrFile);
  const around = await Promise.all(wrappers.map(loadWrapper));
  const wrap = (definition: OptimizerDefinition) =>
    around.reduceRight((inner, wrapper) => wrapOptimizer(wrapper, inner), definition);
  if (optimizerFileOf(base) !== null) {
    // The parser is loaded for users' files alone.
    const { loadOptimizerFile } = await import('./optimizer-file.js');
    const { definition, source, guard } = await loadOptimizerFile(base, reservedNames);
    return { definition: around.length === 0 ? definition : guard(wrap(definition)), source };
  }
  const names = optimizerNames();
  if (!names.includes(base)) {
    const hint = wrapperNames().includes(base) ? `; ${base} goes around an optimizer, such as ${base}(sgd)` : '';
    throw new ConfigurationError(`--optimizer ${expectedOneOf(base, names)}, or a file such as ./mine.js${hint}`);
  }
  return { definition: wrap(await registered(base)), source: null };
}

/** Loads a wrapper by name. Throws ConfigurationError with the nearest names. */
export async function loadWrapper(name: string): Promise<WrapperDefinition> {
  const names = wrapperNames();
  if (!names.includes(name)) {
    throw new ConfigurationError(`--optimizer ${name}(…): the wrapper ${expectedOneOf(name, names)}`);
  }
  const module = (await import(new URL(`${name}${extension}`, wrapperFolder).href)) as { default: WrapperDefinition };
  return module.default;
}

/** The optimizer whose results are filed under this class name, such as `Lookahead(Adam)`; null for one of others. */
export async function optimizerOfClass(className: string): Promise<OptimizerDefinition | null> {
  const classes = /^(?:(?<wrappers>[A-Za-z0-9(]*)\()?(?<base>[A-Za-z0-9_]+)\)*$/.exec(className)?.groups;
  if (classes === undefined) return null;
  const optimizers = await Promise.all(optimizerNames().map(registered));
  let definition = optimizers.find((candidate) => candidate.className === classes.base);
  const around = await Promise.all(wrapperNames().map(loadWrapper));
  for (const name of (classes.wrappers ?? '').split('(').filter(Boolean).reverse()) {
    const wrapper = around.find((candidate) => candidate.className === name);
    if (definition === undefined || wrapper === undefined) return null;
    definition = wrapOptimizer(wrapper, definition);
  }
  return definition?.className === className ? definition : null;
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
