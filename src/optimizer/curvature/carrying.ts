import { type Engine, placeholders, type Value } from '../../engine/index.js';
import { at } from '../../expect.js';
import { concatenate } from '../../tensor/index.js';
import { filling } from './appending.js';
import type { Layer } from './layers.js';
import { compileMeasuring } from './measuring-function.js';
import type { NewColumn } from './observations.js';
import type { CarriedColumns } from './posterior-state.js';
import type { FirstColumn } from './prior.js';
import { productsWithRows } from './rows.js';

/** The inner products of the first column of an estimation with those that are left of the one before. */
export interface Carrying {
  readonly compileSeconds: number;
  products(
    first: readonly FirstColumn[],
    earlier: readonly CarriedColumns[],
  ): Promise<Pick<NewColumn, 'ss' | 'sy' | 'ys' | 'yy'>[]>;
}

/** Compiles them, for `capacity` columns of before. */
export async function compileCarrying(engine: Engine, layers: readonly Layer[], capacity: number): Promise<Carrying> {
  const inputs = placeholders(
    'carried',
    layers.map(({ size }) => {
      const row = { shape: [1, size] };
      const rows = Array.from({ length: capacity }, () => row);
      return { s: rows, y: rows, first: { s: row, y: row } };
    }),
  );
  const numbers = inputs.map(({ s, y, first }) =>
    productsWithRows(concatenate([first.s, first.y], 0), [...s, ...y], 12),
  );
  const program = await compileMeasuring(engine, inputs, { values: [], numbers }, { memory: 'sparing' });
  return {
    compileSeconds: program.compileSeconds,
    products: async (first, earlier) => {
      const filled = filling(engine, capacity);
      const given = layers.map(({ size }, index) => {
        const { s, y } = at(first, index);
        const [zero] = filled(size) as [Value, ...Value[]];
        const { s: ofS, y: ofY } = at(earlier, index);
        return { s: filled(size, ofS), y: filled(size, ofY), first: { s: s ?? zero, y: y ?? zero } };
      });
      const found = (await program.run(given, {})).numbers;
      return found.map((products, index) => {
        const count = at(earlier, index).s.length;
        const row = (vector: number, kind: number) => {
          const start = (2 * vector + kind) * capacity;
          return products.slice(start, start + count);
        };
        return { ss: row(0, 0), ys: row(0, 1), sy: row(1, 0), yy: row(1, 1) };
      });
    },
  };
}
