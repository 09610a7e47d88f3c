import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset } from '../../src/dataset/index.js';
import {
  executeRun,
  openProblem,
  type RunEvent,
  type RunOptions,
  type RunRequest,
  resolveConfiguration,
} from '../../src/run/index.js';
import { loadTestProblem } from '../../src/testproblem/index.js';

/** The optimizers with learning rates that train the small problems. */
export const optimizers = [
  { optimizer: 'sgd', hyperparameters: { lr: 0.1 } },
  { optimizer: 'momentum', hyperparameters: { lr: 0.01, momentum: 0.9 } },
  { optimizer: 'nesterov', hyperparameters: { lr: 0.01, momentum: 0.9 } },
  { optimizer: 'adam', hyperparameters: { lr: 0.001 } },
] as const;

/** A run of well under a second: 500 synthetic training images, 15 steps of 32. */
export const smallRequest: RunRequest = {
  testproblem: 'mnist_logreg',
  optimizer: 'sgd',
  hyperparameters: { lr: 0.1 },
  numEpochs: 3,
  batchSize: 32,
  data: 'synthetic',
  syntheticSize: 600,
  threads: 1,
};

/** What {@link smallRequest} trains, by plain functions: for trainings by hand to compare with. */
export async function smallByHand(dataDir: string) {
  const dataset = await openDataset('mnist', { dataDir, source: 'synthetic', syntheticSize: 600, fetch: false });
  const problem = await loadTestProblem('mnist_logreg');
  return { dataset, problem, functions: await openProblem(problem, { batchSize: 32 }) };
}

/** A new folder of the system's temporary ones. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'probprec-run-'));
}

/** Runs a request; `events` are what it told. */
export async function runSmall(
  outputDir: string,
  changes: Partial<RunRequest> = {},
  options: Partial<RunOptions> = {},
) {
  const events: RunEvent[] = [];
  const resolved = await resolveConfiguration({ ...smallRequest, ...changes });
  const outcome = await executeRun(resolved, {
    dataDir: outputDir,
    outputDir,
    resume: true,
    overwrite: false,
    // After every epoch, so that tests know where a run goes on.
    checkpointShare: 1,
    fetch: false,
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  return { ...outcome, events };
}

/** Options that interrupt a run when an event is seen for which `when` is true. */
export function interruptedWhen(when: (event: RunEvent) => boolean): Partial<RunOptions> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onEvent: (event) => {
      if (when(event)) controller.abort();
    },
  };
}
