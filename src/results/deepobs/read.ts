import { basename, dirname } from 'node:path';
import { FileError } from '../../errors.js';
import { type JsonValue, sha256Hex } from '../canonical-json.js';
import type { RunStatus } from '../schema.js';
import { findAborted, type RunLists } from './abort.js';
import { type Dialect, EPOCH_LISTS, IMPORTED_VERSION, type ImportedRun, sealImportedRun } from './imported-run.js';
import { integersIn, parsePythonJson } from './json.js';

type Content = Readonly<Record<string, JsonValue>>;

/** Keys of every dialect; what else a file has comes from a runner of the user's own and is kept apart. */
const KNOWN_KEYS = new Set([
  ...[
    'testproblem',
    'batch_size',
    'num_epochs',
    'random_seed',
    'weight_decay',
    'l2_reg',
    'optimizer_name',
    'optimizer',
  ],
  ...[
    'optimizer_hyperparams',
    'hyperparams',
    'learning_rate',
    'training_params',
    'lr_sched_epochs',
    'lr_sched_factors',
  ],
  ...['minibatch_train_losses', ...EPOCH_LISTS],
]);

/**
 * Reads a result file of DeepOBS, of any of its dialects (docs/deepobs.md). Metadata that is missing is taken from the
 * path, as DeepOBS lays it out; a run that was aborted and filled is told from its lists, and the filling taken out.
 * Throws FileError, one line that names file, field, what was found and what was expected.
 */
export function readDeepobsRun(path: string, text: string): ImportedRun {
  const content = parse(path, text);
  const dialect: Dialect =
    'hyperparams' in content || 'learning_rate' in content
      ? 'deepobs-1.1'
      : 'l2_reg' in content && !('weight_decay' in content)
        ? 'deepobs-develop'
        : 'deepobs-1.2-beta';
  const reader = new FieldReader(path, content);
  const lists = reader.lists();
  const numEpochs = reader.wholeNumber('num_epochs', fromSetting(path, 'num_epochs'), lists.longest - 1);
  const label = basename(dirname(dirname(path)));
  const name = reader.text(dialect === 'deepobs-1.1' ? 'optimizer' : 'optimizer_name', label);
  const minibatches = reader.list('minibatch_train_losses') ?? [];
  const aborted = findAborted({ epochs: lists.present, minibatches }, numEpochs);
  const measured: RunLists = aborted ?? { epochs: lists.present, minibatches };
  const status = aborted === null ? inferStatus(measured, numEpochs, path) : abortedStatus(aborted.epoch);
  const further = Object.entries(content).filter(([key]) => !KNOWN_KEYS.has(key));
  return sealImportedRun({
    testproblem: reader.text('testproblem', basename(dirname(dirname(dirname(path))))),
    batch_size: reader.wholeNumber('batch_size', fromSetting(path, 'batch_size')),
    num_epochs: numEpochs,
    random_seed: reader.wholeNumber('random_seed', /random_seed__(\d+)__/.exec(basename(path))?.[1]),
    l2_reg: reader.l2(),
    optimizer_name: name,
    optimizer_hyperparams: reader.hyperparameters(dialect),
    training_params: reader.trainingParameters(dialect),
    train_losses: [...(measured.epochs.train_losses ?? [])],
    valid_losses: copyOrNull(measured.epochs.valid_losses),
    test_losses: [...(measured.epochs.test_losses ?? [])],
    minibatch_train_losses: [...measured.minibatches],
    train_accuracies: copyOrNull(measured.epochs.train_accuracies),
    valid_accuracies: copyOrNull(measured.epochs.valid_accuracies),
    test_accuracies: copyOrNull(measured.epochs.test_accuracies),
    import_version: IMPORTED_VERSION,
    imported_from: { dialect, file: basename(path), sha256: sha256Hex(text) },
    label: label === '' || label === '.' || !('num_epochs' in settingOf(path)) ? name : label,
    integer_hyperparameters: integersIn(text, dialect === 'deepobs-1.1' ? 'hyperparams' : 'optimizer_hyperparams'),
    status,
    further: Object.fromEntries(further) as ImportedRun['further'],
    notes: reader.notes,
  });
}

function parse(path: string, text: string): Content {
  let content: JsonValue;
  try {
    content = parsePythonJson(text);
  } catch (error) {
    throw new FileError(
      `${path}: not valid JSON, perhaps cut off (${text.length} characters); expected a DeepOBS run`,
      {
        cause: error,
      },
    );
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content as Content;
  throw new FileError(`${path}: found ${JSON.stringify(content).slice(0, 40)}, expected the object of a DeepOBS run`);
}

/** Reads fields, with what stands in for a missing one, and remembers what was missing. */
class FieldReader {
  readonly notes: string[] = [];
  readonly #path: string;
  readonly #content: Content;

  constructor(path: string, content: Content) {
    this.#path = path;
    this.#content = content;
  }

  #fault(key: string, found: unknown, expected: string): FileError {
    const text = found === undefined ? 'nothing' : (JSON.stringify(found) ?? String(found)).slice(0, 60);
    return new FileError(`${this.#path}: field ${key}: found ${text}, expected ${expected}`);
  }

  text(key: string, substitute: string): string {
    const value = this.#content[key];
    if (typeof value === 'string' && value !== '') return value;
    if (value !== undefined || substitute === '' || substitute === '.') throw this.#fault(key, value, 'a text');
    this.notes.push(`${key}: missing, ${substitute} taken from the folder`);
    return substitute;
  }

  wholeNumber(key: string, ...substitutes: (string | number | undefined)[]): number {
    const value = this.#content[key];
    const substitute = substitutes.find((candidate) => candidate !== undefined);
    const number = value === undefined || value === null ? Number(substitute ?? Number.NaN) : value;
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) {
      throw this.#fault(key, value, 'a whole number');
    }
    if (value === undefined || value === null) this.notes.push(`${key}: missing, ${number} taken from path or lists`);
    return number;
  }

  l2(): number | null {
    const value = this.#content.l2_reg ?? this.#content.weight_decay ?? null;
    if (value !== null && typeof value !== 'number') throw this.#fault('l2_reg', value, 'a number or null');
    return value;
  }

  list(key: string): (number | null)[] | null {
    const value = this.#content[key];
    if (value === undefined || value === null) return null;
    if (!Array.isArray(value)) throw this.#fault(key, value, 'a list of numbers');
    return value.map((entry: JsonValue, index) => {
      if (entry === null || typeof entry === 'number') return entry;
      throw this.#fault(`${key}.${index}`, entry, 'a number');
    });
  }

  lists(): { present: Record<string, (number | null)[]>; longest: number } {
    const present: Record<string, (number | null)[]> = {};
    for (const key of EPOCH_LISTS) {
      const list = this.list(key);
      if (list !== null) present[key] = list;
    }
    for (const key of ['train_losses', 'test_losses']) {
      if (!present[key]?.length) throw this.#fault(key, this.#content[key], 'a list of numbers');
    }
    const length = present.train_losses?.length ?? 0;
    for (const [key, list] of Object.entries(present)) {
      if (list.length === length) continue;
      throw this.#fault(key, `${list.length} entries`, `${length} entries (as many as train_losses)`);
    }
    return { present, longest: length };
  }

  hyperparameters(dialect: Dialect): ImportedRun['optimizer_hyperparams'] {
    const key = dialect === 'deepobs-1.1' ? 'hyperparams' : 'optimizer_hyperparams';
    const value = this.#content[key] ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#fault(key, value, 'an object');
    if (this.#content[key] === undefined) this.notes.push(`${key}: missing, taken as none`);
    const flat: Record<string, number | boolean | string | null> = {};
    for (const [name, entry] of Object.entries(value)) {
      flat[name] = typeof entry === 'object' && entry !== null ? JSON.stringify(entry) : (entry as string | number);
    }
    const rate = this.#content.learning_rate;
    return dialect === 'deepobs-1.1' && typeof rate === 'number' ? { ...flat, lr: rate } : flat;
  }

  trainingParameters(dialect: Dialect): ImportedRun['training_params'] {
    if (dialect === 'deepobs-1.1') {
      const keys = ['lr_sched_epochs', 'lr_sched_factors'];
      const given = keys.flatMap((key) => (this.#content[key] == null ? [] : [[key, this.#content[key]]]));
      return Object.fromEntries(given);
    }
    const value = this.#content.training_params ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#fault('training_params', value, 'an object');
    return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null)) as Record<string, never>;
  }
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
    throw new FileError(
      `${path}: field train_losses: found ${trained + 1} entries, expected at most ${numEpochs + 1} (num_epochs + 1)`,
    );
  }
  const lists = Object.values(epochs);
  const broken = Math.min(...lists.map((list) => list.indexOf(null)).filter((index) => index >= 0));
  if (Number.isFinite(broken) || minibatches.includes(null)) {
    const reason = 'a recorded loss is not finite; DeepOBS went on';
    return { state: 'diverged', epoch: trained, step: null, reason };
  }
  if (trained === numEpochs) return { state: 'completed', epoch: numEpochs, step: null, reason: null };
  const reason = `the file ends after ${trained} of ${numEpochs} epochs`;
  return { state: 'interrupted', epoch: trained, step: null, reason };
}

function fromSetting(path: string, key: string): string | undefined {
  return settingOf(path)[key];
}

/** Names and values of the setting's folder, as far as names have no double underscore. */
function settingOf(path: string): Record<string, string> {
  const parts = basename(dirname(path)).split('__');
  const pairs = parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1] ?? '']] : []));
  return Object.fromEntries(pairs);
}
