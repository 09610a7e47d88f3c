import type { Metric, RecordedRun } from '../../results/index.js';
import { printable } from '../escape.js';
import { layoutTable, wrapText } from '../layout.js';
import type { TextStyle } from './run-text.js';
import { rangeOf, sparkline } from './sparkline.js';

/** Characters of a curve, on a wide terminal and on a narrow one. */
const WIDE_LINE = 24;
const NARROW_LINE = 10;
const WIDE = 110;

/** A line for each run: what it is, what became of it, and its curve. */
export function runList(runs: readonly RecordedRun[], metric: Metric | null, style: TextStyle): string[] {
  const tagged = runs.some(({ tags = [] }) => tags.length > 0);
  const columns = [
    { title: 'test problem', align: 'left', dropOrder: null, wraps: false },
    { title: 'optimizer', align: 'left', dropOrder: null, wraps: false },
    { title: 'setting', align: 'left', dropOrder: null, wraps: true },
    { title: 'seed', align: 'right', dropOrder: null, wraps: false },
    { title: 'state', align: 'left', dropOrder: null, wraps: false },
    { title: 'epochs', align: 'right', dropOrder: 1, wraps: false },
    { title: 'last', align: 'right', dropOrder: null, wraps: false },
    { title: 'over epochs', align: 'left', dropOrder: 2, wraps: false },
    { title: 'metric', align: 'left', dropOrder: 0, wraps: false },
    ...(tagged ? [{ title: 'tags', align: 'left', dropOrder: null, wraps: true } as const] : []),
  ] as const;
  const rows = runs.map((run) => {
    const own = metric ?? (run.curves.test_accuracies === null ? 'test_losses' : 'test_accuracies');
    const values = run.curves[own] ?? [];
    return [
      run.testproblem,
      run.optimizer,
      settingText(run),
      String(run.seed),
      run.status.state,
      `${run.status.epoch}/${run.numEpochs}`,
      lastText(own, values.at(-1)),
      sparkline(values, style.width < WIDE ? NARROW_LINE : WIDE_LINE, rangeOf(values)),
      own.replace('_', ' '),
      ...(tagged ? [(run.tags ?? []).join(', ')] : []),
    ].map(printable);
  });
  const { header, lines, dropped } = layoutTable(columns, rows, style.width);
  const hidden = dropped.length === 0 ? [] : [`no room for ${dropped.join(', ')} (a wider terminal)`];
  return [style.heading(header), ...lines, ...hidden.flatMap((line) => wrapText(line, style.width))];
}

/** Accuracies all with four decimals, losses with four digits. */
function lastText(metric: Metric, value: number | null | undefined): string {
  if (value === undefined) return '-';
  if (value === null) return 'not finite';
  return metric.endsWith('_accuracies') ? value.toFixed(4) : String(Number(value.toPrecision(4)));
}

/** The learning rate, or what the optimizer has instead. */
function settingText({ hyperparameters }: RecordedRun): string {
  const entries = Object.entries(hyperparameters).filter(([, value]) => value !== null && typeof value !== 'object');
  const rates = entries.filter(([name]) => name === 'lr' || name === 'learning_rate');
  return (rates.length > 0 ? rates : entries.slice(0, 2)).map(([name, value]) => `${name} ${value}`).join(', ');
}
