import { ConfigurationError } from '../errors.js';
import { notKnown } from '../names.js';
import { folderOf, type Loaded, Registry } from '../user-file/registry.js';
import { option } from '../words.js';
import type { OptimizerDefinition } from './define-optimizer.js';
import { type WrapperDefinition, wrapOptimizer } from './define-wrapper.js';
import { parseOptimizer } from './optimizer-expression.js';
import type { ReservedNames } from './reserved-names.js';

/** One file each, named as the optimizer or wrapper. */
const registered = folderOf<OptimizerDefinition>(new URL('./named/', import.meta.url), import.meta.url);
const wrappers = folderOf<WrapperDefinition>(new URL('./wrappers/', import.meta.url), import.meta.url);

const registry = new Registry(
  'optimizer',
  registered,
  async () => {
    // The parser is loaded for users' files alone.
    const { optimizerFiles } = await import('./optimizer-file.js');
    return optimizerFiles(reservedNames);
  },
  (name) => (wrapperNames().includes(name) ? `; ${name} goes around an optimizer, such as ${name}(sgd)` : ''),
);

/** Names of all registered optimizers, sorted. */
export function optimizerNames(): readonly string[] {
  return registry.names();
}

/** Names of all wrappers, sorted. */
export function wrapperNames(): readonly string[] {
  return wrappers.names();
}

/**
 * Loads an optimizer by name or from a user's file, with the wrappers that the argument puts around it. Throws
 * ConfigurationError with the nearest names, or FileError.
 */
export async function loadOptimizer(nameOrFile: string): Promise<OptimizerDefinition> {
  return (await loadOptimizerAndSource(nameOrFile)).definition;
}

/**
 * {@link loadOptimizer} with the identity of a user's file; null for a registered optimizer. `copy` names a copy of the file's
 * module that shares no variable with others.
 */
export async function loadOptimizerAndSource(nameOrFile: string, copy = ''): Promise<Loaded<OptimizerDefinition>> {
  const { wrappers: names, base } = parseOptimizer(nameOrFile);
  const around = await Promise.all(names.map(loadWrapper));
  const { definition, source, guard } = await registry.load(base, copy);
  if (around.length === 0) return { definition, source };
  const wrapped = around.reduceRight((inner, wrapper) => wrapOptimizer(wrapper, inner), definition);
  return { definition: guard?.(wrapped) ?? wrapped, source };
}

/** Loads a wrapper by name. Throws ConfigurationError with the nearest names. */
export async function loadWrapper(name: string): Promise<WrapperDefinition> {
  const names = wrapperNames();
  if (names.includes(name)) return wrappers.load(name);
  throw new ConfigurationError({
    subject: option('optimizer', `${name}(…)`),
    what: `the wrapper ${name}: ${notKnown(name, names)}`,
  });
}

/** The optimizer whose results are filed under this class name, such as `Lookahead(Adam)`; null for one of others. */
export async function optimizerOfClass(className: string): Promise<OptimizerDefinition | null> {
  const classes = /^(?:(?<wrappers>[A-Za-z0-9(]*)\()?(?<base>[A-Za-z0-9_]+)\)*$/.exec(className)?.groups;
  if (classes === undefined) return null;
  const optimizers = await Promise.all(optimizerNames().map((name) => registered.load(name)));
  let definition = optimizers.find((candidate) => candidate.className === classes.base);
  const around = await Promise.all(wrapperNames().map(loadWrapper));
  for (const name of (classes.wrappers ?? '').split('(').filter(Boolean).reverse()) {
    const wrapper = around.find((candidate) => candidate.className === name);
    if (definition === undefined || wrapper === undefined) return null;
    definition = wrapOptimizer(wrapper, definition);
  }
  return definition?.className === className ? definition : null;
}

async function reservedNames(): Promise<ReservedNames> {
  const names = optimizerNames();
  const definitions = await Promise.all(names.map((name) => registered.load(name)));
  return { names, classNames: definitions.map(({ className }) => className) };
}
