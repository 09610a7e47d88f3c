import { type FetchOptions, fetchDataset } from '../dataset/index.js';
import { loadTestProblem } from '../testproblem/index.js';
import type { PlannedRun } from './planned-runs.js';

/**
 * Downloads what runs on real data lack in `dataDir`, before many processes would do so at once. Does nothing when it is
 * all there. Throws DataError for the first data set that cannot be had.
 */
export async function fetchPlannedData(
  runs: readonly PlannedRun[],
  dataDir: string,
  options: FetchOptions,
): Promise<void> {
  const real = runs.filter(({ configuration }) => configuration.data.source === 'real');
  const problems = new Set(real.map(({ configuration }) => configuration.testproblem));
  const datasets = new Set<string>();
  for (const name of problems) datasets.add((await loadTestProblem(name)).dataset);
  for (const name of datasets) await fetchDataset(name, dataDir, options);
}
