import { basename } from 'node:path';
import { ConfigurationError, FileError } from '../errors.js';
import { shownLine } from '../shown-text.js';
import type { FoundFiles } from './find-files.js';
import { NothingToCompare } from './nothing-to-compare.js';
import { OutputTree, type Placement } from './output-tree.js';
import { faultLine, inTurns } from './read-results.js';
import { readText } from './read-text.js';
import { parseResultFile, type ResultFile } from './result-file.js';

/** What became of the files of an import or export, each with its path; a fault or reason is one line. */
export interface Transfer {
  readonly written: readonly string[];
  /** Already there, with the same content. */
  readonly unchanged: readonly string[];
  /** Nothing that could be transferred, and why. */
  readonly skipped: readonly string[];
  /** Files with something wrong. */
  readonly faults: readonly string[];
  /** What the other format cannot say about files that were written, and how they were understood. */
  readonly notes: readonly string[];
  /** Logs of a training monitor beside the files; they are none and were not read. */
  readonly monitorLogs: number;
  /** Files of other programs, by which a folder of those is told from an empty one. */
  readonly others: readonly string[];
  /** The same, counted: what a person reads of a thousand files. */
  readonly summary: TransferSummary;
}

/** How many files each thing concerns. */
export interface TransferSummary {
  readonly testproblems: readonly TransferredProblem[];
  readonly skipped: readonly Repeated[];
  readonly notes: readonly Repeated[];
}

/** What was written, or was there, of one test problem. */
export interface TransferredProblem {
  readonly testproblem: string;
  readonly optimizers: number;
  readonly settings: number;
  readonly runs: number;
}

/** Something that is said of several files. */
export interface Repeated {
  readonly text: string;
  readonly files: number;
  /** The first of them. */
  readonly example: string;
}

/** A file as it is to be written, and what is to be said about it. */
export interface Transferred extends Omit<Placement, 'source'> {
  readonly notes: readonly string[];
}

/**
 * Takes the files of a search one after the other to the output folder. `convert` returns the new file, or why there is none;
 * what it throws about one file is a fault of that file.
 */
export async function transferFiles(
  { files, faults: searchFaults, monitorLogs, others }: FoundFiles,
  outputDir: string,
  convert: (path: string, text: string, file: ResultFile) => Transferred | string | Promise<Transferred | string>,
): Promise<Transfer> {
  const tree = new OutputTree(outputDir);
  const counts = new Counts();
  const written: string[] = [];
  const unchanged: string[] = [];
  const faults = searchFaults.map(shownLine);
  for await (const path of inTurns(files)) {
    try {
      const text = readText(path);
      const converted = await convert(path, text, parseResultFile(path, text));
      if (typeof converted === 'string') {
        counts.skip(path, converted);
        continue;
      }
      const { notes, ...placement } = converted;
      const placed = await tree.place({ ...placement, source: path });
      (placed.written ? written : unchanged).push(placed.path);
      counts.place(path, converted.parts, placed.written ? notes : []);
    } catch (error) {
      if (error instanceof NothingToCompare) counts.skip(path, error.why);
      else if (error instanceof ConfigurationError) faults.push(shownLine(`${path}: ${error.message}`));
      else if (error instanceof FileError || !isOurs(error)) faults.push(faultLine(path, error));
      else throw error;
    }
  }
  return { written, unchanged, faults, monitorLogs, others, ...counts.result() };
}

/** DeepOBS' name of a file; one that is named otherwise gets a name with its seed. */
export function fileNameOf(path: string, seed: number): string {
  const name = basename(path);
  return name.startsWith('random_seed__') ? name : `random_seed__${seed}__${name.replace(/\.json$/, '')}.json`;
}

/** Errors that are ours and concern more than one file (a full disk) end the transfer. */
function isOurs(error: unknown): boolean {
  return error instanceof Error && 'exitCode' in error;
}

class Counts {
  readonly #problems = new Map<string, { optimizers: Set<string>; settings: Set<string>; runs: number }>();
  readonly #skipped = new Map<string, Repeated>();
  readonly #notes = new Map<string, Repeated>();
  readonly #lines = { skipped: [] as string[], notes: [] as string[] };

  skip(path: string, reason: string): void {
    this.#lines.skipped.push(shownLine(`${path}: ${reason}`));
    repeat(this.#skipped, path, reason);
  }

  place(
    path: string,
    [testproblem = '', optimizer = '', setting = '']: readonly string[],
    notes: readonly string[],
  ): void {
    const problem = this.#problems.get(testproblem) ?? { optimizers: new Set(), settings: new Set(), runs: 0 };
    problem.optimizers.add(optimizer);
    problem.settings.add(`${optimizer}/${setting}`);
    problem.runs += 1;
    this.#problems.set(testproblem, problem);
    for (const note of notes) {
      this.#lines.notes.push(shownLine(`${path}: ${note}`));
      repeat(this.#notes, path, note);
    }
  }

  result(): Pick<Transfer, 'skipped' | 'notes' | 'summary'> {
    const testproblems = [...this.#problems].map(([testproblem, { optimizers, settings, runs }]) => ({
      testproblem,
      optimizers: optimizers.size,
      settings: settings.size,
      runs,
    }));
    const summary = { testproblems, skipped: [...this.#skipped.values()], notes: [...this.#notes.values()] };
    return { ...this.#lines, summary };
  }
}

function repeat(counts: Map<string, Repeated>, path: string, text: string): void {
  const before = counts.get(text);
  counts.set(text, {
    text: shownLine(text),
    files: (before?.files ?? 0) + 1,
    example: before?.example ?? shownLine(path),
  });
}
