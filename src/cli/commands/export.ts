import type { ExitCode } from '../../errors.js';
import { type ExportDialect, exportDeepobs as exportFiles } from '../../results/index.js';
import type { Terminal } from '../terminal.js';
import { reportTransfer, type TransferOptions } from './transfer.js';

/** Writes run files below a folder as DeepOBS writes them; says what became of them. */
export async function exportDeepobs(
  folder: string,
  options: TransferOptions & { readonly outputDir: string; readonly dialect: ExportDialect },
  terminal: Terminal,
): Promise<ExitCode> {
  const result = await exportFiles([folder], options.outputDir, options.dialect);
  return reportTransfer('export', folder, result, options, terminal);
}
