import { at } from '../expect.js';
import { furtherMetricsOf, metricsOf, type RecordedRun } from '../results/index.js';
import { bestOf } from './best-of.js';
import type { ComparisonRow } from './comparison.js';
import type { Competitor } from './competitor.js';
import { gradientEquivalentsPerEpoch } from './gradient-equivalents.js';
import { bootstrapIntervals, studentIntervalOf } from './intervals.js';
import { METRICS, type Metric } from './metrics.js';
import type { CurvePoint, RowDetail, RunDetail, TriedSetting } from './row-detail.js';
import { mean, summarise } from './statistics.js';
import { timeToTarget } from './time-to-target.js';

/** The row with curves, single runs and tried settings of its competitor. */
export function withDetail(
  row: ComparisonRow,
  competitor: Pick<Competitor, 'runs' | 'chosen' | 'setting'> | undefined,
  { metric, wallTime, epochs }: { readonly metric: Metric; readonly wallTime: boolean; readonly epochs: number },
): ComparisonRow {
  if (competitor === undefined) throw new Error('defect: a row without its competitor');
  const { runs, chosen, setting } = competitor;
  const { compared } = chosen;
  const target = row.target?.target ?? null;
  const tried = chosen.tried.map((ranked): TriedSetting => {
    const of = ranked.aggregate.metrics[metric];
    return {
      hyperparameters: ranked.setting.hyperparameters,
      trainingParameters: ranked.setting.trainingParameters,
      chosen: ranked.setting === setting,
      counts: ranked.aggregate.counts,
      selected: ranked.value,
      final: of?.final ?? summarise([]),
      runs: ranked.setting.runs.map(({ seed, status }) => ({
        seed,
        state: status.state,
        final: status.state === 'completed' ? (of?.finalValues.get(seed) ?? null) : null,
      })),
    };
  });
  const detail: RowDetail = {
    curves: compared.kind === 'runs' ? runCurves(runs, wallTime) : publishedCurves(compared, epochs),
    runs: runs.map((run) => runDetail(run, metric, target)),
    tried,
    bestOf: bestOf(tried),
  };
  return { ...row, detail };
}

function runDetail(run: RecordedRun, metric: Metric, target: Parameters<typeof timeToTarget>[1] | null): RunDetail {
  const { seed, file, status, curves, timing, undisturbed = null } = run;
  const perEpoch = (seconds: readonly number[] | undefined) => (seconds?.length ? mean(seconds) : null);
  return {
    seed,
    file,
    status,
    curves,
    final: status.state === 'completed' ? (curves[metric]?.at(-1) ?? null) : null,
    wallSecondsPerEpoch: perEpoch(timing?.wallSeconds),
    cpuSecondsPerEpoch: perEpoch(timing?.cpuSeconds),
    gradientEquivalentsPerEpoch: gradientEquivalentsPerEpoch(run),
    undisturbed,
    target: target === null ? null : timeToTarget(run, target),
  };
}

function runCurves(runs: readonly RecordedRun[], wallTime: boolean): RowDetail['curves'] {
  const completed = runs.filter(({ status }) => status.state === 'completed');
  const timed = wallTime || completed.every(({ undisturbed }) => undisturbed === true);
  const steps = new Set(completed.map(({ stepsPerEpoch }) => stepsPerEpoch ?? null));
  const [stepsPerEpoch = null] = steps.size === 1 ? steps : [];
  const until = (kind: 'wallSeconds' | 'cpuSeconds', epoch: number) => {
    const sums = completed.flatMap(({ timing }) =>
      timing === null ? [] : [timing[kind].slice(0, epoch).reduce((sum, seconds) => sum + seconds, 0)],
    );
    return sums.length === 0 || sums.length < completed.length ? null : mean(sums);
  };
  const costs = completed.flatMap((run) => gradientEquivalentsPerEpoch(run) ?? []);
  const cost = costs.length === 0 || costs.length < completed.length ? null : mean(costs);
  const length = Math.max(
    0,
    ...completed.map(({ curves }) => Math.max(...metricsOf(curves).map((name) => curves[name]?.length ?? 0))),
  );
  const axes = Array.from({ length }, (_, epoch) => ({
    epoch,
    steps: stepsPerEpoch === null ? null : epoch * stepsPerEpoch,
    wallSeconds: timed ? until('wallSeconds', epoch) : null,
    cpuSeconds: until('cpuSeconds', epoch),
    gradientEquivalents: cost === null ? null : epoch * cost,
  }));
  const further = completed.flatMap(({ curves }) => furtherMetricsOf(curves));
  return byMetric(further, (metric) => {
    const measured = completed.flatMap(({ curves }) => (curves[metric]?.length ? [curves[metric]] : []));
    if (measured.length === 0) return null;
    const samples = axes.map(({ epoch }) => measured.flatMap((curve) => curve[epoch] ?? []));
    const intervals = bootstrapIntervals(samples, { stream: metric });
    return axes.map((axis, index): CurvePoint => {
      return { ...axis, ...summarise(at(samples, index)), interval: intervals[index] ?? null };
    });
  });
}

function publishedCurves(
  compared: Extract<Competitor['chosen']['compared'], { kind: 'summary' }>,
  epochs: number,
): RowDetail['curves'] {
  return byMetric([], (metric) => {
    const means = compared.mean[metric]?.slice(0, epochs + 1);
    if (means === undefined) return null;
    return means.map((value, epoch): CurvePoint => {
      const populationStd = compared.populationStd[metric]?.[epoch] ?? null;
      const n = value === null ? 0 : compared.seeds.length;
      const sampleStd = n < 2 || populationStd === null ? null : populationStd * Math.sqrt(n / (n - 1));
      return {
        epoch,
        steps: null,
        wallSeconds: null,
        cpuSeconds: null,
        gradientEquivalents: null,
        ...summarise([]),
        n,
        mean: value,
        sampleStd,
        populationStd,
        interval: value === null || sampleStd === null ? null : studentIntervalOf({ mean: value, sampleStd, n }),
      };
    });
  });
}

/** Six curves and more with ten thousand resamples for each point: of most of them nobody asks. */
function byMetric(
  further: readonly Metric[],
  make: (metric: Metric) => readonly CurvePoint[] | null,
): RowDetail['curves'] {
  const made = new Map<Metric, readonly CurvePoint[] | null>();
  const curves = {};
  for (const metric of new Set([...METRICS, ...further])) {
    Object.defineProperty(curves, metric, {
      enumerable: true,
      get: () => {
        if (!made.has(metric)) made.set(metric, make(metric));
        return made.get(metric);
      },
    });
  }
  return curves as RowDetail['curves'];
}
