import type { ExitCode } from '../../errors.js';
import type { Repeated, Transfer } from '../../results/index.js';
import type { Terminal } from '../terminal.js';

/** How much is said about the files of an import or export. */
export interface TransferOptions {
  readonly json?: boolean;
  /** A line for each file. */
  readonly verbose?: boolean;
  /** Faults only. */
  readonly quiet?: boolean;
}

/** Up to so many new files are named one by one, and so many faults. */
const FEW = 10;
const MOST_FAULTS = 20;

/** Says what was written and what was left; returns 1 when a file had a fault or there was none at all. */
export function reportTransfer(
  what: 'import' | 'export',
  folder: string,
  transfer: Transfer,
  options: TransferOptions,
  terminal: Terminal,
): ExitCode {
  const { written, unchanged, skipped, faults, notes, monitorLogs, others, summary } = transfer;
  const inFull = options.verbose === true;
  if (options.json) terminal.result(JSON.stringify(transfer, null, 2));
  else if (!options.quiet) {
    if (inFull || written.length <= FEW) for (const path of written) terminal.result(path);
    else for (const line of problemLines(summary.testproblems)) terminal.result(line);
  }
  if (!options.quiet) {
    const lines = inFull ? [...notes, ...skipped] : [...summary.notes.map(note), ...summary.skipped.map(once)];
    for (const line of lines) terminal.line(`probprec: ${line}`);
  }
  const shown = inFull ? faults : faults.slice(0, MOST_FAULTS);
  for (const line of shown) terminal.line(`probprec: ${line}`);
  if (shown.length < faults.length) {
    terminal.line(`probprec: ${faults.length - shown.length} more files with faults (--verbose names them)`);
  }
  const found = written.length + unchanged.length + skipped.length + faults.length;
  if (found === 0) terminal.line(`probprec: ${what}: ${nothingFound(folder, others)}`);
  const counts = [
    `${written.length} written`,
    `${unchanged.length} already there`,
    `${skipped.length} skipped`,
    `${faults.length} with faults`,
    ...(monitorLogs === 0 ? [] : [`${count(monitorLogs, 'monitor log')} not read`]),
  ];
  if (!options.quiet || faults.length > 0 || found === 0) terminal.line(counts.join(', '));
  return faults.length > 0 || found === 0 ? 1 : 0;
}

function problemLines(problems: Transfer['summary']['testproblems']): string[] {
  return problems.map(({ testproblem, optimizers, settings, runs }) => {
    const counted = [count(optimizers, 'optimizer'), count(settings, 'setting'), count(runs, 'run')];
    return `${testproblem}: ${counted.join(', ')}`;
  });
}

/** A note names what it is about. */
function note({ text, files }: Repeated): string {
  return `${count(files, 'file')}: ${text}`;
}

function once({ text, files, example }: Repeated): string {
  return files === 1 ? `${example}: ${text}` : `${files} files: ${text} (first: ${example})`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** A folder of another program is told from an empty one. */
function nothingFound(folder: string, others: readonly string[]): string {
  const [first] = others;
  const nothing = `found no files random_seed__*.json below ${folder}`;
  if (first === undefined) return nothing;
  return `${nothing}, but ${first}${others.length > 1 ? ' and others' : ''}: results of other programs (AlgoPerf, FOB) are not read`;
}
