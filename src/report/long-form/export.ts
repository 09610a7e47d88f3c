import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quantitiesOf } from '../../analysis/index.js';
import { FileError, OutputError } from '../../errors.js';
import { type RecordedRun, readResultFile, recordResultFile } from '../../results/index.js';
import { csvCell } from '../escape.js';
import { type Cell, CURVE_HEADER, curveRows, RUN_HEADER, runId, runRow, settingId } from './run-rows.js';

/** What was written, and what could not be read, one line each. */
export interface CsvExport {
  readonly files: readonly string[];
  readonly runs: number;
  readonly faults: readonly string[];
}

const QUANTITY_HEADER = ['run', 'quantity', 'where', 'epoch', 'step', 'value'];
const EVENT_HEADER = ['run', 'event', 'where', 'epoch', 'step', 'reason'];

/**
 * Writes runs, curves, quantities, events and settings as CSV (RFC 4180, every digit, what is unknown empty). One file is
 * read after the other, so that thousands of runs need no more memory than one. Throws OutputError.
 */
export async function exportCsv(paths: readonly string[], folder: string): Promise<CsvExport> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new OutputError(`--output-dir ${folder}: cannot be made; expected a folder that can be written`, {
      cause: error,
    });
  }
  const tables = {
    runs: await CsvFile.create(join(folder, 'runs.csv'), RUN_HEADER),
    curves: await CsvFile.create(join(folder, 'curves.csv'), CURVE_HEADER),
    quantities: await CsvFile.create(join(folder, 'quantities.csv'), QUANTITY_HEADER),
    events: await CsvFile.create(join(folder, 'events.csv'), EVENT_HEADER),
  };
  const settings = new Map<string, RecordedRun>();
  const faults: string[] = [];
  let runs = 0;
  const read = async (path: string) => {
    try {
      const file = await readResultFile(path);
      const run = recordResultFile(path, file);
      const id = runId(path);
      settings.set(settingId(run), run);
      await tables.runs.add([runRow(run, id)]);
      await tables.curves.add(curveRows(run, id));
      if (file.kind === 'probprec') {
        const { points, events } = quantitiesOf(file.content.optimizer_log, file.content.steps_per_epoch);
        await tables.quantities.add(
          points.map(({ quantity, where, epoch, step, value }) => [id, quantity, where, epoch, step, value]),
        );
        await tables.events.add(
          events.map(({ event, where, epoch, step, reason }) => [id, event, where, epoch, step, reason]),
        );
      }
      runs++;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      faults.push(error.message);
    }
  };
  const written = Object.values(tables);
  try {
    for (const path of paths) await read(path);
    written.push(await settingsFile(join(folder, 'settings.csv'), settings));
    for (const table of written) await table.finish();
  } catch (error) {
    for (const table of written) await table.abandon();
    throw error;
  }
  return { files: written.map(({ path }) => path), runs, faults };
}

/** A row for each setting, a column for each hyperparameter and training parameter. */
async function settingsFile(path: string, settings: ReadonlyMap<string, RecordedRun>): Promise<CsvFile> {
  const valuesOf = ({ hyperparameters, trainingParameters }: RecordedRun): Readonly<Record<string, unknown>> => ({
    ...trainingParameters,
    ...hyperparameters,
  });
  const names = [...new Set([...settings.values()].flatMap((run) => Object.keys(valuesOf(run))))].sort();
  const file = await CsvFile.create(path, ['setting', 'testproblem', 'optimizer', ...names]);
  await file.add(
    [...settings].map(([id, run]) => {
      const values = valuesOf(run);
      return [
        id,
        run.testproblem,
        run.optimizer,
        ...names.map((name) => cellOf(Object.hasOwn(values, name) ? values[name] : null)),
      ];
    }),
  );
  return file;
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : (value as Cell);
}

/** A file that grows under another name and has its own only when it is whole. */
class CsvFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #handle: Awaited<ReturnType<typeof open>>;

  private constructor(path: string, temporary: string, handle: Awaited<ReturnType<typeof open>>) {
    this.path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  static async create(path: string, header: readonly string[]): Promise<CsvFile> {
    const temporary = `${path}.${process.pid}.tmp`;
    const handle = await open(temporary, 'w').catch((error: unknown) => {
      throw new OutputError(`cannot write ${path}; expected a folder that can be written`, { cause: error });
    });
    const file = new CsvFile(path, temporary, handle);
    await file.add([header]);
    return file;
  }

  async add(rows: readonly (readonly Cell[])[]): Promise<void> {
    if (rows.length === 0) return;
    try {
      await this.#handle.writeFile(rows.map((row) => `${row.map(csvCell).join(',')}\n`).join(''));
    } catch (error) {
      throw new OutputError(`cannot write ${this.path}; the folder may be full`, { cause: error });
    }
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
  }

  async finish(): Promise<void> {
    await this.#handle.close();
    await rename(this.#temporary, this.path);
  }
}
