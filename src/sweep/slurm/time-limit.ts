import { ConfigurationError } from '../../errors.js';
import type { PlannedRun } from '../planned-runs.js';

/** Slurm checks time limits once a minute, so that the signal before the limit may come this much too early. */
const EARLY_SECONDS = 60;
/** For starting a run: its process, engine and data. */
const START_SECONDS = 20;

/** How long the longest epoch of a plan takes, with its evaluation, and how that is known. */
export interface EpochEstimate {
  readonly seconds: number;
  readonly source: 'measured' | 'stated' | 'assumed';
  /** Seconds of an epoch for each kind of run that was measured ({@link kindOfRun}). */
  readonly byKind?: ReadonlyMap<string, number>;
}

/** Runs of one kind take about the same time for an epoch. */
export function kindOfRun({ configuration: { testproblem, optimizer, batchSize } }: PlannedRun): string {
  return JSON.stringify([testproblem, optimizer.name, batchSize]);
}

/** Seconds that a whole run takes, by the measured epochs of its kind, else by the longest. */
export function secondsOfRun(run: PlannedRun, { seconds, byKind }: EpochEstimate): number {
  return run.configuration.numEpochs * (byKind?.get(kindOfRun(run)) ?? seconds);
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
    throw new ConfigurationError({
      subject: `${plan}: resources.time`,
      what: 'missing',
      expected: 'the time limit of a task, for instance time: 04:00:00',
    });
  }
  const seconds = parseTimeLimit(time);
  if (seconds === null) {
    throw new ConfigurationError({
      subject: `${plan}: resources.time`,
      found: JSON.stringify(time),
      expected: 'a time limit of Slurm: minutes, hours:minutes:seconds or days-hours:minutes:seconds',
    });
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
  throw new ConfigurationError({
    subject: `${plan}: resources.time`,
    found: `${time} (${limit} s)`,
    expected: `at least ${Math.ceil(needed / 60)} minutes: ${signalSeconds} s for the signal, ${EARLY_SECONDS} s by which it may be early, ${START_SECONDS} s to start, and one epoch of ${Math.ceil(epoch.seconds)} s (${known})`,
    remedy: 'a task could never make progress',
  });
}

/**
 * How many starts the longest task of a plan needs within a time limit that {@link checkTimeLimit} has let pass. Throws
 * ConfigurationError where that is more than the restarts allow; not where the epoch's time is only assumed.
 */
export function checkTaskTime(
  plan: string,
  time: string,
  { taskSeconds, signalSeconds, maxRestarts, epoch }: TaskTime,
): number {
  const limit = Math.ceil((parseTimeLimit(time) ?? 0) / 60) * 60;
  const each = limit - signalSeconds - EARLY_SECONDS - START_SECONDS;
  const starts = Math.max(1, Math.ceil(taskSeconds / each));
  if (starts <= maxRestarts + 1 || epoch.source === 'assumed') return starts;
  throw new ConfigurationError({
    subject: `${plan}: resources.time`,
    found: `${time}, but the longest task needs about ${inHours(taskSeconds)}: ${starts} starts of ${inHours(each)}, and --max-restarts ${maxRestarts} allows ${maxRestarts + 1}`,
    remedy: 'raise resources.time or --max-restarts, or lower runs_per_task',
  });
}

interface TaskTime {
  /** Seconds of training and evaluation of the longest task. */
  readonly taskSeconds: number;
  readonly signalSeconds: number;
  readonly maxRestarts: number;
  readonly epoch: EpochEstimate;
}

/** `8.3 h`, `12 min`, `40 s`. */
export function inHours(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${Number((seconds / 3600).toPrecision(2))} h`;
}
