import { datasetNames, loadDataset } from '../../dataset/index.js';
import type { Listing } from './listing.js';

/** `list datasets`: those of this program and of users' files. */
export async function datasetListing(files: readonly string[]): Promise<Listing> {
  const entries = await Promise.all([...datasetNames(), ...files].map(describeDataset));
  const rows = entries.map(({ name, shape, classes, sizes, files, description }) => [
    ...[name, shape.join('x'), classes, sizes.train, sizes.valid, sizes.test, files.length, description],
  ]);
  const header = ['name', 'shape', 'classes', 'train', 'valid', 'test', 'files', 'description'];
  return { entries, header, rows };
}

async function describeDataset(nameOrFile: string) {
  const { name, description, shape, classes, sizes, files } = (await loadDataset(nameOrFile)).definition;
  return {
    name,
    description,
    shape,
    classes,
    sizes: { train: sizes.train, valid: sizes.valid, train_eval: sizes.trainEval, test: sizes.test },
    files: files.map(({ path, md5 }) => ({ path, md5 })),
  };
}
