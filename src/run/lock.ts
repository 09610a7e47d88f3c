import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { type FileHandle, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OutputError } from '../errors.js';
import { isAlive, ownIdentity, type ProcessIdentity } from '../process-identity.js';
import { hashConfiguration, type RunConfiguration, settingPath } from '../results/index.js';

/** How often a holder shows that it lives. */
const HEARTBEAT_MS = 30_000;
/** A holder that cannot be asked (another host) and showed no life for this long is taken for dead. */
const STALE_MS = 5 * 60_000;

/** Who trains a run: the content of its lock file. */
export interface LockHolder extends ProcessIdentity {
  /** ISO time at which it took the lock. */
  readonly since: string;
  /** Different for every lock that was ever taken. */
  readonly nonce: string;
}

/** A lock that this process holds. */
export interface RunLock {
  readonly path: string;
  /** Aborts when another host has taken the lock over, because this one showed no life: stop writing. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** A lock that somebody else holds. */
export interface HeldBy {
  readonly path: string;
  readonly heldBy: LockHolder;
}

/** Where the run of this configuration has its lock: beside its checkpoint. */
export function runLockPath(outputDir: string, configuration: RunConfiguration): string {
  const name = `random_seed__${configuration.seed}__${hashConfiguration(configuration).slice(0, 12)}.lock`;
  return join(settingPath(outputDir, configuration), name);
}

/**
 * Takes the lock of a run, so that no two processes train it at once, on this host or on others that share the folder.
 * The lock of a process that has died is taken over: at once when it ran on this host or was an earlier start of the
 * same Slurm job, else when it has shown no life for five minutes. The setting's folder must exist. Throws OutputError.
 *
 * Safe on NFS: a lock appears complete and exclusively, by a hard link to a finished file. Ages are differences of two
 * times of the same file server, so clocks need not agree. Taking over a lock needs a second one, named by the nonce of
 * the first, that only one process can get; who has it looks once more before it replaces the dead holder's lock.
 */
export async function acquireRunLock(outputDir: string, configuration: RunConfiguration): Promise<RunLock | HeldBy> {
  const path = runLockPath(outputDir, configuration);
  const own: LockHolder = {
    ...ownIdentity(),
    since: new Date().toISOString(),
    nonce: randomBytes(8).toString('hex'),
  };
  const claim = join(dirname(path), `.${basename(path)}.${own.nonce}.tmp`);
  try {
    await writeClaim(claim, own);
    const heldBy = await take(path, claim, own);
    return heldBy === null ? new HeldLock(path, own) : { path, heldBy };
  } catch (error) {
    throw new OutputError(`cannot lock the run: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await rm(claim, { force: true });
  }
}

/** Who trains this run at the moment; null when nobody does. */
export async function readRunLock(outputDir: string, configuration: RunConfiguration): Promise<LockHolder | null> {
  const path = runLockPath(outputDir, configuration);
  const found = await inspect(path);
  return found === null || isStale(found, Date.now()) ? null : found.holder;
}

/** `process 123 on host node7, since 12:34:56`, for messages. */
export function describeHolder({ pid, host, since }: LockHolder): string {
  return `process ${pid} on host ${host}, since ${since.slice(0, 19).replace('T', ' ')} UTC`;
}

/** The lock's content with the time of the last sign of life. A lock without readable content was just being written. */
interface FoundLock {
  readonly holder: LockHolder;
  readonly touchedMs: number;
}

async function inspect(path: string): Promise<FoundLock | null> {
  try {
    const touchedMs = (await stat(path)).mtimeMs;
    return { holder: parseHolder(await readFile(path, 'utf8'), touchedMs), touchedMs };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/** Damaged content (a full disk) names nobody: it counts as a holder that cannot be asked. */
function parseHolder(text: string, touchedMs: number): LockHolder {
  try {
    const holder: unknown = JSON.parse(text);
    if (typeof holder === 'object' && holder !== null && 'nonce' in holder && 'pid' in holder) {
      return holder as LockHolder;
    }
  } catch {
    // Falls through to the holder that nobody knows.
  }
  const since = new Date(touchedMs).toISOString();
  return { pid: 0, host: 'unknown', system: null, started: null, slurm: null, since, nonce: `damaged-${touchedMs}` };
}

function isStale({ holder, touchedMs }: FoundLock, nowMs: number): boolean {
  const alive = holder.pid === 0 ? null : isAlive(holder);
  return alive === null ? nowMs - touchedMs > STALE_MS : !alive;
}

/** A complete lock file under a name of its own, ready to be linked. */
async function writeClaim(claim: string, own: LockHolder): Promise<void> {
  const handle = await open(claim, 'wx');
  try {
    await handle.writeFile(contentOf(own));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function contentOf(holder: LockHolder): string {
  return `${JSON.stringify(holder)}\n`;
}

/** Makes `path` this process's lock, or returns who holds it. */
async function take(path: string, claim: string, own: LockHolder): Promise<LockHolder | null> {
  for (;;) {
    if (await linkExclusively(claim, path, own)) return null;
    const found = await inspect(path);
    if (found === null) continue;
    if (!isStale(found, (await stat(claim)).mtimeMs)) return found.holder;
    const right = join(dirname(path), `${basename(path)}.${found.holder.nonce}.takeover`);
    const rival = await take(right, claim, own);
    if (rival !== null) return rival;
    try {
      const unchanged = (await inspect(path))?.holder.nonce === found.holder.nonce;
      if (unchanged) await replace(path, own);
      if (unchanged) return null;
    } finally {
      await rm(right, { force: true });
    }
  }
}

/** Creates the lock by a hard link, or exclusively where the file system has no links. False when there is one already. */
async function linkExclusively(claim: string, path: string, own: LockHolder): Promise<boolean> {
  try {
    await link(claim, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // An NFS server's answer may get lost: then the link is there although the call was repeated and failed.
    if (code === 'EEXIST') return (await inspect(path))?.holder.nonce === own.nonce;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
  }
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await handle.writeFile(contentOf(own)).finally(() => handle.close());
  return true;
}

/** Puts this process's lock in the place of a dead one's, at once. */
async function replace(path: string, own: LockHolder): Promise<void> {
  const content = join(dirname(path), `.${basename(path)}.${own.nonce}.new.tmp`);
  await writeClaim(content, own);
  await rename(content, path);
}

class HeldLock implements RunLock {
  readonly path: string;
  readonly #own: LockHolder;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** The process ends without a release, for instance at a second Ctrl-C. */
  readonly #atExit = () => {
    try {
      if (readFileSync(this.path, 'utf8') === contentOf(this.#own)) rmSync(this.path);
    } catch {
      // Already gone, or out of reach: then it is taken over as a dead process's lock.
    }
  };

  constructor(path: string, own: LockHolder) {
    this.path = path;
    this.#own = own;
    this.#timer = setInterval(() => void this.#beat(), HEARTBEAT_MS);
    this.#timer.unref();
    process.once('exit', this.#atExit);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    this.#stop();
    if ((await this.#holds()) === true) await rm(this.path, { force: true });
  }

  /** Writes the same bytes again: the file server sets the time, and no reader can see half of it. */
  async #beat(): Promise<void> {
    const holds = await this.#holds();
    if (holds === false) {
      this.#stop();
      this.#lost.abort(new OutputError(`${this.path}: another process took this run over; nothing more is written`));
    } else if (holds === true) {
      const bytes = Buffer.from(contentOf(this.#own));
      const handle = await open(this.path, 'r+').catch(() => null);
      await handle?.write(bytes, 0, bytes.length, 0).catch(() => undefined);
      await handle?.close().catch(() => undefined);
    }
  }

  /** Null when the file system does not answer: that is no reason to give up a run. */
  async #holds(): Promise<boolean | null> {
    try {
      return (await inspect(this.path))?.holder.nonce === this.#own.nonce;
    } catch {
      return null;
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    process.off('exit', this.#atExit);
  }
}
