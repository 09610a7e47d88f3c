import { relative, resolve } from 'node:path';
import { argumentsInOrder, type RunOptionKey, statedBy } from '../run-options/index.js';
import type { Plan } from './plan.js';
import type { PlannedRun } from './planned-runs.js';

/** How directories are written. */
export interface RunArgumentsOptions {
  /** True: absolute, for commands that are started anywhere; else relative to the present folder. */
  readonly absolute?: boolean;
}

/** The arguments of our own command for one run: `run --testproblem … --optimizer … --lr …`, only what the plan states. */
export function runArguments(
  plan: Plan,
  { request }: PlannedRun,
  { absolute = false }: RunArgumentsOptions = {},
): string[] {
  const folder = (path: string) => (absolute ? resolve(path) : relative('', path) || '.');
  const { hyperparameters = {} } = request;
  const values: Readonly<Partial<Record<RunOptionKey, unknown>>> = {
    ...statedBy(request),
    testproblem: request.testproblem,
    optimizer: request.optimizer,
    seed: request.seed,
    threads: plan.resources.threads,
    output_dir: folder(plan.outputDir),
    keep_checkpoint: plan.keepCheckpoint || undefined,
    data_dir: plan.dataDir === undefined ? undefined : folder(plan.dataDir),
  };
  return ['run', ...argumentsInOrder(values, hyperparameters)];
}
