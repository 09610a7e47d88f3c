import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { constants, type FileHandle, link, open, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { OutputError } from '../errors.js';
import { ownIdentity } from '../process-identity.js';
import { removeFile } from '../regular-file.js';
import { outputOptions, reasonOf } from '../results/atomic-file.js';
import type { RunConfiguration } from '../results/index.js';
import { inspectLock, isStale, type LockHolder, lockContent } from './lock-file.js';
import { runPlace } from './place.js';

/** How often a holder shows that it lives. */
const HEARTBEAT_MS = 30_000;
/** Attempts at a lock that comes and goes between two looks: far more than any race of processes needs. */
const MOST_ATTEMPTS = 1000;
/** Take-overs of take-overs whose process died: each is one that was killed in the same few milliseconds. */
const MOST_TAKEOVERS = 8;

/** A lock that this process holds. */
export interface RunLock {
  readonly path: string;
  /** Aborts when another host has taken the lock over, because this one showed no life: stop writing. */
  readonly lost: AbortSignal;
  /** Never throws; returns why the lock stays where it is, else null. */
  release(): Promise<string | null>;
}

/** A lock that somebody else holds. */
export interface HeldBy {
  readonly path: string;
  readonly heldBy: LockHolder;
}

/**
 * Takes the lock of a run, so that no two processes train it at once, on this host or on others that share the folder.
 * The lock of a process that has died is taken over: at once when it ran on this host or was an earlier start of the
 * same Slurm job, else when it has shown no life for five minutes. The setting's folder must exist. Throws OutputError, and
 * the signal's reason when that aborts before.
 *
 * Safe on NFS: a lock appears complete and exclusively, by a hard link to a finished file. Ages are differences of two
 * times of the same file server, so clocks need not agree. Taking over a lock needs a second one, named by the nonce of
 * the first, that only one process can get; who has it looks once more before it replaces the dead holder's lock.
 */
export async function acquireRunLock(
  outputDir: string,
  configuration: RunConfiguration,
  signal?: AbortSignal,
): Promise<RunLock | HeldBy> {
  const path = runPlace(outputDir, configuration).lock;
  const own: LockHolder = {
    ...ownIdentity(),
    since: new Date().toISOString(),
    nonce: randomBytes(8).toString('hex'),
  };
  const claim = join(dirname(path), `.${basename(path)}.${own.nonce}.tmp`);
  try {
    await writeClaim(claim, own);
    const heldBy = await take(path, { claim, own, signal, depth: 0 });
    return heldBy === null ? new HeldLock(path, own) : { path, heldBy };
  } catch (error) {
    if (error instanceof OutputError || signal?.aborted) throw error;
    throw new OutputError({ subject: `cannot lock the run: ${path}`, what: reasonOf(error) }, outputOptions(error));
  } finally {
    await removeFile(claim).catch(() => undefined);
  }
}

/** Who trains this run at the moment; null when nobody does. */
export async function readRunLock(outputDir: string, configuration: RunConfiguration): Promise<LockHolder | null> {
  const path = runPlace(outputDir, configuration).lock;
  const found = await inspectLock(path);
  return found === null || isStale(found, Date.now()) ? null : found.holder;
}

/** A complete lock file under a name of its own, ready to be linked. */
async function writeClaim(claim: string, own: LockHolder): Promise<void> {
  const handle = await open(claim, 'wx');
  try {
    await handle.writeFile(lockContent(own));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What an attempt at a lock works with. */
interface Attempt {
  readonly claim: string;
  readonly own: LockHolder;
  readonly signal: AbortSignal | undefined;
  readonly depth: number;
}

/** Makes `path` this process's lock, or returns who holds it. Ends, whatever is there. */
async function take(path: string, attempt: Attempt): Promise<LockHolder | null> {
  const { claim, own, signal, depth } = attempt;
  if (depth > MOST_TAKEOVERS)
    throw new OutputError({
      subject: path,
      what: 'too many processes died as they took a lock over',
      remedy: 'remove it',
    });
  for (let count = 0; count < MOST_ATTEMPTS; count++) {
    // The first attempt is quick; what comes after it may take long.
    if (count + depth > 0) signal?.throwIfAborted();
    if (await linkExclusively(claim, path, own)) return null;
    const found = await inspectLock(path);
    if (found === null) continue;
    if (!isStale(found, (await stat(claim)).mtimeMs)) return found.holder;
    const right = join(dirname(path), `${basename(path)}.${found.holder.nonce}.takeover`);
    const rival = await take(right, { ...attempt, depth: depth + 1 });
    if (rival !== null) return rival;
    try {
      const unchanged = (await inspectLock(path))?.holder.nonce === found.holder.nonce;
      if (unchanged) await replace(path, own);
      if (unchanged) return null;
    } finally {
      await removeFile(right);
    }
  }
  throw new OutputError({
    subject: path,
    what: `the lock came and went ${MOST_ATTEMPTS} times`,
    expected: 'it to be there or not',
    remedy: 'try again',
  });
}

/** Creates the lock by a hard link, or exclusively where the file system has no links. False when there is one already. */
async function linkExclusively(claim: string, path: string, own: LockHolder): Promise<boolean> {
  try {
    await link(claim, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // An NFS server's answer may get lost: then the link is there although the call was repeated and failed.
    if (code === 'EEXIST') return (await inspectLock(path))?.holder.nonce === own.nonce;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
  }
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await handle.writeFile(lockContent(own)).finally(() => handle.close());
  return true;
}

/** Puts this process's lock in the place of a dead one's, at once. */
async function replace(path: string, own: LockHolder): Promise<void> {
  const content = join(dirname(path), `.${basename(path)}.${own.nonce}.new.tmp`);
  await writeClaim(content, own);
  await rename(content, path);
}

/**
 * Removes what killed processes have left as they took this run's lock, whoever holds that now: claims and take-overs of
 * processes that are dead. What cannot be removed stays.
 */
export async function removeDeadClaims(path: string, names: readonly string[]): Promise<void> {
  const base = basename(path);
  const claims = names.filter(
    (name) =>
      (name.startsWith(`.${base}.`) && name.endsWith('.tmp')) ||
      (name.startsWith(`${base}.`) && name.endsWith('.takeover')),
  );
  for (const name of claims) {
    const claim = join(dirname(path), name);
    const found = await inspectLock(claim).catch(() => null);
    if (found !== null && isStale(found, Date.now())) await removeFile(claim).catch(() => undefined);
  }
}

class HeldLock implements RunLock {
  readonly path: string;
  readonly #own: LockHolder;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** The process ends without a release, for instance at a second Ctrl-C. */
  readonly #atExit = () => {
    try {
      if (readFileSync(this.path, 'utf8') === lockContent(this.#own)) rmSync(this.path);
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

  async release(): Promise<string | null> {
    this.#stop();
    try {
      const found = await inspectLock(this.path);
      if (found?.holder.nonce === this.#own.nonce) await removeFile(this.path);
      return null;
    } catch (error) {
      return `${this.path}: the lock cannot be removed: ${reasonOf(error)}; the next run takes it over`;
    }
  }

  /** Writes the same bytes again: the file server sets the time, and no reader can see half of it. */
  async #beat(): Promise<void> {
    const holds = await this.#holds();
    if (holds === false) {
      this.#stop();
      this.#lost.abort(
        new OutputError({
          subject: this.path,
          what: 'another process has taken over this run',
          remedy: 'this one stops writing',
        }),
      );
    } else if (holds === true) {
      const bytes = Buffer.from(lockContent(this.#own));
      const flags = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0);
      const handle = await open(this.path, flags).catch(() => null);
      await handle?.write(bytes, 0, bytes.length, 0).catch(() => undefined);
      await handle?.close().catch(() => undefined);
    }
  }

  /** Null when the file system does not answer: that is no reason to give up a run. */
  async #holds(): Promise<boolean | null> {
    try {
      return (await inspectLock(this.path))?.holder.nonce === this.#own.nonce;
    } catch {
      return null;
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    process.off('exit', this.#atExit);
  }
}
