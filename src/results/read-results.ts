import { setImmediate } from 'node:timers/promises';
import { FileError } from '../errors.js';
import { shownLine } from '../shown-text.js';
import { searchResultFiles } from './find-files.js';
import { NothingToCompare } from './nothing-to-compare.js';
import { readText } from './read-text.js';
import type { RecordedRun } from './recorded-run.js';
import { parseResultFile, recordResultFile } from './result-file.js';
import { SharedValues } from './shared-values.js';

/** The runs of files and folders, and what has to be said about the rest. */
export interface ReadResults {
  readonly runs: RecordedRun[];
  /** Files with something wrong, folders that could not be read: one line each. */
  readonly faults: string[];
  /** Files that have nothing to compare, and why: one line each. */
  readonly skipped: readonly string[];
  /** What a reader of a comparison should know about the files: one line for each thing, not for each file. */
  readonly notes: readonly string[];
}

/**
 * Reads the runs of files and folders, one file after the other: what a run takes in memory does not depend on its
 * minibatch losses. What cannot be read is a fault and no run, and the others are read.
 */
export async function readResults(paths: readonly string[]): Promise<ReadResults> {
  const search = await searchResultFiles(paths);
  const runs: RecordedRun[] = [];
  const faults = search.faults.map(shownLine);
  const skipped: string[] = [];
  const notes = new Map<string, number>();
  const shared = new SharedValues();
  for await (const path of inTurns(search.files)) {
    try {
      const file = parseResultFile(path, readText(path));
      runs.push(shared.of(recordResultFile(path, file)));
      if (file.kind !== 'probprec') for (const note of noteworthy(file.content.notes)) count(notes, note);
    } catch (error) {
      if (error instanceof NothingToCompare) skipped.push(shownLine(error.message));
      else faults.push(faultLine(path, error));
    }
  }
  const grouped = [...notes].map(([note, files]) => `${note} (${files} ${files === 1 ? 'file' : 'files'})`);
  return { runs, faults, skipped, notes: grouped.map(shownLine) };
}

/** So long files are read before whatever else waits (an interruption, the terminal) has its turn. */
const TURN_MILLISECONDS = 50;

/** The files in their order, with turns for everything else in between. */
export async function* inTurns(paths: readonly string[]): AsyncGenerator<string> {
  let began = performance.now();
  for (const path of paths) {
    yield path;
    if (performance.now() - began < TURN_MILLISECONDS) continue;
    await setImmediate();
    began = performance.now();
  }
}

/**
 * What is wrong with a file in one line. An error that is none of ours is a defect in reading, but of one file: it is named
 * with the file, and the others are read.
 */
export function faultLine(path: string, error: unknown): string {
  if (error instanceof FileError) return shownLine(error.message);
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  return shownLine(`${path}: cannot be read: ${reason} (a defect of probprec)`);
}

function noteworthy(notes: readonly string[]): readonly string[] {
  return notes.filter((note) => note.startsWith('the folder says') && note.includes('do not apply'));
}

function count(counts: Map<string, number>, text: string): void {
  counts.set(text, (counts.get(text) ?? 0) + 1);
}
