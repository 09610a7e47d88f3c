import { shownLine } from '../shown-text.js';
import { inconsistencies } from './consistency.js';
import { NothingToCompare } from './nothing-to-compare.js';
import { implausibleValues } from './plausible.js';
import { faultLine, inTurns } from './read-results.js';
import { readText } from './read-text.js';
import type { RecordedRun } from './recorded-run.js';
import { parseForm, type ResultFile } from './result-file.js';

/** What was found about one file: its kind and state, or the faults, each one line that starts with the path. */
export interface Validation {
  readonly path: string;
  readonly kind: ResultFile['kind'] | null;
  readonly state: RecordedRun['status']['state'] | null;
  readonly faults: readonly string[];
  /** What is no fault and should be known: that folder and file disagree, or why a file is left out. */
  readonly notes: readonly string[];
}

/**
 * Checks a file that holds a run: schema, list lengths, configuration hash, content digest, that its values can be
 * measured ones, and that its statements agree with each other. Never throws for what is in the file.
 */
export async function validateResultFile(path: string): Promise<Validation> {
  return validateFile(path);
}

/** {@link validateResultFile} of many files. */
export async function* validateResultFiles(paths: readonly string[]): AsyncGenerator<Validation> {
  for await (const path of inTurns(paths)) yield validateFile(path);
}

function validateFile(path: string): Validation {
  try {
    const file = parseForm(path, readText(path));
    const faults = [
      ...(file.kind === 'probprec' ? inconsistencies(file.content) : []),
      ...implausibleValues(file.content, { ours: file.kind === 'probprec' }),
    ];
    const { state } = file.content.status;
    return {
      path,
      kind: file.kind,
      state,
      faults: faults.map((fault) => shownLine(`${path}: ${fault}`)),
      notes: file.kind === 'probprec' ? [] : file.content.notes.filter((note) => note.startsWith('the folder says')),
    };
  } catch (error) {
    const about = { path, kind: null, state: null } as const;
    if (error instanceof NothingToCompare) {
      return { ...about, kind: 'deepobs', faults: [], notes: [shownLine(error.why)] };
    }
    return { ...about, faults: [faultLine(path, error)], notes: [] };
  }
}
