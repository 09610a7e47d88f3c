import { FileError } from '../errors.js';
import { canonicalJson, type JsonValue, sha256Hex } from './canonical-json.js';
import { fromVersion1 } from './migrations/version-1.js';
import { RUN_FILE_VERSION } from './schema.js';

/** The content of a run file of any version, before the schema has seen it. */
export type AnyRunFile = Readonly<Record<string, JsonValue>>;

/** One step: the content of version v without its digest → that of version v + 1, schema_version included. */
export type Migration = (content: AnyRunFile) => AnyRunFile;

/** By the version they start from. */
const MIGRATIONS: Readonly<Record<number, Migration>> = { 1: fromVersion1 };

/**
 * Brings the content of an older schema version up to the present one; anything else is returned as it is, for the schema
 * to judge. The digest of the old content is checked first, then each step's result gets a new one. Throws FileError for
 * a version that is newer or unknown and for old content that was changed.
 */
export function migrate(
  path: string,
  content: unknown,
  { migrations = MIGRATIONS, current = RUN_FILE_VERSION }: MigrationOptions = {},
): unknown {
  if (!isObject(content) || !('schema_version' in content)) return content;
  const { schema_version: version } = content;
  if (version === current) return content;
  if (typeof version !== 'number' || version > current || migrations[version] === undefined) {
    throw new FileError({
      subject: `${path}: field schema_version`,
      found: JSON.stringify(version),
      expected: String(current),
      remedy: 'read it with the probprec version that wrote it',
    });
  }
  const { content_digest: claimed, ...rest } = content;
  const actual = digest(rest);
  if (claimed !== undefined && actual !== claimed) {
    throw new FileError({
      subject: `${path}: field content_digest`,
      found: JSON.stringify(claimed),
      expected: actual,
      remedy: 'the file was changed after it was written',
    });
  }
  let migrated: AnyRunFile = rest;
  for (let from = version; from < current; from++) {
    const step = migrations[from];
    if (step === undefined) throw new Error(`defect: no migration from run file version ${from}`);
    migrated = step(migrated);
  }
  // A file without a digest gets none: the schema says what is missing.
  return claimed === undefined ? migrated : { ...migrated, content_digest: digest(migrated) };
}

/** For tests: other steps and another present version. */
export interface MigrationOptions {
  readonly migrations?: Readonly<Record<number, Migration>>;
  readonly current?: number;
}

function digest(content: AnyRunFile): string {
  return sha256Hex(canonicalJson(content));
}

function isObject(value: unknown): value is AnyRunFile {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
