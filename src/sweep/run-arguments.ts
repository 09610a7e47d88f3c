import { relative, resolve } from 'node:path';
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
  const { lrSchedule, hyperparameters = {} } = request;
  const options: [string, unknown][] = [
    ['testproblem', request.testproblem],
    ['dataset', request.dataset],
    ['variant', request.variant],
    ['init', request.init],
    ['optimizer', request.optimizer],
    ...Object.entries(hyperparameters),
    ['seed', request.seed],
    ['num_epochs', request.numEpochs],
    ['batch_size', request.batchSize],
    ['l2_reg', request.l2Reg],
    ['lr_schedule_epochs', lrSchedule?.epochs.join(',')],
    ['lr_schedule_factors', lrSchedule?.factors.join(',')],
    ...Object.entries(request.schedule ?? {}),
    ['data', request.data],
    ['synthetic_size', request.syntheticSize],
    ['engine', request.engine],
    ['device', request.device],
    ['protocol', request.protocol],
    ['train_log_interval', request.trainLogInterval],
    ['threads', plan.resources.threads],
    ['output_dir', folder(plan.outputDir)],
    ['data_dir', plan.dataDir === undefined ? undefined : folder(plan.dataDir)],
  ];
  return [
    'run',
    ...options.flatMap(([name, value]) => (value === undefined ? [] : argument(name, String(value)))),
    ...(plan.keepCheckpoint ? ['--keep-checkpoint'] : []),
  ];
}

/** A value that looks like an option, and one of a boolean option, must be joined with its option. */
function argument(name: string, value: string): string[] {
  const option = `--${name.replaceAll('_', '-')}`;
  return value.startsWith('-') || value === 'true' || value === 'false' ? [`${option}=${value}`] : [option, value];
}
