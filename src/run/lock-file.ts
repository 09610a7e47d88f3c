import { z } from 'zod';
import { OutputError } from '../errors.js';
import { isAlive, ownIdentity } from '../process-identity.js';
import { NotAFileError, readRegularFile, TooLongError } from '../regular-file.js';
import { outputOptions, reasonOf } from '../results/atomic-file.js';

/** A holder that cannot be asked (another host) and showed no life for this long is taken for dead. */
const STALE_MS = 5 * 60_000;
/** One of this host's name, from another start of the system: three signs of life that did not come. */
const STALE_AFTER_REBOOT_MS = 90_000;
/** Bytes; a lock has three hundred. */
const LONGEST_LOCK = 1 << 16;

const text = z.string().max(255);

/** A lock file's content is outside input: its process is asked whether it lives, and its nonce is part of a file name. */
const holderSchema = z.object({
  pid: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  host: text,
  system: text.nullable(),
  started: z
    .string()
    .regex(/^\d{1,20}$/)
    .nullable(),
  slurm: z.object({ job: text, restarts: z.number() }).nullable(),
  /** ISO time at which it took the lock. */
  since: z.iso.datetime(),
  /** Different for every lock that was ever taken. */
  nonce: z.string().regex(/^[0-9a-z-]{1,64}$/),
});

/** Who trains a run: the content of its lock file. */
export type LockHolder = Readonly<z.infer<typeof holderSchema>>;

/** The lock's content with the time of the last sign of life. */
export interface FoundLock {
  readonly holder: LockHolder;
  readonly touchedMs: number;
}

/**
 * The lock file as it is; null when there is none. Throws OutputError for what is no file (a link, a pipe, a folder), which
 * nobody of us has put there.
 */
export async function inspectLock(path: string): Promise<FoundLock | null> {
  try {
    const { content, modifiedMs } = await readRegularFile(path, { most: LONGEST_LOCK, follow: false });
    return { holder: parseHolder(content.toString('utf8'), modifiedMs), touchedMs: modifiedMs };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (error instanceof NotAFileError || error instanceof TooLongError) {
      throw new OutputError(
        { subject: `${path}: ${error.message}`, what: 'the lock of a run', remedy: 'remove it' },
        { exitCode: 1, cause: error },
      );
    }
    throw new OutputError(
      { subject: path, what: reasonOf(error), remedy: 'expected the lock of a run' },
      outputOptions(error),
    );
  }
}

/** Whether the holder is dead, or has shown no life for so long that it must be. */
export function isStale({ holder, touchedMs }: FoundLock, nowMs: number): boolean {
  const alive = isDamaged(holder) ? null : isAlive(holder);
  if (alive !== null) return !alive;
  return nowMs - touchedMs > (ofEarlierStart(holder) ? STALE_AFTER_REBOOT_MS : STALE_MS);
}

/** The content of a lock file. */
export function lockContent(holder: LockHolder): string {
  return `${JSON.stringify(holder)}\n`;
}

/** `process 123 on host node7, since 2026-01-01 12:34:56 UTC`, for messages. */
export function describeHolder(holder: LockHolder): string {
  const since = `since ${holder.since.slice(0, 19).replace('T', ' ')} UTC`;
  if (isDamaged(holder)) return `a lock that cannot be read, ${since}; it is respected for five minutes`;
  const again = ofEarlierStart(holder)
    ? ', before the last start of this system: its lock ends 90 seconds after its last sign of life'
    : '';
  return `process ${holder.pid} on host ${shown(holder.host)}, ${since}${again}`;
}

/** The host's name may be anything that somebody wrote into the file. */
function shown(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._:-]/gu, '?');
}

/** A damaged lock (a full disk, another program) names nobody: it counts as a holder that cannot be asked. */
function parseHolder(content: string, touchedMs: number): LockHolder {
  try {
    return holderSchema.parse(JSON.parse(content));
  } catch {
    const since = new Date(touchedMs).toISOString();
    const nonce = `${DAMAGED}-${Math.round(touchedMs)}`;
    return { pid: 1, host: 'unknown', system: null, started: null, slurm: null, since, nonce };
  }
}

const DAMAGED = 'damaged';

function isDamaged({ nonce }: LockHolder): boolean {
  return nonce.startsWith(DAMAGED);
}

function ofEarlierStart({ host, system }: LockHolder): boolean {
  const own = ownIdentity();
  const boot = (name: string | null) => name?.split(' ')[0] ?? null;
  return host === own.host && system !== null && own.system !== null && boot(system) !== boot(own.system);
}
