/**
 * The data of a picture in columns, as pgfplots reads them. A column is as long as its own plot; below it stands nan, which
 * is no point and breaks a line where one wants it broken.
 */
export class DataTable {
  readonly #columns: { readonly name: string; readonly values: readonly number[] }[] = [];

  /** Adds columns under one prefix (letters and digits); returns their names in the order given. */
  add(prefix: string, columns: Readonly<Record<string, readonly number[]>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(columns).map(([own, values]) => {
        const name = `${prefix}${own}`;
        this.#columns.push({ name, values });
        return [own, name];
      }),
    );
  }

  /** Numbers in the file, with those that fill short columns. */
  get size(): number {
    return this.#length() * this.#columns.length;
  }

  /** The file (RFC 4180), with every digit; empty without columns. */
  csv(): string {
    if (this.#columns.length === 0) return '';
    const lines = Array.from({ length: this.#length() }, (_, row) =>
      this.#columns.map(({ values }) => String(values[row] ?? Number.NaN).replace('NaN', 'nan')).join(','),
    );
    return `${[this.#columns.map(({ name }) => name).join(','), ...lines].join('\n')}\n`;
  }

  #length(): number {
    return Math.max(0, ...this.#columns.map(({ values }) => values.length));
  }
}
