import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { open, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { DataError } from '../errors.js';
import { isAlive, ownIdentity } from '../process-identity.js';
import { NotAFileError, readRegularFile } from '../regular-file.js';

const HEARTBEAT_MS = 20_000;
/** A fetcher on another host that shows no life for this long is taken for dead. */
const STALE_MS = 2 * 60_000;
const MOST_BYTES = 4096;

const holderSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  system: z.string().nullable(),
  started: z.string().nullable(),
  slurm: z.object({ job: z.string(), restarts: z.number() }).nullable(),
  since: z.string(),
  nonce: z.string().regex(/^[0-9a-f]{16}$/),
});

/** Who fetches a data set: the content of its lock file; null if that cannot be read (it is being written, or damaged). */
interface FoundLock {
  readonly holder: z.infer<typeof holderSchema> | null;
  readonly modifiedMs: number;
}

/** How to wait for another fetcher. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((line: string) => void) | undefined;
  /** How often to look; 500 ms by default. */
  readonly pollMs?: number | undefined;
  /** What the holder of the lock does with the data set, for who waits; by default it fetches it. */
  readonly doing?: string | undefined;
}

/** Where the fetchers of a data set have their lock. */
export function fetchLockPath(dataDir: string, dataset: string): string {
  return join(dataDir, `.${dataset}.fetching`);
}

/**
 * Does `action` while no other process that keeps to this lock fetches the same data set into the same folder, on this host
 * or on others that share the folder. Says who does and waits for it. The lock of a dead process is removed: at once if it
 * ran on this host, else when it shows no life for two minutes. The folder must exist. Throws the system's errors, DataError
 * when something else lies in the lock's place, and the signal's reason.
 */
export async function withFetchLock<T>(
  dataDir: string,
  dataset: string,
  options: WaitOptions,
  action: () => Promise<T>,
): Promise<T> {
  const path = fetchLockPath(dataDir, dataset);
  const nonce = randomBytes(8).toString('hex');
  const content = `${JSON.stringify({ ...ownIdentity(), since: new Date().toISOString(), nonce })}\n`;
  await take(path, content, dataset, options);
  const release = (): void => {
    try {
      if (readFileSync(path, 'utf8') === content) rmSync(path);
    } catch {
      // Already gone, or out of reach: then it is removed as a dead process's lock.
    }
  };
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), HEARTBEAT_MS);
  beat.unref();
  // At a second Ctrl-C the process ends without coming back here.
  process.once('exit', release);
  try {
    return await action();
  } finally {
    clearInterval(beat);
    process.off('exit', release);
    release();
  }
}

async function take(path: string, content: string, dataset: string, options: WaitOptions): Promise<void> {
  let said: string | null = null;
  let unchanged = { modifiedMs: Number.NaN, sinceMs: 0 };
  for (;;) {
    options.signal?.throwIfAborted();
    if (await create(path, content)) return;
    const found = await inspect(path);
    if (found === null) continue;
    const nowMs = performance.now();
    if (found.modifiedMs !== unchanged.modifiedMs) unchanged = { modifiedMs: found.modifiedMs, sinceMs: nowMs };
    // Clocks of two hosts may differ: what counts is how long nothing happens here, or a difference no clock has.
    const silentMs = Math.max(nowMs - unchanged.sinceMs, Date.now() - found.modifiedMs - 5 * STALE_MS);
    if (isDead(found, silentMs)) {
      await removeDead(path, found);
      continue;
    }
    const who = describe(found);
    if (who !== said) options.onProgress?.(`${dataset}: ${who} ${options.doing ?? 'fetches'} it already; waiting`);
    said = who;
    // The loop begins by throwing the signal's own reason.
    await sleep(options.pollMs ?? 500, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

function isDead({ holder }: FoundLock, silentMs: number): boolean {
  const alive = holder === null ? null : isAlive(holder);
  return alive === null ? silentMs > STALE_MS : !alive;
}

function describe({ holder }: FoundLock): string {
  if (holder === null) return 'another process';
  const host = holder.host.replace(/[^\w.-]/g, '?');
  return `process ${holder.pid} on host ${host}, since ${holder.since.replace(/[^\d:TZ.-]/g, '?').slice(0, 19)} UTC,`;
}

/** Makes the lock; false when there is one. */
async function create(path: string, content: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx');
    await handle.writeFile(content).finally(() => handle.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function inspect(path: string): Promise<FoundLock | null> {
  try {
    const { content, modifiedMs } = await readRegularFile(path, { most: MOST_BYTES, follow: false });
    return { holder: parse(content.toString('utf8')), modifiedMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (!(error instanceof NotAFileError)) throw error;
    throw new DataError(
      { subject: `${path}: ${error.message}`, what: 'the lock of `probprec data fetch`', remedy: 'remove it' },
      { cause: error },
    );
  }
}

function parse(text: string): FoundLock['holder'] {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * Removes a dead process's lock. Only one process can do so for the same lock, and it looks once more before: else a slow one
 * would remove the lock of the next holder.
 */
async function removeDead(path: string, dead: FoundLock): Promise<void> {
  const right = `${path}.${dead.holder?.nonce ?? 'damaged'}.takeover`;
  if (!(await create(right, ''))) {
    const age = Date.now() - (await stat(right).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    if (age > STALE_MS) await rm(right, { force: true });
    await sleep(50);
    return;
  }
  try {
    const now = await inspect(path);
    if (now !== null && now.holder?.nonce === dead.holder?.nonce && now.modifiedMs === dead.modifiedMs) await rm(path);
  } finally {
    await rm(right, { force: true });
  }
}
