import {
  type DatasetDefinition,
  datasetDefinition,
  type FetchOptions,
  fetchDataset,
  loadDataset,
} from '../dataset/index.js';
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
  const asked = new Map(real.map(({ request }) => [`${request.testproblem} ${request.dataset ?? ''}`, request]));
  const datasets = new Set<DatasetDefinition>();
  for (const { testproblem, dataset } of asked.values()) datasets.add(await datasetOf(testproblem, dataset));
  for (const definition of datasets) await fetchDataset(definition, dataDir, options);
}

async function datasetOf(testproblem: string, dataset: string | undefined): Promise<DatasetDefinition> {
  if (dataset !== undefined) return (await loadDataset(dataset)).definition;
  const problem = await loadTestProblem(testproblem);
  return problem.ownDataset ?? datasetDefinition(problem.dataset);
}
