/**
 * Which values make up each resample of n values, as parts that many resamples share. The values stand in blocks of a few; of a block
 * only few choices exist (for ten values and two blocks some thousand each), so a sum over a resample is that of one row for
 * each block, of a table that {@link parents} and {@link added} build up.
 */
export interface Resamples {
  readonly n: number;
  readonly count: number;
  /** The number of the value of each draw, n of them for each resample, one after the other. */
  readonly chosen: ArrayLike<number>;
  /** Row 0 is nothing; every other row is an earlier row and one more value. */
  readonly parents: Int32Array;
  readonly added: Int32Array;
  /** An even number, because two rows at a time are added faster; a block may be empty. */
  readonly blocks: number;
  /** The rows of each resample, one for each block, in {@link order}: resamples with near rows are neighbours. */
  readonly rows: Int32Array;
  /** The number of the resample at each place. */
  readonly order: Int32Array;
}

/** Values of a block at most: rows of larger ones are too many for the memory near a processor. */
const LARGEST_BLOCK = 5;

/** The resamples whose draws are these. */
export function resamplesOf(n: number, chosen: ArrayLike<number>): Resamples {
  const count = chosen.length / n;
  const blocks = 2 * Math.ceil(n / LARGEST_BLOCK / 2);
  const blockOf = Uint32Array.from({ length: n }, (_, value) => Math.floor((value * blocks) / n));
  const parents = [0];
  const added = [0];
  const known = new Map<number, number>();
  const rowWith = (parent: number, value: number) => {
    const key = parent * n + value;
    const found = known.get(key);
    if (found !== undefined) return found;
    known.set(key, parents.length);
    parents.push(parent);
    added.push(value);
    return parents.length - 1;
  };
  const unordered = new Int32Array(count * blocks);
  const times = new Uint32Array(n);
  for (let resample = 0; resample < count; resample++) {
    times.fill(0);
    for (let draw = resample * n; draw < (resample + 1) * n; draw++) {
      const value = chosen[draw] as number;
      times[value] = (times[value] as number) + 1;
    }
    for (let value = 0; value < n; value++) {
      const at = resample * blocks + (blockOf[value] as number);
      for (let time = times[value] as number; time > 0; time--) unordered[at] = rowWith(unordered[at] as number, value);
    }
  }
  const order = Int32Array.from({ length: count }, (_, resample) => resample).sort(
    (left, right) => (unordered[left * blocks] as number) - (unordered[right * blocks] as number) || left - right,
  );
  const rows = new Int32Array(count * blocks);
  for (const [place, resample] of order.entries())
    rows.set(unordered.subarray(resample * blocks, (resample + 1) * blocks), place * blocks);
  return { n, count, chosen, parents: Int32Array.from(parents), added: Int32Array.from(added), blocks, rows, order };
}
