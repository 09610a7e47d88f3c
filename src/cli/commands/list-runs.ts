import { conditionNames, runsWhere } from '../../analysis/index.js';
import type { ExitCode } from '../../errors.js';
import { didYouMean } from '../../names.js';
import { inNaturalOrder } from '../../natural-order.js';
import { runList } from '../../report/terminal/run-list.js';
import { type RecordedRun, readResults, searchResultFiles } from '../../results/index.js';
import { UsageError } from '../failure.js';
import { quoted, readCondition } from '../option-values.js';
import { counted } from '../progress.js';
import type { Terminal } from '../terminal.js';

/** Runs that were found, and what could not be read. */
export interface FoundRuns {
  readonly runs: readonly RecordedRun[];
  readonly faults: readonly string[];
}

/** Where runs were looked for, and the files that were found there. */
export interface SearchedFiles {
  readonly searched: readonly string[];
  readonly files: readonly string[];
  readonly faults: readonly string[];
}

/** The files of runs in files and folders, by default in `results`; what could not be searched is said. */
export async function searchRuns(paths: readonly string[], terminal: Terminal): Promise<SearchedFiles> {
  const searched = paths.length > 0 ? paths : ['results'];
  const { files, faults } = await searchResultFiles(searched);
  for (const fault of faults) terminal.line(`probprec: ${fault}`);
  return { searched, files, faults };
}

/** The runs of these files; what could not be read is said. */
export async function readFound({ files, faults: unsearched }: SearchedFiles, terminal: Terminal): Promise<FoundRuns> {
  const { runs, faults } = await readResults(files);
  for (const fault of faults) terminal.line(`probprec: ${fault}`);
  return { runs, faults: [...unsearched, ...faults] };
}

/** Says that there are no runs. */
export function sayNone({ searched }: SearchedFiles, command: string, terminal: Terminal): void {
  terminal.line(`probprec: ${command}: found no runs in ${searched.join(', ')}; probprec run makes one`);
}

/** The runs in files and folders that meet `--where`, in order; null when there are none at all, which is said. */
export async function findRuns(
  paths: readonly string[],
  where: readonly string[],
  command: string,
  terminal: Terminal,
): Promise<FoundRuns | null> {
  const found = await searchRuns(paths, terminal);
  const { runs, faults } = await readFound(found, terminal);
  if (runs.length === 0) {
    sayNone(found, command, terminal);
    return null;
  }
  const conditions = where.map((text) => readCondition('--where', text));
  const known = conditionNames(runs);
  for (const [name] of conditions) {
    if (known.includes(name)) continue;
    throw new UsageError({
      subject: '--where',
      found: quoted(name),
      expected: `some of ${known.join(', ')}${didYouMean(name, known)}`,
    });
  }
  return { runs: runsWhere(runs, conditions).toSorted(inOrder), faults };
}

/** Prints a line for each run, or with `json` an object; returns 1 when a file could not be read or nothing was found. */
export async function listRuns(
  paths: readonly string[],
  { where, json }: { readonly where: readonly string[]; readonly json: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const found = await findRuns(paths, where, 'list runs', terminal);
  if (json) terminal.result(JSON.stringify((found?.runs ?? []).map(asJson), null, 2));
  if (found === null) return 1;
  if (!json) {
    if (found.runs.length > 0) for (const line of runList(found.runs, null, terminal)) terminal.result(line);
    terminal.line(`${counted(found.runs.length, 'run')}; probprec show FILE shows one in full`);
  }
  return found.faults.length > 0 ? 1 : 0;
}

function asJson({ file, testproblem, optimizer, hyperparameters, seed, status, numEpochs, ...run }: RecordedRun) {
  const last = (metric: 'test_losses' | 'test_accuracies') => run.curves[metric]?.at(-1) ?? null;
  return {
    ...{ file, testproblem, optimizer, hyperparameters, seed },
    batch_size: run.batchSize,
    num_epochs: numEpochs,
    state: status.state,
    epochs: status.epoch,
    reason: status.reason,
    test_loss: last('test_losses'),
    test_accuracy: last('test_accuracies'),
    started_at: run.startedAt,
    tags: run.tags ?? [],
    note: run.note ?? null,
  };
}

/** By test problem, optimizer and setting, then by seed. */
export function inOrder(left: RecordedRun, right: RecordedRun): number {
  return (
    inNaturalOrder(left.testproblem, right.testproblem) ||
    inNaturalOrder(left.optimizer, right.optimizer) ||
    (left.setting === right.setting ? left.seed - right.seed : left.setting < right.setting ? -1 : 1)
  );
}
