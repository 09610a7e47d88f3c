import { ConfigurationError } from '../errors.js';
import { type Loaded, Registry } from '../user-file/registry.js';
import { cifar10 } from './cifar10.js';
import { cifar100 } from './cifar100.js';
import type { DatasetDefinition } from './definition.js';
import { fmnist, mnist } from './mnist.js';
import { quadraticDataset } from './quadratic.js';
import { svhn } from './svhn.js';
import { tolstoi } from './tolstoi.js';
import { twoD } from './two-d.js';

const DEFINITIONS: readonly DatasetDefinition[] = [
  ...[mnist, fmnist, cifar10, cifar100, svhn, tolstoi],
  ...[quadraticDataset('quadratic'), twoD],
];

const registry = new Registry<DatasetDefinition>(
  'dataset',
  { names: datasetNames, load: async (name) => datasetDefinition(name) },
  async () => {
    // The parser is loaded for users' files alone.
    const { datasetFiles } = await import('./dataset-file.js');
    return datasetFiles(datasetNames());
  },
);

/** The names of all data sets. */
export function datasetNames(): readonly string[] {
  return DEFINITIONS.map(({ name }) => name);
}

/** The definition of a data set; the quadratic one's name may state its settings. Throws ConfigurationError if there is none of this name. */
export function datasetDefinition(name: string): DatasetDefinition {
  const definition = DEFINITIONS.find((candidate) => candidate.name === name);
  if (definition === undefined && name.startsWith('quadratic_')) return quadraticDataset(name);
  if (definition === undefined) {
    throw new ConfigurationError({
      what: `unknown data set '${name}'`,
      remedy: `expected one of ${datasetNames().join(', ')}`,
    });
  }
  return definition;
}

/** A data set by name, or from a user's file with its identity. Throws ConfigurationError with the nearest names, or FileError. */
export function loadDataset(nameOrFile: string): Promise<Loaded<DatasetDefinition>> {
  return registry.load(nameOrFile);
}
