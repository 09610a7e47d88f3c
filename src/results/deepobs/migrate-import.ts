import { FileError } from '../../errors.js';
import { canonicalJson, type JsonValue, sha256Hex } from '../canonical-json.js';
import { encodeSetting, type SettingValue } from '../setting-value.js';
import { identify } from './dialect.js';

type Content = Readonly<Record<string, JsonValue>>;

/**
 * Brings an imported file of version 1 up to version 2; anything else is returned as it is. Version 1 knew the test problem
 * by the file only, took the engine from the dialect, and kept lists among the hyperparameters as texts. The digest of the
 * old content is checked first, the new content gets a new one. Throws FileError.
 */
export function migrateImport(path: string, content: JsonValue): JsonValue {
  if (!isObject(content) || content.import_version !== 1) return content;
  const { content_digest: claimed, ...old } = content;
  const actual = digest(old);
  if (actual !== claimed) {
    throw new FileError({
      subject: `${path}: field content_digest`,
      found: JSON.stringify(claimed ?? null),
      expected: actual,
      remedy: 'the file was changed after it was written',
    });
  }
  const { imported_from: from, optimizer_hyperparams: hyperparameters } = old;
  if (!isObject(from) || !isObject(hyperparameters)) return content;
  const values = Object.entries(hyperparameters).map(([name, value]) => [name, listOf(value)] as const);
  const keys = from.dialect === 'deepobs-1.1' ? ['hyperparams'] : from.dialect === 'deepobs-develop' ? ['l2_reg'] : [];
  const known = from.dialect === 'deepobs-1.1' ? withoutRate(hyperparameters) : hyperparameters;
  const { dialect, engine } = identify({
    keys: new Set(keys),
    optimizer: String(old.optimizer_name),
    hyperparameters: known,
  });
  const migrated: Content = {
    ...old,
    stated_testproblem: old.testproblem ?? null,
    optimizer_hyperparams: Object.fromEntries(values),
    import_version: 2,
    imported_from: { ...from, dialect, engine, setting: null },
    original: null,
  };
  return { ...migrated, content_digest: digest(migrated) };
}

/** In files of 1.1 the rate stands outside the hyperparameters, so that its name tells nothing. */
function withoutRate({ lr, ...others }: Content): Content {
  return others;
}

/** Lists were written as their text. */
function listOf(value: JsonValue): JsonValue {
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return value;
  try {
    return encodeSetting(JSON.parse(value) as SettingValue);
  } catch {
    return value;
  }
}

function digest(content: Content): string {
  return sha256Hex(canonicalJson(content));
}

function isObject(value: JsonValue | undefined): value is Content {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
