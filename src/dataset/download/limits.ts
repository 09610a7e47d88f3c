/** How long a download waits and how often it tries. Times in seconds. */
export interface DownloadLimits {
  /** For a server to answer. */
  readonly answer: number;
  /** In this time at least 100 bytes a second must arrive, or the attempt ends. */
  readonly stall: number;
  /** One attempt, in all. */
  readonly attempt: number;
  /** All attempts at a file, in all. */
  readonly total: number;
  /** Attempts at one mirror that bring nothing new. */
  readonly attempts: number;
  /** Before the second attempt; each further one waits twice as long. */
  readonly backoff: number;
  /** The longest wait that a server may ask for; a mirror that asks for more is left for the next one. */
  readonly longestWait: number;
}

const SLOWEST_BYTES_PER_SECOND = 50_000;
export const LEAST_BYTES_PER_SECOND = 100;

/** The limits for a file of so many bytes: a minute and what 50 kB a second take, thrice in all. */
export function limitsFor(size: number, changed: Partial<DownloadLimits> = {}): DownloadLimits {
  const attempt = 60 + size / SLOWEST_BYTES_PER_SECOND;
  return {
    answer: 10,
    stall: 30,
    attempt,
    total: 3 * attempt,
    attempts: 4,
    backoff: 1,
    longestWait: 60,
    ...changed,
  };
}

/**
 * Seconds to wait after so many attempts without success: what the server asks for, else twice as long each time, of which a
 * random half, so that many clients that failed together do not come back together. `random` is in [0, 1).
 */
export function waitAfter(
  failed: number,
  asked: number | null,
  { backoff, longestWait }: DownloadLimits,
  random: number = Math.random(),
): number {
  const exponential = Math.min(longestWait, backoff * 2 ** (failed - 1));
  return Math.max(asked ?? 0, exponential * (0.5 + random / 2));
}

/** Seconds in a Retry-After header (RFC 9110, 10.2.3: a number of seconds or a date); null if it says neither. */
export function retryAfter(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  if (/^\s*\d+\s*$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - nowMs) / 1000);
}
