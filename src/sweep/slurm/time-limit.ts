import { ConfigurationError } from '../../errors.js';

/** Slurm checks time limits once a minute, so that the signal before the limit may come this much too early. */
const EARLY_SECONDS = 60;
/** For starting a run: its process, engine and data. */
const START_SECONDS = 20;

/** How long the longest epoch of a plan takes, with its evaluation, and how that is known. */
export interface EpochEstimate {
  readonly seconds: number;
  readonly source: 'measured' | 'stated' | 'assumed';
}

/** Where nothing was measured or stated. */
export const ASSUMED_EPOCH: EpochEstimate = { seconds: 300, source: 'assumed' };

/**
 * Seconds of a time limit in any of Slurm's forms: minutes, minutes:seconds, hours:minutes:seconds, days-hours,
 * days-hours:minutes, days-hours:minutes:seconds; Infinity for UNLIMITED and 0. Null for any other text.
 */
export function parseTimeLimit(text: string): number | null {
  if (/^(?:unlimited|infinite|0)$/i.test(text)) return Number.POSITIVE_INFINITY;
  const [, days, clock = ''] = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(text) ?? [];
  if (clock === '') return null;
  const [first = 0, second = 0, third = 0] = clock.split(':').map(Number);
  if (days !== undefined) return ((Number(days) * 24 + first) * 60 + second) * 60 + third;
  return clock.split(':').length === 3 ? (first * 60 + second) * 60 + third : first * 60 + second;
}

/**
 * Checks that a task gets on in every attempt. A run that is interrupted keeps its step, but begins its evaluation again, and
 * some optimizers of users are kept between epochs only: with one epoch of room every run gets on. It must fit between the start and the earliest moment of the signal: time ≥ signal + 60 s + start + epoch.
 * Throws ConfigurationError.
 */
export function checkTimeLimit(
  plan: string,
  time: string | undefined,
  signalSeconds: number,
  epoch: EpochEstimate,
): string {
  if (time === undefined) {
    throw new ConfigurationError(
      `${plan}: resources.time: missing, expected the time limit of a task, for instance time: 04:00:00`,
    );
  }
  const seconds = parseTimeLimit(time);
  if (seconds === null) {
    throw new ConfigurationError(
      `${plan}: resources.time: found ${JSON.stringify(time)}, expected a time limit of Slurm: minutes, hours:minutes:seconds or days-hours:minutes:seconds`,
    );
  }
  // Slurm counts whole minutes, rounded up.
  const limit = Math.ceil(seconds / 60) * 60;
  const needed = signalSeconds + EARLY_SECONDS + START_SECONDS + epoch.seconds;
  if (limit >= needed) return time;
  const known = {
    measured: 'the longest measured of this plan',
    stated: '--epoch-seconds',
    assumed: 'assumed, because no epoch was measured yet; set it with --epoch-seconds',
  }[epoch.source];
  throw new ConfigurationError(
    `${plan}: resources.time: found ${time} (${limit} s), expected at least ${Math.ceil(needed / 60)} minutes: ${signalSeconds} s for the signal, ${EARLY_SECONDS} s by which it may be early, ${START_SECONDS} s to start, and one epoch of ${Math.ceil(epoch.seconds)} s (${known}); a task could never make progress`,
  );
}
