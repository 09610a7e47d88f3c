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
  for (const definition of await datasetsOf(runs)) await fetchDataset(definition, dataDir, options);
}

/** The data sets that runs on real data read. */
async function datasetsOf(runs: readonly PlannedRun[]): Promise<ReadonlySet<DatasetDefinition>> {
  const asked = new Map(runs.map((run) => [dataKeyOf(run), run]));
  const datasets = await Promise.all([...asked.values()].map(datasetOf));
  return new Set(datasets.filter((dataset) => dataset !== null));
}

/** Runs of one key read the same data set. */
export function dataKeyOf({ request, configuration }: PlannedRun): string {
  return JSON.stringify([request.testproblem, request.dataset, configuration.data.source]);
}

/** The data set that a run reads; null for synthetic data. */
export async function datasetOf({ request, configuration }: PlannedRun): Promise<DatasetDefinition | null> {
  if (configuration.data.source !== 'real') return null;
  const { testproblem, dataset } = request;
  if (dataset !== undefined) return (await loadDataset(dataset)).definition;
  const problem = await loadTestProblem(testproblem);
  return problem.ownDataset ?? datasetDefinition(problem.dataset);
}
