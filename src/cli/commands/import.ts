import type { ExitCode } from '../../errors.js';
import { importDeepobs as importFiles } from '../../results/index.js';
import type { Terminal } from '../terminal.js';
import { reportTransfer } from './transfer.js';

/** Reads DeepOBS files below a folder and writes them as strict JSON; prints the new paths. */
export async function importDeepobs(
  folder: string,
  options: { readonly outputDir: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  return reportTransfer('import', folder, await importFiles([folder], options.outputDir), options, terminal);
}
