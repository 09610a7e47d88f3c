import type { JsonValue } from '../canonical-json.js';
import { ACCURACIES, LOSSES, METRICS } from '../metrics.js';
import { settingName } from '../paths.js';
import { type ProblemVersion, problemVersion, withoutVersion } from '../problem-version.js';
import { curvesOf, type RecordedRun } from '../recorded-run.js';
import type { ResultFile } from '../result-file.js';
import type { RunFile } from '../schema.js';
import { decodeSettings, type SettingValue, type SettingValues } from '../setting-value.js';
import { fillAborted, type RunLists } from './abort.js';
import type { ImportedRun } from './imported-run.js';
import { type PythonValue, pythonJson } from './json.js';
import { originalText } from './original.js';

/** A run that can be written as DeepOBS would have written it. */
export type ExportableRun = Exclude<ResultFile, { kind: 'deepobs' }>;

/**
 * The key for the L2 factor: weight_decay (1.2.0-beta) or l2_reg (develop). `original`: an imported file as it was, one of
 * our own as 1.2.0-beta.
 */
export type ExportDialect = 'original' | 'deepobs-1.2-beta' | 'deepobs-develop';

/** The folders below the results folder where DeepOBS expects the file: test problem, optimizer, setting. */
export function deepobsFoldersOf(run: ExportableRun, dialect: ExportDialect): [string, string, string] {
  const { content } = run;
  const label = run.kind === 'imported' ? run.content.label : content.optimizer_name;
  const kept = run.kind === 'imported' && dialect === 'original' ? run.content.imported_from.setting : null;
  return [content.testproblem, label, kept ?? computedFolder(run, dialect)];
}

function computedFolder(run: ExportableRun, dialect: ExportDialect): string {
  const { content } = run;
  const training = decodeSettings(content.training_params as ImportedRun['training_params']);
  const { lr_sched_epochs: epochs, lr_sched_factors: factors, ...schedule } = training;
  return settingName({
    numEpochs: content.num_epochs,
    batchSize: content.batch_size,
    hyperparameters: decodeSettings(content.optimizer_hyperparams),
    l2: content.l2_reg === null ? null : { key: l2Key(run, dialect), value: content.l2_reg },
    version: versionOf(run),
    integerHyperparameters: integersOf(run),
    lrSchedule: isNumbers(epochs) && isNumbers(factors) ? { epochs, factors } : null,
    ...(run.kind === 'probprec' && { schedule }),
  });
}

function isNumbers(value: SettingValue | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'number');
}

/**
 * The text of the file as DeepOBS writes it: its keys in its order, Python's number format, NaN tokens; a diverged run is
 * filled as DeepOBS fills it. An imported file in its original dialect is given back as it was. Null for a run that
 * DeepOBS has no file for: interrupted, pruned or failed.
 */
export function deepobsText(run: ExportableRun, dialect: ExportDialect): string | null {
  const { content } = run;
  if (run.kind === 'imported' && dialect === 'original' && run.content.original !== null) {
    const { epochs, minibatches } = filledLists(run);
    const lists = { ...epochs, minibatch_train_losses: minibatches };
    return originalText(run.content.original, lists, run.content.further);
  }
  const { state } = content.status;
  if (state === 'interrupted' || state === 'failed' || state === 'pruned') return null;
  const lists = filledLists(run);
  const list = (key: string): [string, PythonValue][] => {
    const values = lists.epochs[key];
    return values === undefined ? [] : [[key, floats(values)]];
  };
  return pythonJson({
    members: [
      [
        'testproblem',
        run.kind === 'imported' ? (run.content.stated_testproblem ?? content.testproblem) : content.testproblem,
      ],
      ['batch_size', { int: content.batch_size }],
      ['num_epochs', { int: content.num_epochs }],
      ['random_seed', { int: content.random_seed }],
      [l2Key(run, dialect), content.l2_reg === null ? null : { float: content.l2_reg }],
      ['optimizer_name', content.optimizer_name],
      [
        'optimizer_hyperparams',
        { members: hyperparameters(decodeSettings(content.optimizer_hyperparams), integersOf(run)) },
      ],
      ['training_params', { members: [...trainingParameters(content.training_params), ...versionMembers(run)] }],
      ...LOSSES.flatMap(list),
      ['minibatch_train_losses', floats(lists.minibatches)],
      ...ACCURACIES.flatMap(list),
    ],
  });
}

/** The lists with the filling of a diverged run that ended early. */
function filledLists(run: ExportableRun): RunLists {
  const { content } = run;
  const curves: Partial<RecordedRun['curves']> = curvesOf(content);
  const epochs = Object.fromEntries(METRICS.flatMap((key) => (curves[key] ? [[key, curves[key]]] : [])));
  const measured = { epochs, minibatches: content.minibatch_train_losses };
  const { state, epoch } = content.status;
  const whole = content.train_losses.length === content.num_epochs + 1;
  if (whole || state !== 'diverged') return measured;
  return fillAborted(measured, epoch, content.num_epochs, loggedPerEpoch(run));
}

/** Minibatch losses of a whole epoch. */
function loggedPerEpoch(run: ExportableRun): number {
  if (run.kind === 'probprec') {
    const { steps_per_epoch, train_log_interval } = run.content;
    return Math.ceil(steps_per_epoch / train_log_interval);
  }
  const { minibatch_train_losses, train_losses } = run.content;
  return Math.floor(minibatch_train_losses.length / Math.max(1, train_losses.length));
}

function l2Key(run: ExportableRun, dialect: ExportDialect): 'weight_decay' | 'l2_reg' {
  if (dialect !== 'original') return dialect === 'deepobs-develop' ? 'l2_reg' : 'weight_decay';
  const own = run.kind === 'imported' ? run.content.imported_from.dialect : 'deepobs-1.2-beta';
  return own === 'deepobs-develop' ? 'l2_reg' : 'weight_decay';
}

/** A file of DeepOBS has no place for the version; as a parameter of the training it is never taken for another one. */
function versionOf(run: ExportableRun): ProblemVersion {
  return problemVersion(run.kind === 'imported' ? run.content.training_params : run.content.configuration);
}

function versionMembers(run: ExportableRun): [string, PythonValue][] {
  return Object.entries(versionOf(run)).map(([key, value]: [string, string | number]) => [
    key,
    typeof value === 'string' ? value : Number.isInteger(value) ? { int: value } : { float: value },
  ]);
}

function integersOf(run: ExportableRun): readonly string[] {
  return run.kind === 'imported'
    ? run.content.integer_hyperparameters
    : run.content.configuration.optimizer.integer_hyperparameters;
}

function floats(values: readonly (number | null)[]): PythonValue {
  return values.map((value) => ({ float: value ?? Number.NaN }));
}

function hyperparameters(values: SettingValues, integers: readonly string[]): [string, PythonValue][] {
  return Object.entries(values).map(([name, value]) => [name, pythonValue(value, name, integers)]);
}

function pythonValue(value: SettingValue, place: string, integers: readonly string[]): PythonValue {
  if (typeof value === 'number') return integers.includes(place) ? { int: value } : { float: value };
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    ([name, entry]: [string, SettingValue]) => [name, pythonValue(entry, `${place}/${name}`, integers)] as const,
  );
  return Array.isArray(value) ? entries.map(([, entry]) => entry) : { members: entries };
}

function trainingParameters(
  encoded: ImportedRun['training_params'] | RunFile['training_params'],
): [string, PythonValue][] {
  const values = withoutVersion(decodeSettings(encoded as ImportedRun['training_params']));
  return Object.entries(values).map(([name, value]) => {
    const places =
      Array.isArray(value) && name === 'lr_sched_epochs' ? value.map((_, index) => `${name}/${index}`) : [];
    return [name, pythonValue(value, name, places)];
  });
}

/** What a file of DeepOBS cannot be without. */
export function hasValidation({ content }: ExportableRun): boolean {
  const { valid_losses }: { readonly valid_losses: readonly JsonValue[] | null } = content;
  return valid_losses !== null;
}
