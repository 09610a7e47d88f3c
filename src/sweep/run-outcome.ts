import { open } from 'node:fs/promises';
import { FileError } from '../errors.js';
import { type RunStatus, readRunFile } from '../results/index.js';

/** How a run file ended, without its curves. */
export interface RunOutcomeSummary {
  readonly path: string;
  readonly configurationHash: string;
  readonly status: RunStatus;
  readonly startedAt: string;
}

/** What stands behind the curves in a run file is shorter than this, but for long optimizer logs. */
const TAIL = 1 << 16;

/**
 * Reads of a run file what says which run it is and how it ended. Thousands of files have to be looked at for the status
 * of a plan, so only the file's end is read and the content is not checked (readRunFile does); a file that is not laid
 * out as ours are is read completely. Null for a file that is not a whole run file.
 */
export async function readRunOutcome(path: string): Promise<RunOutcomeSummary | null> {
  const tail = await readTail(path);
  if (tail === null) return null;
  const quick = summaryIn(path, tail);
  if (quick !== null) return quick;
  try {
    const { configuration_hash: configurationHash, status, started_at: startedAt } = await readRunFile(path);
    return { path, configurationHash, status, startedAt };
  } catch (error) {
    if (error instanceof FileError) return null;
    throw error;
  }
}

async function readTail(path: string): Promise<string | null> {
  const handle = await open(path, 'r').catch(() => null);
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, TAIL);
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, size - length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Finds members of the outermost object, which our writer puts on lines of their own, indented by two. */
function summaryIn(path: string, text: string): RunOutcomeSummary | null {
  if (!text.endsWith('\n}\n')) return null;
  const status = /\n {2}"status": (\{\n[^}]*\n {2}\}),\n/.exec(text)?.[1];
  const configurationHash = /\n {2}"configuration_hash": "([0-9a-f]{64})",\n/.exec(text)?.[1];
  const startedAt = /\n {2}"started_at": "([^"]*)",\n/.exec(text)?.[1];
  if (status === undefined || configurationHash === undefined || startedAt === undefined) return null;
  try {
    return { path, configurationHash, status: JSON.parse(status) as RunStatus, startedAt };
  } catch {
    return null;
  }
}
