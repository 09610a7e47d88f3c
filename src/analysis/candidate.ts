import { aggregate } from './aggregate.js';
import type { ComparisonRow } from './comparison.js';
import { mismatches } from './conditions.js';
import type { Contender, RunsContender, SummaryContender } from './contender.js';
import { studentIntervalOf } from './intervals.js';
import { better, compareValues, type Metric } from './metrics.js';
import { availableMetric, rankSettings } from './ranking.js';
import type { SelectionMode } from './selection-mode.js';
import type { Setting } from './settings.js';
import { mean, summarise } from './statistics.js';
import type { Target } from './targets.js';
import { summariseTarget } from './time-to-target.js';

/** A row in the making, with what differences and relative times need. */
export interface Candidate {
  readonly row: Omit<ComparisonRow, 'difference' | 'relativeWall' | 'relativeCpu'>;
  readonly finalValues: ReadonlyMap<number, number>;
  /** Runs are known one by one and under the table's conditions. */
  readonly pairable: boolean;
  /** Processor, threads and engine of all runs; null when unknown or not the same. */
  readonly machine: string | null;
}

/** A setting that was chosen among `settingsTried`. */
export interface Chosen {
  readonly contender: Contender;
  readonly settingsTried: number;
}

/** Of each optimizer the best setting by DeepOBS' rules, and the metric that decided (after fall-backs). */
export function bestContenders(
  contenders: readonly Contender[],
  selection: { readonly mode: SelectionMode; readonly metric: Metric },
): { chosen: Chosen[]; metric: Metric } {
  const metric = availableMetric(
    contenders.map(({ setting }) => setting),
    selection.metric,
  );
  const optimizers = [...new Set(contenders.map(({ setting }) => setting.optimizer))];
  const chosen = optimizers.flatMap((optimizer) => {
    const own = contenders.filter(({ setting }) => setting.optimizer === optimizer);
    const ranking = rankSettings(
      own.map(({ setting }) => setting),
      { ...selection, metric },
    );
    const contender = own.find(({ setting }) => setting === ranking.settings[0]?.setting);
    return contender === undefined ? [] : [{ contender, settingsTried: own.length }];
  });
  return { chosen, metric };
}

/** The row of a chosen setting. */
export function candidateOf(chosen: Chosen, context: Context): Candidate {
  const { contender } = chosen;
  return contender.kind === 'runs' ? ofRuns(contender, chosen, context) : ofSummary(contender, chosen, context);
}

interface Context {
  readonly metric: Metric;
  readonly target: Target | null;
  /** A setting under the table's conditions. */
  readonly sample: Setting;
}

function ofRuns(contender: RunsContender, { settingsTried }: Chosen, { metric, target, sample }: Context): Candidate {
  const { setting } = contender;
  const epochs = Math.min(setting.numEpochs, sample.numEpochs);
  const differences = mismatches(sample, setting);
  const cut = setting.numEpochs > epochs && Object.keys(setting.trainingParameters).length === 0;
  const runs = cut ? setting.runs.map((run) => endingAt(run, epochs)) : setting.runs;
  const { counts, seeds, metrics } = aggregate(runs);
  const of = metrics[metric];
  const completed = runs.filter(({ status }) => status.state === 'completed');
  const perEpoch = (kind: 'wallSeconds' | 'cpuSeconds') => {
    const rates = completed.flatMap(({ timing }) => (timing?.[kind].length ? [mean(timing[kind])] : []));
    return rates.length === 0 ? null : mean(rates);
  };
  const machines = new Set(runs.map(({ conditions }) => `${conditions.machine}, ${conditions.engine}`));
  const known = runs.every(({ conditions }) => conditions.machine !== null);
  const row = {
    ...about(contender, settingsTried),
    counts,
    seeds,
    final: of?.final ?? summarise([]),
    interval: of?.interval ?? null,
    best: of?.best ?? null,
    target: target === null ? null : summariseTarget(runs, target),
    wallSecondsPerEpoch: perEpoch('wallSeconds'),
    cpuSecondsPerEpoch: perEpoch('cpuSeconds'),
    mismatches: differences,
    notes: cut ? [`read at epoch ${epochs} of ${setting.numEpochs}`] : [],
  };
  return {
    row,
    finalValues: of?.finalValues ?? new Map(),
    pairable: contender.origin === 'results' || differences.length === 0,
    machine: machines.size === 1 && known ? ([...machines][0] ?? null) : null,
  };
}

function ofSummary(contender: SummaryContender, { settingsTried }: Chosen, { metric, sample }: Context): Candidate {
  const { setting, seeds } = contender;
  const epochs = Math.min(setting.numEpochs, sample.numEpochs);
  const means = contender.mean[metric]?.slice(0, epochs + 1) ?? [];
  const value = means[epochs] ?? null;
  const populationStd = contender.populationStd[metric]?.[epochs] ?? null;
  const n = value === null ? 0 : seeds.length;
  const spread = n < 2 || populationStd === null ? null : populationStd * Math.sqrt(n / (n - 1));
  const best = means.reduce<number | null>((found, other) => better(metric, found, other), null);
  const row = {
    ...about(contender, settingsTried),
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
  return { row, finalValues: new Map(), pairable: false, machine: null };
}

function about({ setting, origin }: Contender, settingsTried: number) {
  const { optimizer, hyperparameters, trainingParameters, conditions } = setting;
  return { optimizer, origin, hyperparameters, trainingParameters, engine: conditions.engine, settingsTried };
}

/** A completed run as if it had ended after fewer epochs; sound where nothing depends on the number of epochs. */
function endingAt(run: Setting['runs'][number], epochs: number): Setting['runs'][number] {
  const curves = Object.entries(run.curves).map(([metric, curve]) => [metric, curve?.slice(0, epochs + 1) ?? null]);
  const { timing, status } = run;
  const ended = status.epoch >= epochs;
  return {
    ...run,
    curves: Object.fromEntries(curves) as Setting['runs'][number]['curves'],
    timing: timing && {
      wallSeconds: timing.wallSeconds.slice(0, epochs),
      cpuSeconds: timing.cpuSeconds.slice(0, epochs),
    },
    status: ended ? { state: 'completed', epoch: epochs, step: null, reason: null } : status,
  };
}
