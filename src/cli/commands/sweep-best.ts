import { describeEdge } from '../../analysis/index.js';
import type { ExitCode } from '../../errors.js';
import { wrapText } from '../../report/layout.js';
import { type PlannedRun, type PlanRanking, rankPlan, readPlan } from '../../sweep/index.js';
import { planArgument } from '../plan-argument.js';
import type { SweepBestOptions } from '../sweep-options.js';
import { formatTable } from '../table.js';
import type { Terminal } from '../terminal.js';
import { settingDescriber } from './sweep-settings.js';

/** Faults and left-out settings that are listed at most. */
const LISTED = 10;

/** Prints the ranking of a plan's settings; returns 1 when a file could not be read or an optimizer has nothing to rank. */
export async function sweepBest(path: string, options: SweepBestOptions, terminal: Terminal): Promise<ExitCode> {
  const plan = await readPlan(path, options);
  const { rankings, faults } = await rankPlan(plan, options);
  for (const fault of faults.slice(0, LISTED)) terminal.line(`probprec: ${fault}`);
  if (faults.length > LISTED) terminal.line(`probprec: and ${faults.length - LISTED} more files that cannot be read`);
  if (options.json) {
    terminal.result(JSON.stringify(rankings.map(asJson), null, 2));
  } else {
    for (const ranking of rankings) show(ranking, options, terminal);
    if (rankings.some(({ settings }) => settings.length > 0))
      terminal.line(`next: probprec sweep rerun-best ${planArgument(plan)} --seeds 43-51`);
  }
  return faults.length > 0 || rankings.some(({ settings }) => settings.length === 0) ? 1 : 0;
}

function show(ranking: PlanRanking, asked: SweepBestOptions, terminal: Terminal): void {
  const { metric, mode, seeds, settings, edges, leftOut, unusedSeeds } = ranking;
  const describe = settingDescriber([...settings, ...leftOut].map(({ run }) => run));
  const rule = `by ${mode === 'best' ? 'best' : 'final'} ${metric}${mode === 'most' ? ', most runs first' : ''}`;
  const over = `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`;
  const title = settings.length > 0 ? `${rule}, ${over}` : 'nothing to rank';
  for (const line of wrapText(`${rankingName(ranking)}: ${title}`, terminal.width)) {
    terminal.result(terminal.heading(line));
  }
  const notes: string[] = [];
  if (settings.length > 0) {
    terminal.result(rankingTable(ranking, describe, terminal));
    if (metric !== asked.metric) notes.push(`there are no ${asked.metric}: ranked by ${metric}`);
    if (mode !== asked.mode) notes.push('all settings have equally many runs: ranked by the final value');
  }
  for (const edge of edges) notes.push(describeEdge(edge));
  if (unusedSeeds.length > 0) notes.push(`seeds that only some settings have do not count: ${unusedSeeds.join(', ')}`);
  for (const { run, reason } of leftOut.slice(0, LISTED)) notes.push(`left out: ${describe(run)}: ${reason}`);
  if (leftOut.length > LISTED) notes.push(`left out: ${leftOut.length - LISTED} more (--json lists all)`);
  for (const note of notes) for (const line of wrapText(note, terminal.width, '  ', '    ')) terminal.result(line);
  terminal.result('');
}

/** `mnist_mlp, PreconditionedSGD (paper, engine tfjs-cpu cpu)`. */
export function rankingName({ testproblem, optimizer, label, conditions }: PlanRanking): string {
  const details = [label, conditions].filter((text) => text !== null);
  return `${testproblem}, ${optimizer}${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
}

/** One row for each setting; columns that would say nothing are left out. */
function rankingTable(
  { metric, mode, settings }: PlanRanking,
  describe: (run: PlannedRun) => string,
  terminal: Terminal,
): string {
  const several = mode !== 'best' && settings.some(({ aggregate }) => (aggregate.metrics[metric]?.final.n ?? 0) > 1);
  const others = (['test_accuracies', 'test_losses'] as const).filter(
    (name) => name !== metric && settings.some(({ aggregate }) => aggregate.metrics[name] !== null),
  );
  const columns = [
    alike(settings.map(({ value }) => value)),
    ...(several ? [alike(settings.map(({ aggregate }) => aggregate.metrics[metric]?.final.sampleStd))] : []),
    ...others.map((name) => alike(settings.map(({ aggregate }) => aggregate.metrics[name]?.final.mean))),
  ];
  const rows = settings.map(({ run, aggregate: { counts } }, index) => [
    index + 1,
    describe(run),
    ...columns.map((texts) => texts[index] ?? null),
    counts.completed + counts.diverged,
    counts.diverged || null,
  ]);
  const header = ['rank', 'setting', metric, ...(several ? ['std'] : []), ...others, 'runs', 'diverged'];
  return formatTable(header, rows, terminal);
}

/** The numbers of a column with the same decimals: those that give the smallest of them four digits, and at most six. */
function alike(values: readonly (number | null | undefined)[]): (string | null)[] {
  const sizes = values.flatMap((value) => (value && Number.isFinite(value) ? [Math.log10(Math.abs(value))] : []));
  const decimals = Math.min(6, Math.max(0, 3 - Math.floor(Math.min(0, ...sizes))));
  return values.map((value) => {
    if (value === null || value === undefined) return null;
    return Math.abs(value) < 1e7 ? value.toFixed(decimals) : value.toPrecision(4);
  });
}

function asJson({ settings, leftOut, unusedSeeds, ...about }: PlanRanking) {
  return {
    ...about,
    unused_seeds: unusedSeeds,
    settings: settings.map(({ run, value, aggregate }, index) => ({
      rank: index + 1,
      hyperparameters: run.configuration.optimizer.hyperparameters,
      num_epochs: run.configuration.numEpochs,
      batch_size: run.configuration.batchSize,
      value,
      counts: aggregate.counts,
      final: Object.fromEntries(Object.entries(aggregate.metrics).map(([metric, of]) => [metric, of?.final ?? null])),
    })),
    left_out: leftOut.map(({ run, reason }) => ({
      hyperparameters: run.configuration.optimizer.hyperparameters,
      reason,
    })),
  };
}
