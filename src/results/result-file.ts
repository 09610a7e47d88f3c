import { readFile } from 'node:fs/promises';
import { FileError } from '../errors.js';
import { reasonOf } from './atomic-file.js';
import type { JsonValue } from './canonical-json.js';
import {
  IMPORTED_VERSION,
  type ImportedRun,
  importedDigest,
  importedRunSchema,
  recordImportedRun,
} from './deepobs/imported-run.js';
import { readDeepobsRun } from './deepobs/read.js';
import { describeFault } from './faults.js';
import { type RecordedRun, recordRunFile } from './recorded-run.js';
import { parseRunFile } from './run-file.js';
import type { RunFile } from './schema.js';

/** A file that holds a run: one of ours, an imported one, or one of DeepOBS's own. */
export type ResultFile =
  | { readonly kind: 'probprec'; readonly content: RunFile }
  | { readonly kind: 'imported' | 'deepobs'; readonly content: ImportedRun };

/** Reads and checks a file that holds a run, of whichever kind. Throws FileError. */
export async function readResultFile(path: string): Promise<ResultFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new FileError(`${path}: cannot be read (${reasonOf(error)}); expected a run file`, { cause: error });
  }
  return parseResultFile(path, text);
}

/** {@link readResultFile} of a text that is already read. The keys that no other kind has decide the kind. */
export function parseResultFile(path: string, text: string): ResultFile {
  if (/"(?:import_version|imported_from)"\s*:/.test(text))
    return { kind: 'imported', content: parseImported(path, text) };
  const ours = /"(?:schema_version|configuration_hash|content_digest|protocol_version)"\s*:/.test(text);
  const theirs = /"(?:train_losses|test_losses|optimizer_hyperparams|hyperparams)"\s*:/.test(text);
  if (!ours && theirs) return { kind: 'deepobs', content: readDeepobsRun(path, text) };
  return { kind: 'probprec', content: parseRunFile(path, text) };
}

/** A result file as analysis sees it. */
export function recordResultFile(path: string, file: ResultFile): RecordedRun {
  return file.kind === 'probprec' ? recordRunFile(path, file.content) : recordImportedRun(path, file.content);
}

function parseImported(path: string, text: string): ImportedRun {
  let content: JsonValue;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new FileError(
      `${path}: not valid JSON, perhaps cut off (${text.length} characters); expected an imported run`,
      {
        cause: error,
      },
    );
  }
  const parsed = importedRunSchema.safeParse(content, { reportInput: true });
  if (!parsed.success) throw new FileError(`${path}: ${describeFault(parsed.error, IMPORTED_VERSION)}`);
  const { content_digest: claimed, ...rest } = parsed.data;
  const actual = importedDigest(rest);
  if (actual === claimed) return parsed.data;
  throw new FileError(
    `${path}: field content_digest: found ${claimed}, expected ${actual}; the file was changed after it was written`,
  );
}
