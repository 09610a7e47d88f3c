import { type DataSplit, type Dataset, openDataset } from '../dataset/index.js';
import { checkEngine, type Engine, type EngineOptions, openEngine } from '../engine/index.js';
import { ConfigurationError, interruptedBy } from '../errors.js';
import { option } from '../words.js';
import type { ResolvedRun } from './configuration.js';
import type { RunEvent } from './events.js';

/** Where a run finds its data, and who listens. */
export interface DataOptions {
  readonly dataDir: string;
  /** Whether missing data files may be downloaded; default yes. */
  readonly fetch?: boolean;
  /** Ends a download, and the run after the current step. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
}

/**
 * Opens a run's data set and splits it by the run's seed. Throws ConfigurationError for a batch that does not fit it,
 * InterruptedError when the signal ends a download.
 */
export async function openData(
  resolved: ResolvedRun,
  { dataDir, fetch = true, signal, onEvent }: DataOptions,
): Promise<{ dataset: Dataset; split: DataSplit }> {
  const { configuration } = resolved;
  const { source, syntheticSize } = configuration.data;
  const dataset = await openDataset(resolved.dataset, {
    dataDir,
    source,
    ...(syntheticSize === null ? {} : { syntheticSize }),
    fetch,
    signal,
    onProgress: (message) => onEvent?.({ type: 'dataset', message }),
  }).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
    throw interruptedBy(signal, 'interrupted while downloading data; what the server can resume is kept');
  });
  const split = dataset.split(configuration.seed, configuration.protocol);
  checkSteps(resolved, split);
  return { dataset, split };
}

/** Opens a run's engine, with the threads that were asked for. */
export function openRunEngine(resolved: ResolvedRun): Promise<Engine> {
  return openEngine(engineOptions(resolved));
}

/** Throws EngineError for an engine that is known not to open, before data are fetched for it. */
export function checkRunEngine(resolved: ResolvedRun): Promise<void> {
  return checkEngine(engineOptions(resolved));
}

function engineOptions({ configuration: { engine }, threads }: ResolvedRun): EngineOptions {
  return { engine: engine.name, device: engine.device, threads };
}

/** A batch must fit the training split, and an epoch must be long enough for the optimizer. */
function checkSteps({ configuration, optimizer }: ResolvedRun, split: DataSplit): void {
  const { batchSize } = configuration;
  const steps = split.trainingSteps(batchSize);
  if (steps < 1) {
    throw new ConfigurationError({
      subject: option('batch_size'),
      found: String(batchSize),
      expected: `at most ${split.sizes.train}, the training examples after the split`,
    });
  }
  const needed = optimizer.minimumStepsPerEpoch?.(configuration.optimizer.hyperparameters);
  if (needed !== undefined && steps < needed.steps) {
    throw new ConfigurationError({
      subject: option('optimizer', optimizer.name),
      what: `an epoch has ${steps} minibatches`,
      expected: `at least ${needed.steps} (${needed.why})`,
    });
  }
}
