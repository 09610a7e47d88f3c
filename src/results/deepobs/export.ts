import { join } from 'node:path';
import { safe, settingName } from '../paths.js';
import type { RecordedRun, SettingValue } from '../recorded-run.js';
import { fillAborted } from './abort.js';
import { EPOCH_LISTS } from './imported-run.js';
import { type PythonValue, pythonJson } from './json.js';

/** What a file of DeepOBS needs of a run besides what analysis sees. */
export interface ExportableRun {
  readonly run: RecordedRun;
  /** The optimizer_name in the file; DeepOBS' baselines have another one than their folder. */
  readonly optimizerName: string;
  readonly integerHyperparameters: readonly string[];
  /** Minibatch losses of a whole epoch; needed to fill a diverged run. */
  readonly loggedPerEpoch: number;
  /** Name of the file: random_seed__<seed>__<time>.json. */
  readonly fileName: string;
}

/** The key for the L2 factor: weight_decay (1.2.0-beta) or l2_reg (develop). */
export type ExportDialect = 'deepobs-1.2-beta' | 'deepobs-develop';

/** Where DeepOBS expects the file, below the results folder. */
export function deepobsPath(exportable: ExportableRun, dialect: ExportDialect): string {
  const { run, integerHyperparameters, fileName } = exportable;
  const key = l2Key(dialect);
  const { lr_sched_epochs: epochs, lr_sched_factors: factors } = run.trainingParameters;
  const setting = settingName({
    ...run,
    l2: run.l2Reg === null ? null : { key, value: run.l2Reg },
    integerHyperparameters,
    lrSchedule: Array.isArray(epochs) && Array.isArray(factors) ? { epochs, factors } : null,
  });
  return join(safe('testproblem', run.testproblem), safe('optimizer', run.optimizer), setting, fileName);
}

/**
 * The text of the file as DeepOBS writes it: its keys in its order, Python's number format, NaN tokens; a diverged run is
 * filled as DeepOBS fills it. Null for a run that DeepOBS has no file for: interrupted or failed.
 */
export function deepobsText(exportable: ExportableRun, dialect: ExportDialect): string | null {
  const { run, optimizerName, integerHyperparameters, loggedPerEpoch } = exportable;
  const { state, epoch } = run.status;
  if (state === 'interrupted' || state === 'failed') return null;
  const epochs = Object.fromEntries(EPOCH_LISTS.flatMap((key) => (run.curves[key] ? [[key, run.curves[key]]] : [])));
  const measured = { epochs, minibatches: run.minibatchTrainLosses };
  const whole = run.curves.train_losses?.length === run.numEpochs + 1;
  const lists = whole ? measured : fillAborted(measured, epoch, run.numEpochs, loggedPerEpoch);
  const list = (key: string): [string, PythonValue][] => {
    const values = lists.epochs[key];
    return values === undefined ? [] : [[key, floats(values)]];
  };
  return pythonJson({
    members: [
      ['testproblem', run.testproblem],
      ['batch_size', { int: run.batchSize }],
      ['num_epochs', { int: run.numEpochs }],
      ['random_seed', { int: run.seed }],
      [l2Key(dialect), run.l2Reg === null ? null : { float: run.l2Reg }],
      ['optimizer_name', optimizerName],
      ['optimizer_hyperparams', { members: hyperparameters(run.hyperparameters, integerHyperparameters) }],
      ['training_params', { members: trainingParameters(run.trainingParameters) }],
      ...list('train_losses'),
      ...list('valid_losses'),
      ...list('test_losses'),
      ['minibatch_train_losses', floats(lists.minibatches)],
      ...list('train_accuracies'),
      ...list('valid_accuracies'),
      ...list('test_accuracies'),
    ],
  });
}

function l2Key(dialect: ExportDialect): 'weight_decay' | 'l2_reg' {
  return dialect === 'deepobs-develop' ? 'l2_reg' : 'weight_decay';
}

function floats(values: readonly (number | null)[]): PythonValue {
  return values.map((value) => ({ float: value ?? Number.NaN }));
}

function hyperparameters(values: Readonly<Record<string, SettingValue>>, integers: readonly string[]) {
  return Object.entries(values).map(([name, value]): [string, PythonValue] => [
    name,
    typeof value !== 'number' ? value : integers.includes(name) ? { int: value } : { float: value },
  ]);
}

function trainingParameters(values: RecordedRun['trainingParameters']): [string, PythonValue][] {
  return Object.entries(values).map(([name, value]) => {
    const number = (entry: number): PythonValue => (name === 'lr_sched_epochs' ? { int: entry } : { float: entry });
    if (Array.isArray(value)) return [name, value.map((entry) => number(Number(entry)))];
    return [name, typeof value === 'number' ? number(value) : String(value)];
  });
}
