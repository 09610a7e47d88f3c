import { type BasicType, ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { suiteVersion } from '../../results/index.js';
import { GrowingFile } from './growing-file.js';
import type { Cell, ColumnType, TableColumn, TableFile, TableFormat } from './table-file.js';

/** Rows of a row group: what is held in memory, and a size that readers skip well. */
const GROUP = 50_000;

const TYPES: Readonly<Record<ColumnType, BasicType>> = {
  text: 'STRING',
  integer: 'INT64',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
};

/** Apache Parquet, compressed with Snappy: typed columns, null for what is unknown, texts as they are. */
export const PARQUET: TableFormat = {
  ending: 'parquet',
  create: async (path, columns) => new ParquetFile(await GrowingFile.create(path), columns),
};

class ParquetFile implements TableFile {
  readonly #file: GrowingFile;
  readonly #columns: readonly TableColumn[];
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;
  #waiting: (readonly Cell[])[] = [];

  constructor(file: GrowingFile, columns: readonly TableColumn[]) {
    this.#file = file;
    this.#columns = columns;
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: schemaFromColumnData({ columnData: this.#dataOf([]) }),
      createdBy: `probprec ${suiteVersion()}`,
    });
  }

  get path(): string {
    return this.#file.path;
  }

  async add(rows: readonly (readonly Cell[])[]): Promise<void> {
    for (const row of rows) {
      this.#waiting.push(row);
      if (this.#waiting.length === GROUP) await this.#flush();
    }
  }

  async complete(): Promise<void> {
    await this.#flush();
    await this.#writer.finish();
    await this.#drain();
    await this.#file.complete();
  }

  publish(): Promise<void> {
    return this.#file.publish();
  }

  abandon(): Promise<void> {
    return this.#file.abandon();
  }

  /** Writes the waiting rows as a row group. */
  async #flush(): Promise<void> {
    if (this.#waiting.length > 0) {
      await this.#writer.write({ columnData: this.#dataOf(this.#waiting), rowGroupSize: GROUP });
      this.#waiting = [];
    }
    await this.#drain();
  }

  /** The writer goes on counting bytes in `offset`; what it holds of them is moved to the file. */
  async #drain(): Promise<void> {
    await this.#file.add(this.#bytes.getBytes());
    this.#bytes.index = 0;
  }

  #dataOf(rows: readonly (readonly Cell[])[]) {
    return this.#columns.map(({ name, type }, place) => ({
      name,
      type: TYPES[type],
      // A dictionary would take −0 for 0 and one NaN for another.
      ...(type === 'number' ? { encoding: 'PLAIN' as const } : {}),
      data: rows.map((row) => {
        const cell = row[place] ?? null;
        return type === 'integer' && typeof cell === 'number' ? BigInt(cell) : cell;
      }),
    }));
  }
}
