import type { RecordedRun } from '../../results/index.js';
import type { Cell, ColumnType, TableColumn } from './table-file.js';

/** What tells the settings of runs apart: a row for each, a column for each hyperparameter and training parameter. */
export class SettingsTable {
  readonly #settings = new Map<string, { readonly names: readonly Cell[]; readonly values: Values }>();

  /** Adds a setting, unless it is there. */
  add(id: string, { testproblem, optimizer, hyperparameters, trainingParameters }: RecordedRun): void {
    if (this.#settings.has(id)) return;
    const values = new Map(
      Object.entries({ ...trainingParameters, ...hyperparameters }).map(([k, v]) => [k, cellOf(v)]),
    );
    this.#settings.set(id, { names: [id, testproblem, optimizer], values });
  }

  /** The columns that the settings have together, of the types that all their values have. */
  get columns(): readonly TableColumn[] {
    return [...OWN, ...this.#parameters().map(({ title, type }) => ({ name: title, type }))];
  }

  get rows(): Cell[][] {
    const parameters = this.#parameters();
    return [...this.#settings.values()].map(({ names, values }) => [
      ...names,
      ...parameters.map(({ name, type }) => {
        const cell = values.get(name) ?? null;
        return cell !== null && type === 'text' ? String(cell) : cell;
      }),
    ]);
  }

  #parameters(): { name: string; title: string; type: ColumnType }[] {
    const all = [...this.#settings.values()].map(({ values }) => values);
    const names = [...new Set(all.flatMap((values) => [...values.keys()]))].sort();
    const taken = new Set(OWN.map(({ name }) => name));
    return names.map((name) => {
      let title = name;
      while (taken.has(title)) title += '_';
      taken.add(title);
      return { name, title, type: typeOf(all.map((values) => values.get(name) ?? null)) };
    });
  }
}

type Values = ReadonlyMap<string, Cell>;

const OWN: readonly TableColumn[] = ['setting', 'testproblem', 'optimizer'].map((name) => ({ name, type: 'text' }));

/** Lists and objects are written as JSON. */
function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : (value as Cell);
}

function typeOf(cells: readonly Cell[]): ColumnType {
  const known = cells.filter((cell) => cell !== null);
  if (known.length === 0) return 'text';
  if (known.every((cell) => typeof cell === 'number')) return 'number';
  return known.every((cell) => typeof cell === 'boolean') ? 'boolean' : 'text';
}
