import { createHash } from 'node:crypto';
import { ConfigurationError } from '../errors.js';

/** The parts that a data set is loaded in. */
export type Part = 'train' | 'valid' | 'test';

/** Examples one after the other, row-major. */
export interface TableValues {
  /** All inputs: examples × the numbers of one example. */
  readonly inputs: ArrayLike<number>;
  /** All labels: examples × the labels of one example; absent where the data set has none. */
  readonly labels?: ArrayLike<number> | null;
}

/** What a data set's `load` gives. */
export interface LoadedParts {
  readonly train: TableValues;
  /** Absent: the run's seed draws the validation examples from the training part. */
  readonly valid?: TableValues;
  readonly test: TableValues;
}

/** What a data set may use while it is loaded. */
export interface LoadContext {
  /** The folder of the data sets (`--data-dir`). */
  readonly dataDir: string;
  /** Reads a file below the data directory, whole. The run file records its name and MD5. */
  read(path: string): Promise<Buffer>;
}

/** What every example of a data set is. */
export interface ExampleForm {
  readonly shape: readonly number[];
  readonly inputType: 'float' | 'int';
  readonly vocabulary: number | null;
  readonly classes: number | null;
  readonly labelShape: readonly number[];
}

/** Checked examples in the types that engines take. */
export interface ExampleTable {
  readonly count: number;
  readonly inputs: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  readonly labels: Int32Array<ArrayBuffer> | null;
}

/**
 * The examples of a part, when they are as the data set states. Throws ConfigurationError, which names the part and the index
 * of the first example that is not: nothing is checked again while a run trains.
 */
export function exampleTable(form: ExampleForm, part: string, values: TableValues, count: number): ExampleTable {
  const [perInput, perLabels] = [form.shape, form.labelShape].map((shape) =>
    shape.reduce((n, length) => n * length, 1),
  );
  if (typeof values !== 'object' || values === null || !isList(values.inputs)) {
    throw fault(part, 'found no inputs', 'expected { inputs, labels } with all numbers in a row');
  }
  checkLength(part, 'inputs', values.inputs, count, perInput ?? 1);
  const inputs = form.inputType === 'int' ? Int32Array.from(values.inputs) : Float32Array.from(values.inputs);
  if (form.inputType === 'int') {
    checkRange(part, 'token', values.inputs, perInput ?? 1, form.vocabulary ?? 0, 'the vocabulary');
  } else {
    const index = inputs.findIndex((value) => !Number.isFinite(value));
    if (index >= 0) {
      throw fault(
        part,
        `found the input ${values.inputs[index]} ${at(index, perInput ?? 1)}`,
        'expected finite numbers',
      );
    }
  }
  if (form.classes === null) return { count, inputs, labels: null };
  if (!isList(values.labels)) throw fault(part, 'found no labels', `expected labels from 0 to ${form.classes - 1}`);
  checkLength(part, 'labels', values.labels, count, perLabels ?? 1);
  checkRange(part, 'label', values.labels, perLabels ?? 1, form.classes, 'the classes');
  return { count, inputs, labels: Int32Array.from(values.labels) };
}

/** SHA-256 over the values of tables, in order. */
export function tablesChecksum(tables: readonly ExampleTable[]): string {
  const hash = createHash('sha256');
  for (const { inputs, labels } of tables) {
    hash.update(new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength));
    if (labels !== null) hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  return hash.digest('hex');
}

function isList(value: unknown): value is ArrayLike<number> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function checkLength(part: string, what: string, list: ArrayLike<number>, count: number, each: number): void {
  if (list.length === count * each) return;
  const expected = `expected ${count * each}: ${count} examples with ${each} each, from sizes and ${what === 'inputs' ? 'shape' : 'labelShape'}`;
  throw fault(part, `found ${list.length} ${what}`, expected);
}

function checkRange(part: string, what: string, list: ArrayLike<number>, each: number, end: number, of: string): void {
  for (let index = 0; index < list.length; index++) {
    const value = list[index];
    if (Number.isInteger(value) && Number(value) >= 0 && Number(value) < end) continue;
    throw fault(
      part,
      `found the ${what} ${value} ${at(index, each)}`,
      `expected whole numbers from 0 to ${end - 1}, ${of}`,
    );
  }
}

function at(index: number, each: number): string {
  const example = Math.floor(index / each);
  return each === 1 ? `at example ${example}` : `at position ${index % each} of example ${example}`;
}

function fault(part: string, found: string, expected: string): ConfigurationError {
  return new ConfigurationError({ subject: `the part ${part}`, what: `${found}, ${expected}` });
}
