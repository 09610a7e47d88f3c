import type { SplitSizes } from './dataset.js';
import type { LoadContext, LoadedParts, TableValues } from './example-table.js';
import type { SyntheticPart } from './synthetic-examples.js';

/** What a data set states: what its examples are, how many there are, and where they come from. */
export interface DatasetDeclaration {
  /** Letters, digits, `_` and `-`. */
  readonly name: string;
  /** One line for `list datasets`. */
  readonly description: string;
  /** Shape of one example: [channels, rows, columns] for images, [positions] for tokens, [features]. */
  readonly shape: readonly number[];
  /** `int` for tokens, which are 0 … vocabulary − 1; default `float`. */
  readonly inputType?: 'float' | 'int';
  /** Needed for tokens. */
  readonly vocabulary?: number;
  /** Labels are 0 … classes − 1; null where examples have none. */
  readonly classes: number | null;
  /** Shape of one example's labels: [] for one class number, the default. */
  readonly labelShape?: readonly number[];
  /**
   * Examples in each part; `trainEval` (default: as many as `valid`, at most `train`) are drawn from the training part. Where
   * `load` gives no validation part, its training part has `train` + `valid` examples, which are divided by the run's seed.
   */
  readonly sizes: Omit<SplitSizes, 'trainEval'> & { readonly trainEval?: number };
  /** The examples, in memory: made here, or read from files below the data directory with `context.read`. */
  readonly load: (context: LoadContext) => LoadedParts | Promise<LoadedParts>;
  /** Examples for `--data synthetic`. Default: a normal cloud for each class, or tokens of which each follows from the last. */
  readonly synthetic?: (part: SyntheticPart) => TableValues;
}
