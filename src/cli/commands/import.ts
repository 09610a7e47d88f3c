import type { ExitCode } from '../../errors.js';
import { importDeepobs as importFiles } from '../../results/index.js';
import type { Terminal } from '../terminal.js';
import { reportTransfer, type TransferOptions } from './transfer.js';

/** Reads DeepOBS files below a folder and writes them as strict JSON; says what became of them. */
export async function importDeepobs(
  folder: string,
  options: TransferOptions & { readonly outputDir: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const result = await importFiles([folder], options.outputDir);
  return reportTransfer('import', folder, result, options, terminal);
}
