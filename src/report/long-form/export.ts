import { join } from 'node:path';
import { quantitiesOfRun } from '../../analysis/index.js';
import { OutputError } from '../../errors.js';
import { makeFolders } from '../../make-folders.js';
import { outputOptions, reasonOf } from '../../results/atomic-file.js';
import { option } from '../../words.js';
import { readRuns } from './read-run.js';
import { CURVE_COLUMNS, curveRows, RUN_COLUMNS, runId, runRow, settingId } from './run-rows.js';
import { SettingsTable } from './settings-table.js';
import type { TableColumn, TableFile, TableFormat } from './table-file.js';

/** What was written, and what could not be read, one line each. */
export interface TableExport {
  readonly files: readonly string[];
  readonly runs: number;
  readonly faults: readonly string[];
}

const QUANTITY_COLUMNS: readonly TableColumn[] = [
  { name: 'run', type: 'text' },
  { name: 'quantity', type: 'text' },
  { name: 'where', type: 'text' },
  { name: 'epoch', type: 'number' },
  { name: 'step', type: 'number' },
  { name: 'value', type: 'number' },
];

const EVENT_COLUMNS: readonly TableColumn[] = [
  { name: 'run', type: 'text' },
  { name: 'event', type: 'text' },
  { name: 'where', type: 'text' },
  { name: 'epoch', type: 'number' },
  { name: 'step', type: 'number' },
  { name: 'reason', type: 'text' },
];

/**
 * Writes runs, curves, quantities, events and settings as tables. One file is read after the other, so that thousands of
 * runs need little more memory than one. Throws OutputError, and then leaves nothing behind.
 */
export async function exportTables(
  paths: readonly string[],
  folder: string,
  format: TableFormat,
): Promise<TableExport> {
  await makeFolders(folder).catch((error: unknown) => {
    throw new OutputError(
      {
        subject: option('output_dir', folder),
        what: `cannot be made (${reasonOf(error)})`,
        remedy: 'expected a folder that can be written',
      },
      outputOptions(error),
    );
  });
  const written: TableFile[] = [];
  const create = async (name: string, columns: readonly TableColumn[]) => {
    const file = await format.create(join(folder, `${name}.${format.ending}`), columns);
    written.push(file);
    return file;
  };
  try {
    const runs = await create('runs', RUN_COLUMNS);
    const curves = await create('curves', CURVE_COLUMNS);
    const quantities = await create('quantities', QUANTITY_COLUMNS);
    const events = await create('events', EVENT_COLUMNS);
    const { settings, faults, count } = await addRuns(paths, { runs, curves, quantities, events });
    await (await create('settings', settings.columns)).add(settings.rows);
    // Only when all of them are whole: tables of two exports do not go together.
    for (const table of written) await table.complete();
    for (const table of written) await table.publish();
    return { files: written.map(({ path }) => path), runs: count, faults };
  } catch (error) {
    for (const table of written) await table.abandon();
    throw error;
  }
}

async function addRuns(
  paths: readonly string[],
  tables: Readonly<Record<'runs' | 'curves' | 'quantities' | 'events', TableFile>>,
): Promise<{ settings: SettingsTable; faults: string[]; count: number }> {
  const settings = new SettingsTable();
  const faults: string[] = [];
  let count = 0;
  for await (const { path, run, file } of readRuns(paths, faults)) {
    const id = runId(path);
    settings.add(settingId(run), run);
    await tables.runs.add([runRow(run, id)]);
    await tables.curves.add(curveRows(run, id));
    if (file.kind === 'probprec') {
      const { points, events } = quantitiesOfRun(file.content);
      await tables.quantities.add(
        points.map(({ quantity, where, epoch, step, value }) => [id, quantity, where, epoch, step, value]),
      );
      await tables.events.add(
        events.map(({ event, where, epoch, step, reason }) => [id, event, where, epoch, step, reason]),
      );
    }
    count++;
  }
  return { settings, faults, count };
}
