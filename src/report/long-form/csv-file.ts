import { csvCell } from '../escape.js';
import { GrowingFile } from './growing-file.js';
import type { TableFormat } from './table-file.js';

/** CSV (RFC 4180) with a header: every digit, an empty cell for what is unknown. */
export const CSV: TableFormat = {
  ending: 'csv',
  create: async (path, columns) => {
    const file = await GrowingFile.create(path);
    const add = async (rows: readonly (readonly unknown[])[]) => {
      if (rows.length > 0) await file.add(rows.map((row) => `${row.map(csvCell).join(',')}\n`).join(''));
    };
    await add([columns.map(({ name }) => name)]).catch(async (error: unknown) => {
      await file.abandon();
      throw error;
    });
    return {
      path,
      add,
      complete: () => file.complete(),
      publish: () => file.publish(),
      abandon: () => file.abandon(),
    };
  },
};
