import { close, constants, fstat, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { FileError } from '../errors.js';
import { RUN_FILE_VERSION, type RunStatus, readRunFile, type SourceFile } from '../results/index.js';

const openFile = promisify(open);
const statFile = promisify(fstat);
const readFile = promisify(read);
const closeFile = promisify(close);

/** How a run file ended, without its curves. */
export interface RunOutcomeSummary {
  readonly path: string;
  readonly configurationHash: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly sources: RunSources;
  /** The rule that pruned it; null where none did. */
  readonly prunedBy: string | null;
}

/** The users' files that a run was made with. */
export interface RunSources {
  readonly optimizer: SourceFile | null;
  readonly testproblem: SourceFile | null;
  readonly dataset: SourceFile | null;
}

/** Bytes at a file's end that are looked at first, and when that is not enough (many epochs, long optimizer logs). */
const TAILS = [1 << 14, 1 << 18];

/**
 * Reads of a run file what says which run it is and how it ended. Thousands of files have to be looked at for the status
 * of a plan, so only the file's end is read and the content is not checked (readRunFile does); a file of an older version, or
 * one that is not laid out as ours are, is read completely. Null for a file that is not a whole run file.
 */
export async function readRunOutcome(path: string): Promise<RunOutcomeSummary | null> {
  for (const tail of TAILS) {
    const text = await readTail(path, tail);
    if (text === null) return null;
    const quick = summaryIn(path, text);
    if (quick !== null) return quick;
    if (text.length < tail) break;
  }
  try {
    const runFile = await readRunFile(path);
    const { configuration_hash: configurationHash, configuration, status } = runFile;
    const sources = {
      optimizer: configuration.optimizer.source,
      testproblem: configuration.testproblem_source ?? null,
      dataset: configuration.dataset?.source ?? null,
    };
    const prunedBy = runFile.pruned_by ?? null;
    const [startedAt, finishedAt] = [runFile.started_at, runFile.finished_at];
    return { path, configurationHash, status, startedAt, finishedAt, sources, prunedBy };
  } catch (error) {
    if (error instanceof FileError) return null;
    throw error;
  }
}

/** The file's last bytes, one character each. Descriptors instead of file handles: half the time for thousands of files. */
async function readTail(path: string, bytes: number): Promise<string | null> {
  // A pipe of that name must not be waited for.
  const descriptor = await openFile(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(() => null);
  if (descriptor === null) return null;
  try {
    const entry = await statFile(descriptor);
    if (!entry.isFile()) return null;
    const { size } = entry;
    const length = Math.min(size, bytes);
    const { buffer, bytesRead } = await readFile(descriptor, Buffer.allocUnsafe(length), 0, length, size - length);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await closeFile(descriptor);
  }
}

/** Finds members of the outermost object, which our writer puts on lines of their own, indented by two. */
function summaryIn(path: string, text: string): RunOutcomeSummary | null {
  if (!text.endsWith('\n}\n') || !text.includes(`\n  "schema_version": ${RUN_FILE_VERSION},\n`)) return null;
  const status = /\n {2}"status": (\{\n[^}]*\n {2}\}),\n/.exec(text)?.[1];
  const configurationHash = /\n {2}"configuration_hash": "([0-9a-f]{64})",\n/.exec(text)?.[1];
  const startedAt = /\n {2}"started_at": "([^"]*)",\n/.exec(text)?.[1];
  const finishedAt = /\n {2}"finished_at": "([^"]*)",\n/.exec(text)?.[1];
  const [, configuration] = /\n {2}"configuration": (\{\n.*?\n {2}\}),\n/s.exec(text) ?? [];
  const prunedBy = /\n {2}"pruned_by": ("[^\n]*"),\n/.exec(text)?.[1];
  if (status === undefined || configurationHash === undefined || configuration === undefined) return null;
  if (startedAt === undefined || finishedAt === undefined) return null;
  try {
    return {
      path,
      configurationHash,
      status: jsonOf(status) as RunStatus,
      startedAt,
      finishedAt,
      sources: sourcesIn(configuration),
      prunedBy: prunedBy === undefined ? null : (jsonOf(prunedBy) as string),
    };
  } catch {
    return null;
  }
}

/** Only what is there is parsed: hyperparameters and schedules of thousands of files are not. */
function sourcesIn(configuration: string): RunSources {
  const pattern = (indent: number) =>
    `(null|\\{\\n {${indent + 2}}"file": "[^\\n]*",\\n {${indent + 2}}"sha256": "[0-9a-f]{64}"\\n {${indent}}\\})`;
  const read = (expression: RegExp) => jsonOf(expression.exec(configuration)?.[1] ?? 'null') as SourceFile | null;
  return {
    optimizer: read(new RegExp(`\\n {4}"optimizer": \\{\\n.*?\\n {6}"source": ${pattern(6)}`, 's')),
    testproblem: read(new RegExp(`\\n {4}"testproblem_source": ${pattern(4)}`)),
    dataset: read(new RegExp(`\\n {4}"dataset": \\{\\n {6}"name": [^\\n]*\\n {6}"source": ${pattern(6)}`, 's')),
  };
}

function jsonOf(text: string): unknown {
  return JSON.parse(Buffer.from(text, 'latin1').toString('utf8'));
}
