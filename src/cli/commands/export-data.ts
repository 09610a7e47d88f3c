import type { ExitCode } from '../../errors.js';
import { searchResultFiles } from '../../results/index.js';
import { shellWord } from '../../sweep/shell.js';
import type { Terminal } from '../terminal.js';

/** The formats of other programs for data. What a format needs is loaded for it alone. */
const WRITERS = {
  csv: async (paths: readonly string[], folder: string) => {
    const [{ exportTables }, { CSV }] = await Promise.all([
      import('../../report/long-form/export.js'),
      import('../../report/long-form/csv-file.js'),
    ]);
    return exportTables(paths, folder, CSV);
  },
  parquet: async (paths: readonly string[], folder: string) => {
    const [{ exportTables }, { PARQUET }] = await Promise.all([
      import('../../report/long-form/export.js'),
      import('../../report/long-form/parquet-file.js'),
    ]);
    return exportTables(paths, folder, PARQUET);
  },
  tensorboard: async (paths: readonly string[], folder: string) => {
    const { exportEvents } = await import('../../report/tensorboard/export.js');
    return exportEvents(paths, folder);
  },
};

/** Files that are named one by one. */
const FEW = 10;

/** Writes the runs below files and folders for other programs; returns 1 when one could not be read or nothing was found. */
export async function exportData(
  format: keyof typeof WRITERS,
  paths: readonly string[],
  { outputDir }: { readonly outputDir: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const searched = paths.length > 0 ? paths : ['results'];
  const { files: found, faults: unsearched } = await searchResultFiles(searched);
  for (const fault of unsearched) terminal.line(`probprec: ${fault}`);
  if (found.length === 0) {
    terminal.line(`probprec: export ${format}: found no runs in ${searched.join(', ')}; probprec run makes one`);
    return 1;
  }
  const { files, runs, faults } = await WRITERS[format](found, outputDir);
  for (const fault of faults) terminal.line(`probprec: ${fault}`);
  for (const file of files.length <= FEW ? files : [outputDir]) terminal.result(file);
  const next =
    format === 'tensorboard' ? `tensorboard --logdir ${shellWord(outputDir)}` : 'docs/report.md explains the columns';
  terminal.line(`${runs} ${runs === 1 ? 'run' : 'runs'}; ${next}`);
  return faults.length + unsearched.length > 0 ? 1 : 0;
}
