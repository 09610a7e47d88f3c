import { rmSync } from 'node:fs';
import { readdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAbandoned, temporaryName } from './temporary-name.js';

/** What ends a process that does nothing about it. */
const DEADLY = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Files of this process that do not have their own names yet. */
const unfinished = new Set<string>();

/**
 * The name under which a file is written until it is whole, beside the place where it belongs. When the process ends before
 * {@link finishTemporary}, by a signal that nobody listens to as well, the file goes.
 */
export function beginTemporary(path: string): string {
  const temporary = join(dirname(path), temporaryName(`.${basename(path)}`, '.tmp'));
  if (unfinished.size === 0) {
    process.on('exit', removeUnfinished);
    for (const name of DEADLY) process.on(name, removeAndEnd);
  }
  unfinished.add(temporary);
  return temporary;
}

/** The file has its own name now, or is gone. */
export function finishTemporary(temporary: string): void {
  if (!unfinished.delete(temporary) || unfinished.size > 0) return;
  process.off('exit', removeUnfinished);
  for (const name of DEADLY) process.off(name, removeAndEnd);
}

/**
 * Removes what processes that were killed as they wrote this file have left. What cannot be removed stays: it does no harm.
 */
export async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(`.${basename(path)}.`) || !name.endsWith('.tmp')) continue;
    const left = join(folder, name);
    const entry = await stat(left).catch(() => null);
    if (entry?.isFile() && isAbandoned(name, entry.mtimeMs)) await unlink(left).catch(() => undefined);
  }
}

function removeUnfinished(): void {
  for (const temporary of unfinished) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // Out of reach: the next process that writes this file removes it.
    }
  }
}

/** A command that listens ends in its own way; every other one as if nobody did. */
function removeAndEnd(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 1) return;
  removeUnfinished();
  process.off(name, removeAndEnd);
  process.kill(process.pid, name);
}
