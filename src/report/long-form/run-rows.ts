import { createHash } from 'node:crypto';
import { METRICS, metricsOf, type RecordedRun } from '../../results/index.js';
import { LATER_KEYS, runOption } from '../../run-options/index.js';
import type { Cell, ColumnType, TableColumn } from './table-file.js';

/** Columns of the table of runs with what they hold of a run. `docs/report.md` explains them. */
const RUN_CELLS: readonly (readonly [string, ColumnType, (run: RecordedRun, id: string) => Cell])[] = [
  ['run', 'text', (_, id) => id],
  ['file', 'text', (run) => run.file],
  ['setting', 'text', (run) => settingId(run)],
  ['testproblem', 'text', (run) => run.testproblem],
  ...LATER_KEYS.map(
    (key) =>
      [
        key,
        runOption(key).takes.kind === 'word' ? 'text' : 'number',
        (run: RecordedRun) => run.conditions[key] ?? null,
      ] as const,
  ),
  ['optimizer', 'text', (run) => run.optimizer],
  ['seed', 'integer', (run) => run.seed],
  ['state', 'text', (run) => run.status.state],
  ['epochs_done', 'integer', (run) => run.status.epoch],
  ['step', 'integer', (run) => run.status.step],
  ['reason', 'text', (run) => run.status.reason],
  ['batch_size', 'integer', (run) => run.batchSize],
  ['num_epochs', 'integer', (run) => run.numEpochs],
  ['l2_reg', 'number', (run) => (run.l2InForce === 'default' ? null : run.l2InForce)],
  ['steps_per_epoch', 'integer', (run) => run.stepsPerEpoch ?? null],
  ['protocol', 'text', (run) => run.conditions.protocol],
  ['protocol_version', 'integer', (run) => run.conditions.protocolVersion],
  ['data_source', 'text', (run) => run.conditions.dataSource],
  ['synthetic_size', 'integer', (run) => run.conditions.syntheticSize],
  ['data_checksum', 'text', (run) => run.conditions.dataChecksum],
  ['engine', 'text', (run) => run.conditions.engine],
  ['machine', 'text', (run) => run.conditions.machine],
  ['optimizer_file', 'text', (run) => run.optimizerSource?.file ?? null],
  ['optimizer_sha256', 'text', (run) => run.optimizerSource?.sha256 ?? null],
  ['started_at', 'text', (run) => run.startedAt],
  ['undisturbed', 'boolean', (run) => run.undisturbed ?? null],
  ['training_wall_seconds', 'number', (run) => sum(run.timing?.wallSeconds)],
  ['training_cpu_seconds', 'number', (run) => sum(run.timing?.cpuSeconds)],
  ...METRICS.map(
    (metric) => [`last_${metric}`, 'number', (run: RecordedRun) => run.curves[metric]?.at(-1) ?? null] as const,
  ),
];

/** Columns of the table of runs. */
export const RUN_COLUMNS: readonly TableColumn[] = RUN_CELLS.map(([name, type]) => ({ name, type }));

/** A run as a row of that table. */
export function runRow(run: RecordedRun, id: string): Cell[] {
  return RUN_CELLS.map(([, , value]) => value(run, id));
}

/** Columns of the table of curves: long form, one row for each value. */
export const CURVE_COLUMNS: readonly TableColumn[] = [
  { name: 'run', type: 'text' },
  { name: 'metric', type: 'text' },
  { name: 'epoch', type: 'integer' },
  { name: 'step', type: 'integer' },
  { name: 'training_wall_seconds', type: 'number' },
  { name: 'training_cpu_seconds', type: 'number' },
  { name: 'value', type: 'number' },
];

/** The curves of a run as rows of that table, with the seconds of training until each value. */
export function curveRows({ curves, timing, stepsPerEpoch }: RecordedRun, id: string): Cell[][] {
  const [wall, cpu] = [sumsUntil(timing?.wallSeconds), sumsUntil(timing?.cpuSeconds)];
  return metricsOf(curves).flatMap((metric) =>
    (curves[metric] ?? []).map((value, epoch): Cell[] => [
      id,
      metric,
      epoch,
      stepsPerEpoch === undefined ? null : epoch * stepsPerEpoch,
      wall?.(epoch) ?? null,
      cpu?.(epoch) ?? null,
      value,
    ]),
  );
}

/** Stands for a run's file in the other tables: paths are long, and a curve has hundreds of rows. */
export function runId(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}

/** Equal for runs of one test problem, optimizer and setting, whatever their seeds. */
export function settingId({
  testproblem,
  optimizer,
  setting,
}: Pick<RecordedRun, 'testproblem' | 'optimizer' | 'setting'>): string {
  return createHash('sha256')
    .update(JSON.stringify([testproblem, optimizer, setting]))
    .digest('hex')
    .slice(0, 12);
}

function sum(values: readonly number[] | undefined): number | null {
  return values === undefined ? null : values.reduce((total, value) => total + value, 0);
}

/** The sum of the first n values, for any n; beyond the last one of all. */
function sumsUntil(values: readonly number[] | undefined): ((count: number) => number) | null {
  if (values === undefined) return null;
  const sums = [0];
  for (const value of values) sums.push((sums.at(-1) ?? 0) + value);
  return (count) => sums[Math.min(count, values.length)] ?? 0;
}
