import type { ExitCode } from '../../errors.js';
import { exportCsv } from '../../report/long-form/export.js';
import { findResultFiles } from '../../results/index.js';
import type { Terminal } from '../terminal.js';

/** Writes the runs below files and folders as CSV; returns 1 when one could not be read or nothing was found. */
export async function exportRunsAsCsv(
  paths: readonly string[],
  { outputDir }: { readonly outputDir: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const searched = paths.length > 0 ? paths : ['results'];
  const found = await findResultFiles(searched);
  if (found.length === 0) {
    terminal.line(`probprec: export csv: found no runs in ${searched.join(', ')}; probprec run makes one`);
    return 1;
  }
  const { files, runs, faults } = await exportCsv(found, outputDir);
  for (const fault of faults) terminal.line(`probprec: ${fault}`);
  for (const file of files) terminal.result(file);
  terminal.line(`${runs} ${runs === 1 ? 'run' : 'runs'}; docs/report.md explains the columns`);
  return faults.length > 0 ? 1 : 0;
}
