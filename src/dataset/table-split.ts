import { randomStream } from '../random/index.js';
import { ascending, batchedSplit, type Part } from './batches.js';
import type { Batch, DataSplit, Protocol, SplitSizes } from './dataset.js';
import type { ExampleTable } from './example-table.js';

/** Examples in memory. Without a validation part, the validation examples are among those of `train`. */
export interface ExampleTables {
  readonly train: ExampleTable;
  readonly valid: ExampleTable | null;
  readonly test: ExampleTable;
}

/**
 * One run's batches of tables, by the protocol as images are split and shuffled: validation and training examples by the run's
 * seed where they come in one part, `train_eval` drawn from the training ones.
 */
export function splitTables(tables: ExampleTables, sizes: SplitSizes, seed: number, protocol: Protocol): DataSplit {
  const { train: table, valid, test } = tables;
  const shuffled = randomStream(seed, 'split').permutation(table.count);
  const held = valid === null ? sizes.valid : 0;
  const train = shuffled.subarray(held);
  const validation = valid === null ? shuffled.subarray(0, held) : ascending(sizes.valid);
  const beta = protocol === 'deepobs-beta';
  const part = (of: ExampleTable, order: Part['order']): Part => ({ order, assemble: (rows) => gather(of, rows) });
  const chosen = randomStream(seed, 'train-eval').permutation(sizes.train).subarray(0, sizes.trainEval);
  return batchedSplit(
    sizes,
    part(table, (epoch) => pick(train, randomStream(seed, 'shuffle', epoch).permutation(sizes.train))),
    {
      train_eval: part(table, (epoch) =>
        beta
          ? randomStream(seed, 'train-eval', epoch).permutation(table.count).subarray(0, sizes.trainEval)
          : pick(train, chosen),
      ),
      valid: part(valid ?? table, (epoch) =>
        beta ? pick(validation, randomStream(seed, 'valid', epoch).permutation(sizes.valid)) : validation,
      ),
      test: part(test, () => ascending(sizes.test)),
    },
    beta,
  );
}

/** The rows of a table as a batch. */
function gather({ inputs, labels, count }: ExampleTable, rows: Uint32Array): Batch {
  const each = inputs.length / count;
  const perLabels = (labels?.length ?? 0) / count;
  const chosen =
    inputs instanceof Int32Array ? new Int32Array(rows.length * each) : new Float32Array(rows.length * each);
  const answers = labels === null ? null : new Int32Array(rows.length * perLabels);
  for (const [row, index] of rows.entries()) {
    chosen.set(inputs.subarray(index * each, (index + 1) * each), row * each);
    if (labels !== null) answers?.set(labels.subarray(index * perLabels, (index + 1) * perLabels), row * perLabels);
  }
  return { inputs: chosen, labels: answers, size: rows.length };
}

function pick(from: Uint32Array, positions: Uint32Array): Uint32Array {
  return positions.map((position) => from[position] as number);
}
