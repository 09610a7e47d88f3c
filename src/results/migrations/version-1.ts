import { canonicalJson, type JsonValue, sha256Hex } from '../canonical-json.js';
import { type ConfigurationJson, configurationFromJson } from '../configuration.js';
import { hashConfiguration } from '../identity.js';

type Content = Readonly<Record<string, JsonValue>>;

/**
 * Version 1 → 2: the hash of the configuration becomes the one by values in force (identity.ts). Version 1 hashed the
 * configuration as it was stated; a file whose old hash is wrong keeps it, so that the reader reports it. Data that a problem
 * generates have no source and no size, and synthetic images always have one.
 */
export function fromVersion1(content: Content): Content {
  const { configuration, configuration_hash: claimed, protocol_version: protocol, dataset } = content;
  const migrated = { ...content, schema_version: 2 };
  if (!isObject(configuration) || typeof protocol !== 'number' || !isObject(dataset)) return migrated;
  if (sha256Hex(canonicalJson(configuration)) !== claimed) return migrated;
  const data =
    dataset.source === 'generated'
      ? { source: 'real', synthetic_size: null }
      : { source: dataset.source ?? null, synthetic_size: dataset.synthetic_size ?? null };
  const inForce = { ...configuration, data };
  return { ...migrated, configuration: inForce, configuration_hash: hashOf(inForce, protocol) };
}

/** Content that no schema has seen yet: what cannot be hashed gets the hash of nothing, and the schema says what is wrong. */
function hashOf(configuration: Content, protocol: number): string {
  try {
    return hashConfiguration(configurationFromJson(configuration as unknown as ConfigurationJson), protocol);
  } catch {
    return sha256Hex('');
  }
}

function isObject(value: JsonValue | undefined): value is Content {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
