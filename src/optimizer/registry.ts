import { folderOf, type Loaded, Registry } from '../user-file/registry.js';
import type { OptimizerDefinition } from './define-optimizer.js';
import type { ReservedNames } from './reserved-names.js';

/** One file each, named as the optimizer. */
const registered = folderOf<OptimizerDefinition>(new URL('./named/', import.meta.url), import.meta.url);

const registry = new Registry('--optimizer', registered, async () => {
  // The parser is loaded for users' files alone.
  const { optimizerFiles } = await import('./optimizer-file.js');
  return optimizerFiles(reservedNames);
});

/** Names of all registered optimizers, sorted. */
export function optimizerNames(): readonly string[] {
  return registry.names();
}

/** Loads an optimizer by name, or from a user's file. Throws ConfigurationError with the nearest names, or FileError. */
export async function loadOptimizer(nameOrFile: string): Promise<OptimizerDefinition> {
  return (await registry.load(nameOrFile)).definition;
}

/** {@link loadOptimizer} with the identity of a user's file; null for a registered optimizer. */
export function loadOptimizerAndSource(nameOrFile: string): Promise<Loaded<OptimizerDefinition>> {
  return registry.load(nameOrFile);
}

async function reservedNames(): Promise<ReservedNames> {
  const names = optimizerNames();
  const definitions = await Promise.all(names.map((name) => registered.load(name)));
  return { names, classNames: definitions.map(({ className }) => className) };
}
