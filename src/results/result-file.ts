import { FileError } from '../errors.js';
import type { JsonValue } from './canonical-json.js';
import {
  type DeepobsRun,
  IMPORTED_VERSION,
  type ImportedRun,
  importedDigest,
  importedRunSchema,
} from './deepobs/imported-run.js';
import { migrateImport } from './deepobs/migrate-import.js';
import { readDeepobsRun } from './deepobs/read.js';
import { recordImportedRun } from './deepobs/record.js';
import { describeJsonFault } from './faults.js';
import { JsonFault, type ParsedJson, parseJson } from './parse-json.js';
import { implausibleValues } from './plausible.js';
import { readText } from './read-text.js';
import { type RecordedRun, recordRunFile } from './recorded-run.js';
import { checkRunFile } from './run-file.js';
import type { RunFile } from './schema.js';
import { checkDigest, contentReader, type DigestCheck } from './sealed-content.js';

/** A file that holds a run: one of ours, an imported one, or one of DeepOBS's own. */
export type ResultFile =
  | { readonly kind: 'probprec'; readonly content: RunFile }
  | { readonly kind: 'imported'; readonly content: ImportedRun }
  | { readonly kind: 'deepobs'; readonly content: DeepobsRun; readonly parsed: ParsedJson };

/** Reads and checks a file that holds a run, of whichever kind. Throws FileError. */
export async function readResultFile(path: string): Promise<ResultFile> {
  return parseResultFile(path, await readText(path));
}

/** {@link readResultFile} of a text that is already read. */
export function parseResultFile(path: string, text: string, digest: DigestCheck = checkDigest): ResultFile {
  const file = parseForm(path, text, digest);
  const [fault] = implausibleValues(file.content, { ours: file.kind === 'probprec' });
  if (fault !== undefined) throw new FileError({ subject: path, what: fault });
  return file;
}

/**
 * A result file whose form is right, whatever its values: what looks for every fault goes on from here. The keys that no other
 * kind has decide the kind. Throws FileError.
 */
export function parseForm(path: string, text: string, digest: DigestCheck = checkDigest): ResultFile {
  const parsed = parse(path, text);
  const kind = kindOf(parsed);
  if (kind === 'deepobs') return { kind, content: readDeepobsRun(path, text, parsed), parsed };
  if (parsed.token !== null) {
    throw new FileError({
      subject: `${path}: not valid JSON`,
      found: `the bare token ${parsed.token.text}`,
      expected: 'a run file',
    });
  }
  if (kind === 'imported') return { kind, content: checkImported(path, parsed.value, text, digest) };
  return { kind, content: checkRunFile(path, parsed.value, text, digest) };
}

/** A result file as analysis sees it. */
export function recordResultFile(path: string, file: ResultFile): RecordedRun {
  return file.kind === 'probprec' ? recordRunFile(path, file.content) : recordImportedRun(path, file.content);
}

const IMPORTED_KEYS = ['import_version', 'imported_from'];
const OWN_KEYS = ['schema_version', 'configuration_hash', 'content_digest', 'protocol_version'];
const DEEPOBS_KEYS = ['train_losses', 'test_losses', 'optimizer_hyperparams', 'hyperparams'];

function kindOf({ value }: ParsedJson): ResultFile['kind'] {
  const isObject = typeof value === 'object' && value !== null;
  const has = (keys: readonly string[]) => isObject && keys.some((key) => Object.hasOwn(value, key));
  if (has(IMPORTED_KEYS)) return 'imported';
  return !has(OWN_KEYS) && has(DEEPOBS_KEYS) ? 'deepobs' : 'probprec';
}

function parse(path: string, text: string): ParsedJson {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new FileError(
      { subject: path, what: describeJsonFault(text, error), remedy: 'expected a run file' },
      { cause: error },
    );
  }
}

const toImportedRun = contentReader(importedRunSchema, IMPORTED_VERSION);

function checkImported(path: string, value: JsonValue, text: string, digest: DigestCheck): ImportedRun {
  const content = toImportedRun(path, migrateImport(path, value));
  const { content_digest: claimed, ...rest } = content;
  digest(path, text, claimed, () => importedDigest(rest));
  return content;
}
