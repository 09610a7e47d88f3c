import type { ExitCode } from '../../errors.js';
import type { Transfer } from '../../results/index.js';
import type { Terminal } from '../terminal.js';

/** Prints the new files and what was left; returns 1 when a file had a fault or there was none at all. */
export function reportTransfer(
  what: 'import' | 'export',
  folder: string,
  transfer: Transfer,
  options: { readonly json?: boolean },
  terminal: Terminal,
): ExitCode {
  const { written, unchanged, skipped, faults, notes } = transfer;
  if (options.json) terminal.result(JSON.stringify(transfer, null, 2));
  else for (const path of written) terminal.result(path);
  for (const line of [...notes, ...skipped, ...faults]) terminal.line(`probprec: ${line}`);
  const found = written.length + unchanged.length + skipped.length + faults.length;
  if (found === 0) terminal.line(`probprec: ${what}: found no files random_seed__*.json below ${folder}`);
  const counts = [
    `${written.length} written`,
    `${unchanged.length} already there`,
    `${skipped.length} skipped`,
    `${faults.length} with faults`,
  ];
  terminal.line(counts.join(', '));
  return faults.length > 0 || found === 0 ? 1 : 0;
}
