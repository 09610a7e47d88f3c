import type { ExitCode } from '../../errors.js';
import { type PlanRanking, type RankedPlanSetting, rankPlan, readPlan } from '../../sweep/index.js';
import type { SweepBestOptions } from '../sweep-options.js';
import { formatTable } from '../table.js';
import type { Terminal } from '../terminal.js';
import { describeSetting } from './sweep-settings.js';

/** Faults and left-out settings that are listed at most. */
const LISTED = 10;

/** Prints the ranking of a plan's settings; returns 1 when a file could not be read or an optimizer has nothing to rank. */
export async function sweepBest(path: string, options: SweepBestOptions, terminal: Terminal): Promise<ExitCode> {
  const plan = await readPlan(path);
  const { rankings, faults } = await rankPlan(plan, options);
  for (const fault of faults.slice(0, LISTED)) terminal.line(`probprec: ${fault}`);
  if (faults.length > LISTED) terminal.line(`probprec: and ${faults.length - LISTED} more files that cannot be read`);
  if (options.json) {
    terminal.result(JSON.stringify(rankings.map(asJson), null, 2));
  } else {
    for (const ranking of rankings) show(ranking, options, terminal);
    if (rankings.some(({ settings }) => settings.length > 0))
      terminal.line(`next: probprec sweep rerun-best ${path} --seeds 43-51`);
  }
  return faults.length > 0 || rankings.some(({ settings }) => settings.length === 0) ? 1 : 0;
}

function show(ranking: PlanRanking, asked: SweepBestOptions, terminal: Terminal): void {
  const { testproblem, optimizer, metric, mode, seeds, settings, leftOut, unusedSeeds } = ranking;
  const what = `${mode === 'best' ? 'best' : 'final'} ${metric}${mode === 'most' ? ', most runs first' : ''}`;
  const several = mode !== 'best' && settings.some(({ aggregate: { metrics } }) => (metrics[metric]?.final.n ?? 0) > 1);
  const shown = ['test_accuracies', 'test_losses'] as const;
  const also = shown.filter(
    (name) => name !== metric && settings.some(({ aggregate: { metrics } }) => metrics[name] !== null),
  );
  terminal.result(
    terminal.heading(
      `${testproblem}, ${optimizer}: by ${what}, ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ') || 'none'}`,
    ),
  );
  if (settings.length > 0) {
    const header = ['rank', 'setting', metric, ...(several ? ['std'] : []), ...also, 'runs', 'diverged'];
    terminal.result(formatTable(header, settings.map(row), terminal.heading));
  }
  if (metric !== asked.metric) terminal.result(`  there are no ${asked.metric}: ranked by ${metric}`);
  if (mode !== asked.mode) terminal.result(`  all settings have equally many runs: ranked by the final value`);
  if (unusedSeeds.length > 0) {
    terminal.result(`  seeds that only some settings have do not count: ${unusedSeeds.join(', ')}`);
  }
  for (const { run, reason } of leftOut.slice(0, LISTED)) {
    terminal.result(`  left out: ${describeSetting(run)}: ${reason}`);
  }
  if (leftOut.length > LISTED) terminal.result(`  left out: ${leftOut.length - LISTED} more (--json lists all)`);
  terminal.result('');

  function row({ run, value, aggregate: { metrics, counts } }: RankedPlanSetting, index: number) {
    return [
      index + 1,
      describeSetting(run),
      value,
      ...(several ? [metrics[metric]?.final.sampleStd ?? null] : []),
      ...also.map((name) => metrics[name]?.final.mean ?? null),
      counts.completed + counts.diverged,
      counts.diverged > 0 ? counts.diverged : null,
    ];
  }
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
