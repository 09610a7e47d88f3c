import { type FetchOptions, stageDataset, stagedFolder } from '../dataset/index.js';
import { dataKeyOf, datasetOf } from './fetch-data.js';
import type { PlannedRun } from './planned-runs.js';

/**
 * Copies the data sets of runs from `dataDir` into a folder of `scratch`, a disk of this machine's own, once for all processes here.
 * Returns where each run finds its data: a data set of a user's reads its files by itself, so it stays in `dataDir`. Throws DataError.
 */
export async function stagePlannedData(
  runs: readonly PlannedRun[],
  dataDir: string,
  scratch: string,
  options: FetchOptions,
): Promise<(run: PlannedRun) => string> {
  const target = await stagedFolder(dataDir, scratch);
  const staged = new Map<string, boolean>();
  for (const run of runs) {
    const key = dataKeyOf(run);
    if (staged.has(key)) continue;
    const definition = await datasetOf(run);
    const hasFiles = definition?.kind === 'images' || definition?.kind === 'text';
    staged.set(key, hasFiles);
    if (!hasFiles) continue;
    const copies = await stageDataset(definition, dataDir, target, options);
    if (copies.length > 0) options.onProgress?.(`${definition.name}: copied to ${target}`);
  }
  return (run) => (staged.get(dataKeyOf(run)) === true ? target : dataDir);
}
