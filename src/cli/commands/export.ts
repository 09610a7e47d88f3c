import type { ExitCode } from '../../errors.js';
import { type ExportDialect, exportDeepobs as exportFiles } from '../../results/index.js';
import type { Terminal } from '../terminal.js';
import { reportTransfer } from './transfer.js';

/** Writes run files below a folder as DeepOBS writes them; prints the new paths. */
export async function exportDeepobs(
  folder: string,
  options: { readonly outputDir: string; readonly dialect: ExportDialect; readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const result = await exportFiles([folder], options.outputDir, options.dialect);
  return reportTransfer('export', folder, result, options, terminal);
}
