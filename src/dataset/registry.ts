import { ConfigurationError } from '../errors.js';
import { cifar10 } from './cifar10.js';
import type { DatasetDefinition } from './definition.js';
import { fmnist, mnist } from './mnist.js';
import { quadraticDataset } from './quadratic.js';
import { tolstoi } from './tolstoi.js';
import { twoD } from './two-d.js';

const DEFINITIONS: readonly DatasetDefinition[] = [
  mnist,
  fmnist,
  cifar10,
  tolstoi,
  quadraticDataset('quadratic'),
  twoD,
];

/** The names of all data sets. */
export function datasetNames(): readonly string[] {
  return DEFINITIONS.map(({ name }) => name);
}

/** The definition of a data set; the quadratic one's name may state its settings. Throws ConfigurationError if there is none of this name. */
export function datasetDefinition(name: string): DatasetDefinition {
  const definition = DEFINITIONS.find((candidate) => candidate.name === name);
  if (definition === undefined && name.startsWith('quadratic_')) return quadraticDataset(name);
  if (definition === undefined) {
    throw new ConfigurationError(`unknown data set '${name}'; expected one of ${datasetNames().join(', ')}.`);
  }
  return definition;
}
