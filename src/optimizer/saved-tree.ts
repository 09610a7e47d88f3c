import { Matrix } from 'ml-matrix';
import type { Engine, TensorData, Value } from '../engine/index.js';
import { FileError } from '../errors.js';
import type { TrainingState } from './training.js';

/** How a branch that JSON does not know is written: `$` says what it was, and where its numbers are. */
type Marked =
  | { readonly $: 'value'; readonly array: string; readonly shape: readonly number[]; readonly dtype: Value['dtype'] }
  | { readonly $: 'array'; readonly array: string }
  | { readonly $: 'matrix'; readonly array: string; readonly rows: number; readonly columns: number }
  | { readonly $: 'number'; readonly text: string };

/**
 * Every value and number of a tree as named arrays and strict JSON: what a checkpoint stores. No bit is lost. A tree is made
 * of engine values, arrays of numbers, matrices and plain data, in lists and records nested as one likes.
 */
export async function saveTree(engine: Engine, tree: object): Promise<TrainingState> {
  const arrays: Record<string, TensorData> = {};
  const kept = (path: string, data: TensorData): string => {
    arrays[path] = data;
    return path;
  };
  const save = async (branch: unknown, path: string): Promise<unknown> => {
    if (typeof branch === 'number') return savedNumber(branch);
    if (typeof branch === 'string' || typeof branch === 'boolean' || branch === null) return branch;
    if (typeof branch !== 'object') throw new TypeError(`${path}: a ${typeof branch} cannot be saved`);
    if (isNumbers(branch)) return { $: 'array', array: kept(path, branch) };
    if (branch instanceof Matrix) {
      const { rows, columns } = branch;
      return { $: 'matrix', array: kept(path, Float64Array.from(branch.to1DArray())), rows, columns };
    }
    if (isValue(branch)) {
      const { shape, dtype } = branch;
      return { $: 'value', array: kept(path, await engine.download(branch)), shape: [...shape], dtype };
    }
    if (Array.isArray(branch)) {
      const list: unknown[] = [];
      for (const [index, item] of branch.entries()) list.push(await save(item, `${path}.${index}`));
      return list;
    }
    const saved: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(branch))
      saved[name] = await save(item, path === '' ? name : `${path}.${name}`);
    return saved;
  };
  return { values: (await save(tree, '')) as Record<string, unknown>, arrays };
}

function savedNumber(number: number): number | Marked {
  if (Object.is(number, -0)) return { $: 'number', text: '-0' };
  return Number.isFinite(number) ? number : { $: 'number', text: String(number) };
}

/** The tree that was saved, its values on the engine again. Throws FileError where an array is missing. */
export function restoreTree(engine: Engine, { values, arrays }: TrainingState): unknown {
  const numbers = (name: string): TensorData => {
    const data = arrays[name];
    if (data === undefined)
      throw new FileError({ subject: 'the saved state of the training', what: `has no array ${name}` });
    return data;
  };
  const restore = (branch: unknown): unknown => {
    if (Array.isArray(branch)) return branch.map(restore);
    if (typeof branch !== 'object' || branch === null) return branch;
    if (!isMarked(branch)) {
      return Object.fromEntries(Object.entries(branch).map(([name, item]) => [name, restore(item)]));
    }
    switch (branch.$) {
      case 'number':
        return Number(branch.text);
      case 'array':
        return numbers(branch.array).slice();
      case 'matrix':
        return branch.rows * branch.columns === 0
          ? Matrix.zeros(branch.rows, branch.columns)
          : Matrix.from1DArray(branch.rows, branch.columns, numbers(branch.array));
      case 'value':
        return engine.upload(numbers(branch.array), branch.shape, branch.dtype);
    }
  };
  return restore(values);
}

/** Makes sure that numbers of a restored tree are counts of something. Throws FileError. */
export function checkCounts(counts: Readonly<Record<string, unknown>>): void {
  for (const [what, count] of Object.entries(counts)) {
    if (Number.isSafeInteger(count) && (count as number) >= 0) continue;
    throw new FileError({
      what: `the saved state of the training has ${JSON.stringify(count)} for its ${what}`,
      expected: 'a count',
    });
  }
}

function isNumbers(branch: object): branch is TensorData {
  return branch instanceof Float32Array || branch instanceof Float64Array || branch instanceof Int32Array;
}

function isValue(branch: object): branch is Value {
  return 'shape' in branch && 'dtype' in branch;
}

function isMarked(branch: object): branch is Marked {
  return '$' in branch;
}
