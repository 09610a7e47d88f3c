import { basename } from 'node:path';
import { FileError } from '../../errors.js';
import { quotedName } from '../../shown-text.js';
import { type JsonValue, sha256Hex } from '../canonical-json.js';
import { foundOrMissing } from '../faults.js';
import { ACCURACIES, eachMetric } from '../metrics.js';
import { pathPartFault } from '../names.js';
import type { ParsedJson } from '../parse-json.js';
import type { RunStatus } from '../schema.js';
import { encodeSettings, type SettingValues } from '../setting-value.js';
import { findAborted, type RunLists } from './abort.js';
import { identify, withLr } from './dialect.js';
import { FieldReader } from './field-reader.js';
import { type DeepobsRun, IMPORTED_VERSION, type ImportedRun, sealImportedRun } from './imported-run.js';
import { integersIn } from './json.js';
import { deepobsFolders, fileNameParts, settingValues } from './layout.js';
import { originalLayout } from './original.js';

type Content = Readonly<Record<string, JsonValue>>;

/**
 * Reads a result file of DeepOBS, of any of its dialects (docs/deepobs.md). Test problem and optimizer are the folders',
 * where the file lies in such; metadata that is missing is taken from the path. A run that was aborted and filled is told
 * from its lists, and the filling taken out. Throws FileError, one line that names file, field, what was found and what
 * was expected, and NothingToCompare for a run without losses per epoch.
 */
export function readDeepobsRun(path: string, text: string, parsed: ParsedJson): DeepobsRun {
  const content = contentOf(path, parsed);
  const reader = new FieldReader(path, content);
  const lists = reader.lists();
  const folders = deepobsFolders(path);
  const fromFolder = settingValues(path);
  const numEpochs = reader.wholeNumber('num_epochs', fromFolder.num_epochs, lists.longest - 1);
  const statedOptimizer = reader.name('optimizer_name') ?? reader.name('optimizer');
  const name = statedOptimizer ?? reader.substitute('optimizer_name', folders?.optimizer);
  const statedProblem = reader.name('testproblem');
  const testproblem = folders?.testproblem ?? statedProblem ?? reader.substitute('testproblem', undefined);
  const label = folders?.optimizer ?? name;
  checkLabels(path, { testproblem, optimizer: label });
  const hyperparameters = reader.hyperparameters();
  const { dialect, engine } = identify({ keys: new Set(Object.keys(content)), optimizer: name, hyperparameters });
  const minibatches = reader.list('minibatch_train_losses') ?? [];
  const aborted = findAborted({ epochs: lists.present, minibatches }, numEpochs);
  const measured: RunLists = aborted ?? { epochs: lists.present, minibatches };
  const status = aborted === null ? inferStatus(measured, numEpochs, path) : abortedStatus(aborted.epoch);
  const run: DeepobsRun = {
    testproblem,
    stated_testproblem: statedProblem,
    batch_size: reader.positive('batch_size', fromFolder.batch_size),
    num_epochs: numEpochs,
    random_seed: reader.wholeNumber('random_seed', fileNameParts(path).seed),
    l2_reg: reader.l2(),
    optimizer_name: name,
    optimizer_hyperparams: encodeSettings(
      withRate(hyperparameters, reader.outerLearningRate()),
    ) as ImportedRun['optimizer_hyperparams'],
    training_params: reader.trainingParameters(dialect),
    train_losses: [...(measured.epochs.train_losses ?? [])],
    valid_losses: copyOrNull(measured.epochs.valid_losses),
    test_losses: [...(measured.epochs.test_losses ?? [])],
    minibatch_train_losses: measured.minibatches as (number | null)[],
    ...eachMetric(ACCURACIES, (name) => copyOrNull(measured.epochs[name])),
    import_version: IMPORTED_VERSION,
    imported_from: { dialect, engine, file: basename(path), setting: folders?.setting ?? null },
    label,
    integer_hyperparameters: integersOf(text, parsed),
    status,
    further: reader.further(),
    notes: reader.notes,
  };
  if (statedProblem === null) reader.notes.push(`testproblem: missing, ${testproblem} taken from the folder`);
  else if (statedProblem !== testproblem) reader.notes.push(problemNote(testproblem, statedProblem));
  if (name !== label)
    reader.notes.push(`the folder says ${quotedName(label)}, the file ${quotedName(name)}: the folder decides`);
  return run;
}

/** {@link readDeepobsRun} and what needs the whole text: its checksum, what gives it back byte for byte, the digest. */
export function sealDeepobsRun(text: string, run: DeepobsRun, parsed: ParsedJson): ImportedRun {
  return sealImportedRun({
    ...run,
    imported_from: { ...run.imported_from, sha256: sha256Hex(text) },
    original: originalLayout(text, parsed),
  });
}

function problemNote(folder: string, stated: string): string {
  return (
    `the folder says ${quotedName(folder)}, the file ${quotedName(stated)}: the folder decides; ` +
    `targets and baselines of ${quotedName(stated)} do not apply`
  );
}

function contentOf(path: string, { value }: ParsedJson): Content {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Content;
  throw new FileError({ subject: path, what: foundOrMissing(value), expected: 'the object of a DeepOBS run' });
}

/** Test problem and optimizer become folders of an import. */
function checkLabels(path: string, labels: Readonly<Record<string, string>>): void {
  for (const [key, label] of Object.entries(labels)) {
    const fault = pathPartFault(label);
    if (fault !== null)
      throw new FileError({ subject: `${path}: field ${key}`, found: quotedName(label), expected: fault });
  }
}

function integersOf(text: string, { members }: ParsedJson): string[] {
  const place = members.get('hyperparams') ?? members.get('optimizer_hyperparams');
  const integers = place === undefined ? [] : integersIn(text.slice(...place));
  return integers.map((name) => (name === 'learning_rate' ? 'lr' : name));
}

/** TensorFlow's learning_rate is lr here; in files of 1.1 it stands outside the hyperparameters and comes last. */
function withRate(hyperparameters: SettingValues, outer: number | null): SettingValues {
  const values = withLr(hyperparameters);
  return outer === null ? values : { ...values, lr: outer };
}

function copyOrNull(list: readonly (number | null)[] | undefined): (number | null)[] | null {
  return list === undefined ? null : [...list];
}

function abortedStatus(epoch: number): RunStatus {
  const reason = `DeepOBS aborted it: the last minibatch loss of epoch ${epoch + 1} was not finite`;
  return { state: 'diverged', epoch, step: null, reason };
}

/** DeepOBS writes no file before a run has ended, so a shorter list is of a runner that stops early by itself. */
function inferStatus({ epochs, minibatches }: RunLists, numEpochs: number, path: string): RunStatus {
  const trained = (epochs.train_losses?.length ?? 1) - 1;
  if (trained > numEpochs) {
    throw new FileError({
      subject: `${path}: field train_losses`,
      found: `${trained + 1} entries`,
      expected: `at most ${numEpochs + 1} (num_epochs + 1)`,
    });
  }
  const broken = Object.values(epochs).some((list) => list.includes(null));
  if (broken || minibatches.includes(null)) {
    const reason = 'a recorded loss is not finite; DeepOBS continued';
    return { state: 'diverged', epoch: trained, step: null, reason };
  }
  if (trained === numEpochs) return { state: 'completed', epoch: numEpochs, step: null, reason: null };
  const reason = `the file ends after ${trained} of ${numEpochs} epochs`;
  return { state: 'interrupted', epoch: trained, step: null, reason };
}
