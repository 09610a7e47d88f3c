import { checkMetric, quantitiesOf } from '../../analysis/index.js';
import { type ExitCode, FileError } from '../../errors.js';
import { runList } from '../../report/terminal/run-list.js';
import { runText } from '../../report/terminal/run-text.js';
import { type Metric, readResultFile, recordResultFile } from '../../results/index.js';
import type { Terminal } from '../terminal.js';
import { inOrder, readFound, sayNone, searchRuns } from './list-runs.js';

/** Prints one run in full, several as a list; returns 1 when a file could not be read or nothing was found. */
export async function show(
  paths: readonly string[],
  { metric }: { readonly metric?: Metric },
  terminal: Terminal,
): Promise<ExitCode> {
  const found = await searchRuns(paths, terminal);
  const [only, ...more] = found.files;
  if (only === undefined) {
    sayNone(found, 'show', terminal);
    return 1;
  }
  if (more.length === 0) return Math.max(await showOne(only, terminal), Math.min(found.faults.length, 1)) as ExitCode;
  const { runs, faults } = await readFound(found, terminal);
  checkMetric('--metric', metric, runs);
  if (runs.length > 0) {
    for (const line of runList(runs.toSorted(inOrder), metric ?? null, terminal)) terminal.result(line);
    terminal.line(`${runs.length} runs; probprec show FILE shows one in full, probprec compare compares them`);
  }
  return faults.length > 0 ? 1 : 0;
}

async function showOne(path: string, terminal: Terminal): Promise<ExitCode> {
  try {
    const file = await readResultFile(path);
    const quantities =
      file.kind === 'probprec'
        ? quantitiesOf(file.content.optimizer_log, file.content.steps_per_epoch)
        : { points: [], events: [] };
    for (const line of runText(recordResultFile(path, file), quantities, terminal)) terminal.result(line);
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    terminal.line(`probprec: ${error.message}`);
    return 1;
  }
}
