import { FileError } from '../../errors.js';
import type { JsonValue } from '../canonical-json.js';
import { foundOrMissing } from '../faults.js';
import { METRICS } from '../metrics.js';
import { nameFault } from '../names.js';
import { NothingToCompare } from '../nothing-to-compare.js';
import { encodeSettings, type SettingValues } from '../setting-value.js';
import type { Dialect } from './dialect.js';
import { type ImportedRun, MEASURED_LISTS } from './imported-run.js';

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
  ...MEASURED_LISTS,
]);

/** Reads the fields of a DeepOBS file, with what stands in for a missing one, and remembers what was missing. */
export class FieldReader {
  readonly notes: string[] = [];
  readonly #path: string;
  readonly #content: Content;

  constructor(path: string, content: Content) {
    this.#path = path;
    this.#content = content;
  }

  #fault(key: string, found: unknown, expected: string): FileError {
    return new FileError({
      subject: `${this.#path}: field ${key}`,
      what: foundOrMissing(found),
      expected: expected,
    });
  }

  /** Whether the key is there and says something. */
  has(key: string): boolean {
    return (this.#content[key] ?? null) !== null;
  }

  /** A name that can be shown; null where the file has none. */
  name(key: string): string | null {
    const value = this.#content[key] ?? null;
    if (value === null) return null;
    if (typeof value !== 'string' || value === '') throw this.#fault(key, value, 'a text');
    const fault = nameFault(value);
    if (fault !== null) throw this.#fault(key, value, fault);
    return value;
  }

  /** What stands in for a name, and a note that it does. */
  substitute(key: string, substitute: string | undefined): string {
    if (substitute === undefined) throw this.#fault(key, undefined, 'a text');
    this.notes.push(`${key}: missing, ${substitute} taken from the folder`);
    return substitute;
  }

  wholeNumber(key: string, ...substitutes: (string | number | undefined)[]): number {
    const value = this.#content[key] ?? null;
    const substitute = substitutes.find((candidate) => candidate !== undefined);
    const number = value === null ? Number(substitute ?? Number.NaN) : value;
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) {
      throw this.#fault(key, value ?? undefined, 'a whole number');
    }
    if (value === null) this.notes.push(`${key}: missing, ${number} taken from path or lists`);
    return number;
  }

  positive(key: string, ...substitutes: (string | undefined)[]): number {
    const number = this.wholeNumber(key, ...substitutes);
    if (number === 0) throw this.#fault(key, number, 'a number of at least 1');
    return number;
  }

  l2(): number | null {
    const value = this.#content.l2_reg ?? this.#content.weight_decay ?? null;
    if (value !== null && (typeof value !== 'number' || !Number.isFinite(value))) {
      throw this.#fault('l2_reg', value, 'a finite number or null');
    }
    return value;
  }

  /** A list of numbers, in which what is not finite is null. */
  list(key: string): (number | null)[] | null {
    const value = this.#content[key] ?? null;
    if (value === null) return null;
    if (!Array.isArray(value)) throw this.#fault(key, value, 'a list of numbers');
    let clean = true;
    for (let index = 0; index < value.length; index++) {
      const entry: JsonValue | undefined = value[index];
      if (typeof entry === 'number') clean &&= Number.isFinite(entry);
      else if (entry !== null) throw this.#fault(`${key}.${index}`, entry, 'a number');
    }
    if (clean) return value as (number | null)[];
    return value.map((entry) => (typeof entry === 'number' && Number.isFinite(entry) ? entry : null));
  }

  /** The lists with a value per evaluation; throws {@link NothingToCompare} for a run that has none. */
  lists(): { present: Record<string, (number | null)[]>; longest: number } {
    const present: Record<string, (number | null)[]> = {};
    for (const key of METRICS) {
      const list = this.list(key);
      if (list !== null) present[key] = list;
    }
    if (this.#isRun() && Object.values(present).every((list) => list.length === 0)) throw this.#nothingToCompare();
    for (const key of ['train_losses', 'test_losses']) {
      if (!present[key]?.length) throw this.#fault(key, this.#content[key], 'a list of numbers that is not empty');
    }
    const length = present.train_losses?.length ?? 0;
    for (const [key, list] of Object.entries(present)) {
      if (list.length === length) continue;
      throw this.#fault(key, `${list.length} entries`, `${length} entries (as many as train_losses)`);
    }
    return { present, longest: length };
  }

  #isRun(): boolean {
    return ['testproblem', 'optimizer_name', 'optimizer'].some((key) => this.has(key));
  }

  #nothingToCompare(): NothingToCompare {
    const others = Object.entries(this.#content).filter(
      ([, value]) => Array.isArray(value) && value.length > 0 && typeof value[0] === 'number',
    );
    const what = others.length === 0 ? '' : ` (but ${others.map(([key]) => key).join(', ')})`;
    return new NothingToCompare(this.#path, `skipped, it has no losses per epoch${what}: nothing to compare`);
  }

  #object(key: string): SettingValues {
    const value = this.#content[key] ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#fault(key, value, 'an object');
    for (const name of Object.keys(value)) {
      const fault = nameFault(name);
      if (fault !== null) throw this.#fault(key, name, fault);
    }
    return value as SettingValues;
  }

  /** The hyperparameters under the file's own names. */
  hyperparameters(): SettingValues {
    const key = 'hyperparams' in this.#content ? 'hyperparams' : 'optimizer_hyperparams';
    if (!this.has(key)) this.notes.push(`${key}: missing, taken as none`);
    return this.#object(key);
  }

  /** The learning rate that stands outside the hyperparameters in files of 1.1. */
  outerLearningRate(): number | null {
    const rate = this.#content.learning_rate ?? null;
    if (rate !== null && typeof rate !== 'number') throw this.#fault('learning_rate', rate, 'a number');
    return rate;
  }

  /** What the learning-rate schedule and other parameters of the training say; a schedule is two lists of numbers. */
  trainingParameters(dialect: Dialect): ImportedRun['training_params'] {
    const outside = dialect === 'deepobs-1.1' || dialect === 'deepobs-1.1-keys';
    const given = outside
      ? Object.fromEntries(SCHEDULE.map((key) => [key, this.#content[key] ?? null]))
      : this.#object('training_params');
    const entries = Object.entries(given as SettingValues).filter(([, value]) => value !== null);
    for (const [key, value] of entries) {
      const numbers = Array.isArray(value) && value.every((entry) => typeof entry === 'number');
      if (SCHEDULE.includes(key) && !numbers) throw this.#fault(key, value, 'a list of numbers');
    }
    return encodeSettings(Object.fromEntries(entries)) as ImportedRun['training_params'];
  }

  /** Keys of a runner of the user's own. */
  further(): ImportedRun['further'] {
    const entries = Object.entries(this.#content).filter(([key]) => !KNOWN_KEYS.has(key));
    return Object.fromEntries(entries.map(([key, value]) => [key, finiteJson(value)])) as ImportedRun['further'];
  }
}

const SCHEDULE = ['lr_sched_epochs', 'lr_sched_factors'];

function finiteJson(value: JsonValue): JsonValue {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(finiteJson);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, finiteJson(entry)]));
}
