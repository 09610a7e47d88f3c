/** A cell of a table; null is an unknown value. */
export type Cell = string | number | boolean | null;

/** What a column holds, besides nulls. An integer is one that a double holds exactly. */
export type ColumnType = 'text' | 'integer' | 'number' | 'boolean';

/** A column of a table. */
export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** A file that takes rows and has its own name only when it is whole. */
export interface TableFile {
  readonly path: string;
  /** Adds rows with a cell for each column. Throws OutputError. */
  add(rows: readonly (readonly Cell[])[]): Promise<void>;
  /** Writes the rest and closes the file. Throws OutputError. */
  complete(): Promise<void>;
  /** Gives the complete file its name. Throws OutputError. */
  publish(): Promise<void>;
  /** Leaves nothing behind. */
  abandon(): Promise<void>;
}

/** How tables are written. */
export interface TableFormat {
  /** Ending of the files' names, without a point. */
  readonly ending: string;
  /** Begins a file. Throws OutputError. */
  create(path: string, columns: readonly TableColumn[]): Promise<TableFile>;
}
