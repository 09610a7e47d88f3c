import { furtherMetricsOf, type RecordedRun } from '../results/index.js';
import { sourceVersion } from '../user-file/source-version.js';
import { type Aggregate, aggregate } from './aggregate.js';
import type { Chosen } from './best-settings.js';
import type { ComparedSetting, MeasuredSetting, PublishedSetting } from './compared-setting.js';
import type { ComparisonRow } from './comparison.js';
import { mismatches } from './conditions.js';
import { studentIntervalOf } from './intervals.js';
import { better, compareValues, type Metric } from './metrics.js';
import type { Setting } from './settings.js';
import { mean, summarise } from './statistics.js';
import type { Target } from './targets.js';
import { summariseTarget, type TargetSummary } from './time-to-target.js';

/** A row in the making, with what differences and relative times need. */
export interface Competitor {
  readonly row: Omit<
    ComparisonRow,
    'name' | 'settingText' | 'schedule' | 'difference' | 'relativeWall' | 'relativeCpu'
  >;
  readonly setting: Setting;
  /** The runs as they stand in the table (a longer baseline is cut); none of a setting that is known by its mean only. */
  readonly runs: readonly RecordedRun[];
  readonly chosen: Chosen;
  /** Completed runs by seed, with their final values of the metric. */
  readonly finals: ReadonlyMap<number, { readonly run: RecordedRun; readonly value: number }>;
  /** Runs are known one by one and under the table's conditions. */
  readonly pairable: boolean;
  /** Processor, threads and engine of all runs; null when unknown or not the same. */
  readonly machine: string | null;
}

/** What a row is made under. */
export interface CompetitorContext {
  readonly metric: Metric;
  readonly target: Target | null;
  /** A setting under the table's conditions. */
  readonly sample: Setting;
  /** Shows wall times also of runs that shared the machine. */
  readonly wallTime: boolean;
}

/** The row of a chosen setting. */
export function competitorOf(chosen: Chosen, context: CompetitorContext): Competitor {
  const { compared } = chosen;
  return compared.kind === 'runs' ? ofRuns(compared, chosen, context) : ofSummary(compared, chosen, context);
}

function ofRuns(compared: MeasuredSetting, chosen: Chosen, context: CompetitorContext): Competitor {
  const { metric, target, sample, wallTime } = context;
  const { setting } = compared;
  const epochs = Math.min(setting.numEpochs, sample.numEpochs);
  const differences = mismatches(sample, setting);
  const cut = setting.numEpochs > epochs && Object.keys(setting.trainingParameters).length === 0;
  const runs = cut ? setting.runs.map((run) => endingAt(run, epochs)) : setting.runs;
  const { counts, seeds, metrics } = aggregate(runs);
  const of = metrics[metric];
  const completed = runs.filter(({ status }) => status.state === 'completed');
  const perEpoch = (kind: 'wallSeconds' | 'cpuSeconds', counted: readonly RecordedRun[]) => {
    const rates = counted.flatMap(({ timing }) => (timing?.[kind].length ? [mean(timing[kind])] : []));
    return rates.length === 0 ? null : mean(rates);
  };
  const machines = new Set(runs.map(({ conditions }) => `${conditions.machine}, ${conditions.engine}`));
  const known = runs.every(({ conditions }) => conditions.machine !== null);
  const undisturbed = completed.every(({ undisturbed: alone }) => alone === true);
  const values = new Map(of?.finalValues ?? []);
  const row = {
    ...about(compared, chosen),
    counts,
    seeds,
    final: of?.final ?? summarise([]),
    interval: of?.interval ?? null,
    best: of?.best ?? null,
    ...furtherOf(metrics, metric),
    target: target === null ? null : targetOf(runs, target, undisturbed || wallTime),
    wallSecondsPerEpoch: undisturbed || wallTime ? perEpoch('wallSeconds', completed) : null,
    cpuSecondsPerEpoch: perEpoch('cpuSeconds', completed),
    mismatches: differences,
    notes: cut ? [`read at epoch ${epochs} of ${setting.numEpochs}`] : [],
  };
  return {
    row,
    setting,
    runs,
    chosen,
    finals: new Map(
      completed.flatMap((run) => {
        const value = values.get(run.seed);
        return value === undefined ? [] : [[run.seed, { run, value }] as const];
      }),
    ),
    pairable: compared.originKind === 'results' || differences.length === 0,
    machine: machines.size === 1 && known ? ([...machines][0] ?? null) : null,
  };
}

/** What the test problem reports besides on the set of the metric, at the end of training. */
function furtherOf(metrics: Aggregate['metrics'], shown: Metric): Pick<ComparisonRow, 'further'> {
  const [set] = shown.split('_');
  const own = furtherMetricsOf(metrics).flatMap((metric) => {
    const final = metrics[metric]?.final;
    return metric === shown || final === undefined || !metric.startsWith(`${set}_`) ? [] : [[metric, final] as const];
  });
  return own.length === 0 ? {} : { further: Object.fromEntries(own) };
}

/** Seconds until a target are wall time as well. */
function targetOf(runs: readonly RecordedRun[], target: Target, timed: boolean): TargetSummary {
  const summary = summariseTarget(runs, target);
  return timed ? summary : { ...summary, medianSeconds: null };
}

function ofSummary(compared: PublishedSetting, chosen: Chosen, { metric, sample }: CompetitorContext): Competitor {
  const { setting, seeds } = compared;
  const epochs = Math.min(setting.numEpochs, sample.numEpochs);
  const means = compared.mean[metric]?.slice(0, epochs + 1) ?? [];
  const value = means[epochs] ?? null;
  const populationStd = compared.populationStd[metric]?.[epochs] ?? null;
  const n = value === null ? 0 : seeds.length;
  const spread = n < 2 || populationStd === null ? null : populationStd * Math.sqrt(n / (n - 1));
  const best = means.reduce<number | null>((found, other) => better(metric, found, other), null);
  const row = {
    ...about(compared, chosen),
    counts: null,
    seeds,
    final: { ...summarise([]), n, mean: value, sampleStd: spread, populationStd },
    interval: value === null || spread === null ? null : studentIntervalOf({ mean: value, sampleStd: spread, n }),
    best:
      best === null
        ? null
        : { value: best, epoch: means.findIndex((other) => compareValues(metric, other, best) === 0) },
    target: null,
    wallSecondsPerEpoch: null,
    cpuSecondsPerEpoch: null,
    mismatches: mismatches(sample, setting),
    notes: epochs < setting.numEpochs ? [`read at epoch ${epochs} of ${setting.numEpochs}`] : [],
  };
  return { row, setting, runs: [], chosen, finals: new Map(), pairable: false, machine: null };
}

function about({ setting, origin, originKind }: ComparedSetting, { settingsTried, settingsPruned, edges }: Chosen) {
  const { optimizer, optimizerSource, hyperparameters, trainingParameters, conditions } = setting;
  return {
    optimizer,
    originKind,
    origin,
    version: optimizerSource === null ? null : sourceVersion(optimizerSource.sha256),
    file: optimizerSource?.file ?? null,
    statedName: conditions.statedOptimizer ?? null,
    hyperparameters,
    trainingParameters,
    engine: conditions.engine,
    settingsTried,
    ...(settingsPruned === undefined ? {} : { settingsPruned }),
    edges,
  };
}

/** A completed run as if it had ended after fewer epochs; sound where nothing depends on the number of epochs. */
function endingAt(run: RecordedRun, epochs: number): RecordedRun {
  const curves = Object.entries(run.curves).map(([metric, curve]) => [metric, curve?.slice(0, epochs + 1) ?? null]);
  const { timing, status } = run;
  // What was pruned stays that: the others of its kind are there by their merit.
  const ended = status.epoch >= epochs && status.state !== 'pruned';
  return {
    ...run,
    curves: Object.fromEntries(curves) as RecordedRun['curves'],
    timing: timing && {
      wallSeconds: timing.wallSeconds.slice(0, epochs),
      cpuSeconds: timing.cpuSeconds.slice(0, epochs),
    },
    status: ended ? { state: 'completed', epoch: epochs, step: null, reason: null } : status,
  };
}
