import { createHash } from 'node:crypto';
import { METRICS, type RecordedRun } from '../../results/index.js';

/** A cell of a CSV file; null is an empty one. */
export type Cell = string | number | boolean | null;

/** Columns of runs.csv with what they hold of a run. `docs/report.md` explains them. */
const RUN_COLUMNS: readonly (readonly [string, (run: RecordedRun, id: string) => Cell])[] = [
  ['run', (_, id) => id],
  ['file', (run) => run.file],
  ['setting', (run) => settingId(run)],
  ['testproblem', (run) => run.testproblem],
  ['variant', (run) => run.conditions.variant ?? null],
  ['init', (run) => run.conditions.init ?? null],
  ['optimizer', (run) => run.optimizer],
  ['seed', (run) => run.seed],
  ['state', (run) => run.status.state],
  ['epochs_done', (run) => run.status.epoch],
  ['step', (run) => run.status.step],
  ['reason', (run) => run.status.reason],
  ['batch_size', (run) => run.batchSize],
  ['num_epochs', (run) => run.numEpochs],
  ['l2_reg', (run) => run.l2InForce],
  ['steps_per_epoch', (run) => run.stepsPerEpoch ?? null],
  ['protocol', (run) => run.conditions.protocol],
  ['protocol_version', (run) => run.conditions.protocolVersion],
  ['data_source', (run) => run.conditions.dataSource],
  ['synthetic_size', (run) => run.conditions.syntheticSize],
  ['data_checksum', (run) => run.conditions.dataChecksum],
  ['engine', (run) => run.conditions.engine],
  ['machine', (run) => run.conditions.machine],
  ['optimizer_file', (run) => run.optimizerSource?.file ?? null],
  ['optimizer_sha256', (run) => run.optimizerSource?.sha256 ?? null],
  ['started_at', (run) => run.startedAt],
  ['undisturbed', (run) => run.undisturbed ?? null],
  ['training_wall_seconds', (run) => sum(run.timing?.wallSeconds)],
  ['training_cpu_seconds', (run) => sum(run.timing?.cpuSeconds)],
  ...METRICS.map((metric) => [`last_${metric}`, (run: RecordedRun) => run.curves[metric]?.at(-1) ?? null] as const),
];

/** Header of runs.csv. */
export const RUN_HEADER = RUN_COLUMNS.map(([name]) => name);

/** A run as a row of runs.csv. */
export function runRow(run: RecordedRun, id: string): Cell[] {
  return RUN_COLUMNS.map(([, value]) => value(run, id));
}

/** Header of curves.csv: long form, one row for each value. */
export const CURVE_HEADER = ['run', 'metric', 'epoch', 'training_wall_seconds', 'training_cpu_seconds', 'value'];

/** The curves of a run as rows of curves.csv, with the seconds of training until each value. */
export function curveRows({ curves, timing }: RecordedRun, id: string): Cell[][] {
  return METRICS.flatMap((metric) =>
    (curves[metric] ?? []).map((value, epoch): Cell[] => [
      id,
      metric,
      epoch,
      sum(timing?.wallSeconds.slice(0, epoch)),
      sum(timing?.cpuSeconds.slice(0, epoch)),
      value,
    ]),
  );
}

/** Stands for a run's file in the other tables: paths are long, and a curve has hundreds of rows. */
export function runId(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}

/** Equal for runs of one test problem, optimizer and setting, whatever their seeds. */
export function settingId({ testproblem, optimizer, setting }: RecordedRun): string {
  return createHash('sha256')
    .update(JSON.stringify([testproblem, optimizer, setting]))
    .digest('hex')
    .slice(0, 12);
}

function sum(values: readonly number[] | undefined): number | null {
  return values === undefined ? null : values.reduce((total, value) => total + value, 0);
}
