import type { ResolvedRun } from '../run/index.js';
import { type RatioSummary, summarizeRatios } from './ratios.js';
import { type Clock, type RunSeconds, type Scope, type TimedRun, type TimingOptions, timeRun } from './timed-run.js';

/** How optimizers are compared. */
export interface ComparisonOptions extends TimingOptions {
  readonly repeats: number;
  /** Called before each run with its repeat (0: warm-up) and optimizer. */
  readonly onStart?: (repeat: number, optimizer: string) => void;
  /** Called after each run. */
  readonly onRun?: (repeat: number, optimizer: string, seconds: RunSeconds) => void;
}

/** The scopes and clocks of a comparison, in the order in which they are shown. */
export const MEASURES = [
  ['training', 'wall'],
  ['training', 'cpu'],
  ['whole', 'wall'],
  ['whole', 'cpu'],
] as const satisfies readonly (readonly [Scope, Clock])[];

/** One optimizer's times, and their ratios to those of the reference; the reference itself has none. */
export interface Contestant {
  readonly resolved: ResolvedRun;
  /** One for each repeat. */
  readonly runs: readonly RunSeconds[];
  readonly ratios: Readonly<Record<Scope, Readonly<Record<Clock, RatioSummary>>>> | null;
}

/** What a comparison found. The reference is the first contestant. */
export interface RuntimeComparison {
  readonly contestants: readonly Contestant[];
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
  const once = async (repeat: number, resolved: ResolvedRun): Promise<TimedRun> => {
    options.signal?.throwIfAborted();
    const { name } = resolved.configuration.optimizer;
    options.onStart?.(repeat, name);
    const timed = await timeRun(resolved, options);
    options.onRun?.(repeat, name, timed.seconds);
    return timed;
  };
  let last: TimedRun | undefined;
  for (const resolved of runs) {
    last = await once(0, { ...resolved, configuration: { ...resolved.configuration, numEpochs: warmUpEpochs } });
  }
  if (last === undefined) throw new RangeError('compareRuntime: found no runs, expected at least the reference');
  for (let repeat = 0; repeat < options.repeats; repeat++) {
    for (const index of rotated(runs.length, repeat)) {
      const resolved = runs[index];
      if (resolved !== undefined) times[index]?.push((await once(repeat + 1, resolved)).seconds);
    }
  }
  const { stepsPerEpoch, engine, dataset } = last;
  const reference = times[0] ?? [];
  const contestants = runs.map((resolved, index): Contestant => {
    const own = times[index] ?? [];
    return { resolved, runs: own, ratios: index === 0 ? null : ratiosOf(own, reference) };
  });
  return { contestants, warmUpEpochs, stepsPerEpoch, engine, dataset };
}

/** 0 … n−1, beginning with `start` modulo n. */
function rotated(n: number, start: number): number[] {
  return Array.from({ length: n }, (_, index) => (index + start) % n);
}

function ratiosOf(own: readonly RunSeconds[], reference: readonly RunSeconds[]): NonNullable<Contestant['ratios']> {
  const ratio = (scope: Scope, clock: Clock): RatioSummary =>
    summarizeRatios(
      own.map((seconds) => seconds[scope][clock]),
      reference.map((seconds) => seconds[scope][clock]),
    );
  return {
    training: { wall: ratio('training', 'wall'), cpu: ratio('training', 'cpu') },
    whole: { wall: ratio('whole', 'wall'), cpu: ratio('whole', 'cpu') },
  };
}
