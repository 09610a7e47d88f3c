import { ConfigurationError } from '../errors.js';
import { at } from '../expect.js';
import type { ResolvedRun } from '../run/index.js';
import { option, say } from '../words.js';
import { type RatioSummary, summariseRatios } from './ratios.js';
import { type Clock, type RunSeconds, type Scope, type TimedRun, type TimingOptions, timeRun } from './timed-run.js';

/** How optimizers are compared. */
export interface ComparisonOptions extends TimingOptions {
  readonly repeats: number;
  /** Called before each run with its repeat (0: warm-up) and optimizer. */
  readonly onStart?: (repeat: number, optimizer: string) => void;
  /** Called after each run. */
  readonly onRun?: (repeat: number, optimizer: string, seconds: RunSeconds) => void;
  /** Called instead when its loss stopped being finite; that optimizer is not run again. */
  readonly onDiverged?: (repeat: number, optimizer: string, reason: string) => void;
}

/** The scopes and clocks of a comparison, in the order in which they are shown. */
export const MEASURES = [
  ['training', 'wall'],
  ['training', 'cpu'],
  ['whole', 'wall'],
  ['whole', 'cpu'],
] as const satisfies readonly (readonly [Scope, Clock])[];

/** One optimizer's times, and their ratios to those of the reference; the reference itself has none. */
export interface Competitor {
  readonly resolved: ResolvedRun;
  /** Where its loss stopped being finite. Such a run is shorter than the others: it has no times. */
  readonly diverged: string | null;
  /** One for each repeat. */
  readonly runs: readonly RunSeconds[];
  readonly ratios: Readonly<Record<Scope, Readonly<Record<Clock, RatioSummary>>>> | null;
}

/** What a comparison found. The reference is the first competitor. */
export interface RuntimeComparison {
  readonly competitors: readonly Competitor[];
  readonly warmUpEpochs: number;
  readonly stepsPerEpoch: TimedRun['stepsPerEpoch'];
  readonly engine: TimedRun['engine'];
  readonly dataset: TimedRun['dataset'];
}

/**
 * Times runs that differ in the optimizer only; the first is the reference. After a warm-up of one epoch each, every repeat
 * runs all of them once, each repeat beginning with another one, so that what drifts on the machine meets all alike.
 */
export async function compareRuntime(
  runs: readonly ResolvedRun[],
  options: ComparisonOptions,
): Promise<RuntimeComparison> {
  const warmUpEpochs = 1;
  const times = runs.map((): RunSeconds[] => []);
  const diverged = runs.map((): string | null => null);
  let last: TimedRun | undefined;
  for (let repeat = 0; repeat <= options.repeats; repeat++) {
    for (const index of rotated(runs.length, Math.max(0, repeat - 1))) {
      const resolved = runs[index];
      if (resolved === undefined || diverged[index] !== null) continue;
      options.signal?.throwIfAborted();
      const { configuration } = resolved;
      const { name } = configuration.optimizer;
      options.onStart?.(repeat, name);
      const numEpochs = repeat === 0 ? warmUpEpochs : configuration.numEpochs;
      last = await timeRun({ ...resolved, configuration: { ...configuration, numEpochs } }, options);
      if (last.diverged !== null) {
        if (index === 0) throw referenceDiverged(name, last.diverged);
        diverged[index] = last.diverged;
        options.onDiverged?.(repeat, name, last.diverged);
      } else {
        if (repeat > 0) times[index]?.push(last.seconds);
        options.onRun?.(repeat, name, last.seconds);
      }
    }
  }
  if (last === undefined) throw new RangeError('compareRuntime: found no runs, expected at least the reference');
  const { stepsPerEpoch, engine, dataset } = last;
  const reference = at(times, 0);
  const competitors = runs.map((resolved, index): Competitor => {
    const lost = diverged[index] ?? null;
    const own = lost === null ? at(times, index) : [];
    const ratios = index === 0 || lost !== null ? null : ratiosOf(own, reference);
    return { resolved, diverged: lost, runs: own, ratios };
  });
  return { competitors, warmUpEpochs, stepsPerEpoch, engine, dataset };
}

function referenceDiverged(name: string, reason: string): ConfigurationError {
  return new ConfigurationError({
    what: `${name} diverged (${reason})`,
    expected: 'a reference that runs to its end',
    remedy: say`${option('set', `${name}.lr=VALUE`)} changes its learning rate`,
  });
}

/** 0 … n−1, beginning with `start` modulo n. */
function rotated(n: number, start: number): number[] {
  return Array.from({ length: n }, (_, index) => (index + start) % n);
}

function ratiosOf(own: readonly RunSeconds[], reference: readonly RunSeconds[]): NonNullable<Competitor['ratios']> {
  const ratio = (scope: Scope, clock: Clock): RatioSummary =>
    summariseRatios(
      own.map((seconds) => seconds[scope][clock]),
      reference.map((seconds) => seconds[scope][clock]),
    );
  return {
    training: { wall: ratio('training', 'wall'), cpu: ratio('training', 'cpu') },
    whole: { wall: ratio('whole', 'wall'), cpu: ratio('whole', 'cpu') },
  };
}
