import { setImmediate } from 'node:timers/promises';
import { FileError } from '../errors.js';
import { shownLine } from '../shown-text.js';
import { type DigestThread, startDigestThread } from './digest-thread.js';
import { searchResultFiles } from './find-files.js';
import { HeapRoom } from './heap-room.js';
import { NothingToCompare } from './nothing-to-compare.js';
import { readText } from './read-text.js';
import type { RecordedRun } from './recorded-run.js';
import { parseResultFile, recordResultFile } from './result-file.js';
import { checkDigest } from './sealed-content.js';
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
  const outcomes = await readEach(search.files);
  const faults = search.faults.map(shownLine);
  const skipped: string[] = [];
  const notes = new Map<string, number>();
  const runs: RecordedRun[] = [];
  for (const outcome of outcomes) {
    if ('fault' in outcome) faults.push(outcome.fault);
    else if ('skipped' in outcome) skipped.push(outcome.skipped);
    else {
      runs.push(outcome.run);
      for (const note of outcome.notes) count(notes, note);
    }
  }
  const grouped = [...notes].map(([note, files]) => `${note} (${files} ${files === 1 ? 'file' : 'files'})`);
  return { runs, faults, skipped, notes: grouped.map(shownLine) };
}

/** What became of a file. */
type Outcome =
  | { readonly run: RecordedRun; readonly notes: readonly string[] }
  | { readonly fault: string }
  | { readonly skipped: string };

async function readEach(files: readonly string[]): Promise<readonly Outcome[]> {
  const shared = new SharedValues();
  const outcomes: Outcome[] = [];
  const heap = new HeapRoom();
  const thread = startDigestThread(files.length);
  try {
    for await (const path of inTurns(files)) {
      await thread?.room();
      const outcome = readOne(path, shared, {
        thread,
        place: outcomes.length,
        onText: (text) => heap.took(text.length),
      });
      outcomes.push(outcome);
      heap.check(outcomes.length, files.length);
    }
    for (const place of (await thread?.unconfirmed()) ?? []) {
      outcomes[place] = readOne(files[place] ?? '', shared, { thread: null, place, onText: () => {} });
    }
  } finally {
    await thread?.close();
  }
  return outcomes;
}

/** How a file is read: with a thread its digest may be checked later, under this place. */
interface Reading {
  readonly thread: DigestThread | null;
  readonly place: number;
  readonly onText: (text: string) => void;
}

function readOne(path: string, shared: SharedValues, { thread, place, onText }: Reading): Outcome {
  try {
    const text = thread?.readText(path) ?? readText(path);
    onText(text);
    const file = parseResultFile(path, text, (...sealed) => {
      const [, , claimed] = sealed;
      if (!thread?.take(place, claimed)) checkDigest(...sealed);
    });
    const run = shared.of(recordResultFile(path, file));
    return { run, notes: file.kind === 'probprec' ? [] : noteworthy(file.content.notes) };
  } catch (error) {
    return error instanceof NothingToCompare
      ? { skipped: shownLine(error.message) }
      : { fault: faultLine(path, error) };
  }
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
