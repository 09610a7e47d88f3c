import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileError } from '../errors.js';
import { writeFileAtomic } from './atomic-file.js';
import { contentDigest } from './build.js';
import { type JsonValue, prettyJson } from './canonical-json.js';
import { configurationFromJson } from './configuration.js';
import { describeFault, describeJsonFault } from './faults.js';
import { hashConfiguration } from './identity.js';
import { migrate } from './migrate.js';
import { JsonFault, parseJson } from './parse-json.js';
import { readText } from './read-text.js';
import { RUN_FILE_VERSION, type RunFile, runFileSchema } from './schema.js';
import { checkDigest, contentReader, type DigestCheck } from './sealed-content.js';

/**
 * Writes the run file atomically and returns its path. A file of another run that happens to have this name (same seed
 * and second, other data or engine) is kept: the new one takes the next free second.
 */
export async function writeRunFile(path: string, runFile: RunFile): Promise<string> {
  const checked = runFileSchema.safeParse(runFile, { reportInput: true });
  if (!checked.success)
    throw new Error(`defect: this run file would be invalid: ${describeFault(checked.error, RUN_FILE_VERSION)}`);
  let target = path;
  for (let attempt = 0; attempt < 60 && (await belongsToAnotherRun(target, runFile)); attempt++) {
    target = oneSecondLater(target);
  }
  await writeFileAtomic(target, `${prettyJson(runFile as JsonValue)}\n`);
  return target;
}

/**
 * Reads and checks a run file: strict JSON, schema, configuration hash and content digest. Throws FileError, one line
 * that names the file, the field, what was found and what was expected.
 */
export async function readRunFile(path: string): Promise<RunFile> {
  return parseRunFile(path, await readText(path));
}

/** {@link readRunFile} of a text that is already read; `path` only names it in errors. */
export function parseRunFile(path: string, text: string): RunFile {
  try {
    const { value, token } = parseJson(text);
    if (token === null) return checkRunFile(path, value, text);
    throw new JsonFault(`the bare token ${token.text}`, token.position);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new FileError(
      { subject: path, what: describeJsonFault(text, error), remedy: 'expected a probprec run file' },
      { cause: error },
    );
  }
}

const toRunFile = contentReader(runFileSchema, RUN_FILE_VERSION);

/** {@link parseRunFile} of a content that is already parsed. */
export function checkRunFile(path: string, value: JsonValue, text: string, digest: DigestCheck = checkDigest): RunFile {
  const content = toRunFile(path, migrate(path, value));
  const { content_digest: claimed, configuration, protocol_version: protocol } = content;
  const hash = hashConfiguration(configurationFromJson(configuration), protocol);
  if (hash !== content.configuration_hash) {
    throw new FileError({
      subject: `${path}: field configuration_hash`,
      found: `${content.configuration_hash}`,
      expected: hash,
      remedy: 'the configuration was changed after it was written',
    });
  }
  digest(path, text, claimed, () => {
    const { content_digest: _, ...rest } = content;
    return contentDigest(rest);
  });
  return content;
}

async function belongsToAnotherRun(path: string, runFile: RunFile): Promise<boolean> {
  const entry = await lstat(path).catch(() => null);
  if (entry === null) return false;
  try {
    return (await readRunFile(path)).configuration_hash !== runFile.configuration_hash;
  } catch {
    return true;
  }
}

function oneSecondLater(path: string): string {
  const match = /^(.*__)(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)\.json$/s.exec(path);
  if (match === null) return join(dirname(path), `again__${path.slice(dirname(path).length + 1)}`);
  const [, start = '', ...fields] = match;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = fields.map(Number);
  const later = new Date(Date.UTC(year, month - 1, day, hour, minute, second + 1)).toISOString();
  return `${start}${later.slice(0, 19).replace(/[T:]/g, '-')}.json`;
}
