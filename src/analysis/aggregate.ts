import { furtherMetricsOf, type RecordedRun } from '../results/index.js';
import { bootstrapInterval, type Interval } from './intervals.js';
import { compareValues, METRICS, type Metric } from './metrics.js';
import { countStates, type StatusCounts } from './settings.js';
import { type Summary, summarise } from './statistics.js';

/** One metric of a setting over its completed runs. */
export interface MetricAggregate {
  /** For every evaluation, the first before training. */
  readonly curve: readonly Summary[];
  /** The last value of every completed run, by seed; a value that is not finite is missing here and in n. */
  readonly finalValues: ReadonlyMap<number, number>;
  readonly final: Summary;
  /** Of the mean of the final values; null for fewer than two. */
  readonly interval: Interval | null;
  /** Best point of the mean curve, as DeepOBS; the epoch counts from 0, before training. */
  readonly best: { readonly value: number; readonly epoch: number } | null;
}

/** A setting over its seeds. Runs that did not complete are counted and otherwise left out of every number. */
export interface Aggregate {
  readonly counts: StatusCounts;
  /** Of all runs, completed or not. */
  readonly seeds: readonly number[];
  /** Null for a metric that no completed run has. */
  readonly metrics: Readonly<Partial<Record<Metric, MetricAggregate | null>>>;
}

/** Mean, standard deviations, quartiles and interval of every metric over the completed runs of one setting. */
export function aggregate(runs: readonly RecordedRun[]): Aggregate {
  const completed = runs.filter(({ status }) => status.state === 'completed');
  return { counts: countStates(runs), seeds: runs.map(({ seed }) => seed), metrics: metricsOf(completed) };
}

/** Thousands of settings are ranked by one metric: the others are aggregated where somebody looks at them. */
function metricsOf(completed: readonly RecordedRun[]): Aggregate['metrics'] {
  const names = new Set<Metric>([...METRICS, ...completed.flatMap(({ curves }) => furtherMetricsOf(curves))]);
  const metrics = {};
  for (const metric of names) {
    const get = once(() => aggregateMetric(completed, metric));
    Object.defineProperty(metrics, metric, { enumerable: true, get });
  }
  return metrics as Aggregate['metrics'];
}

function aggregateMetric(completed: readonly RecordedRun[], metric: Metric): MetricAggregate | null {
  const measured = completed.flatMap((run) => {
    const curve = run.curves[metric];
    return curve == null || curve.length === 0 ? [] : [{ seed: run.seed, curve }];
  });
  if (measured.length === 0) return null;
  const finalValues = new Map(
    measured.flatMap(({ seed, curve: values }) => {
      const last = values.at(-1) ?? null;
      return last === null ? [] : [[seed, last] as const];
    }),
  );
  const values = [...finalValues.values()];
  // Thousands of settings are ranked by their final means; curve and interval of most of them are never looked at.
  const curve = once(() => {
    const length = Math.max(...measured.map((run) => run.curve.length));
    return Array.from({ length }, (_, epoch) => summarise(measured.flatMap((run) => run.curve[epoch] ?? [])));
  });
  const interval = once(() => bootstrapInterval(values, { stream: metric }));
  const best = once(() => bestOf(curve(), metric));
  return {
    finalValues,
    final: summarise(values),
    get curve() {
      return curve();
    },
    get interval() {
      return interval();
    },
    get best() {
      return best();
    },
  };
}

/** The value of a computation that is made at most once. */
function once<T>(compute: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: compute() };
    return made.value;
  };
}

function bestOf(curve: readonly Summary[], metric: Metric): MetricAggregate['best'] {
  const points = curve.flatMap(({ mean }, epoch) => (mean === null ? [] : [{ value: mean, epoch }]));
  const [best = null] = points.sort(
    (left, right) => compareValues(metric, left.value, right.value) || left.epoch - right.epoch,
  );
  return best;
}
