import type { ExitCode } from '../../errors.js';
import { type PlanRanking, type RankedPlanSetting, rankPlan, readPlan } from '../../sweep/index.js';
import type { SweepBestOptions } from '../sweep-options.js';
import { formatTable } from '../table.js';
import type { Terminal } from '../terminal.js';
import { describeSetting } from './sweep-settings.js';

/** Prints the ranking of a plan's settings; returns 1 when a file could not be read or an optimizer has nothing to rank. */
export async function sweepBest(path: string, options: SweepBestOptions, terminal: Terminal): Promise<ExitCode> {
  const plan = await readPlan(path);
  const { rankings, faults } = await rankPlan(plan, options);
  for (const fault of faults) terminal.line(`probprec: ${fault}`);
  if (options.json) {
    terminal.result(JSON.stringify(rankings.map(asJson), null, 2));
  } else {
    for (const ranking of rankings) show(ranking, options, terminal);
    terminal.line(`next: probprec sweep rerun-best ${path} --seeds 43-51`);
  }
  return faults.length > 0 || rankings.some(({ settings }) => settings.length === 0) ? 1 : 0;
}

function show(ranking: PlanRanking, asked: SweepBestOptions, terminal: Terminal): void {
  const { testproblem, optimizer, metric, mode, seeds, settings, leftOut, unusedSeeds } = ranking;
  const what = `${mode === 'best' ? 'best' : 'final'} ${metric}${mode === 'most' ? ', most runs first' : ''}`;
  terminal.result(terminal.heading(`${testproblem}, ${optimizer}: by ${what}, seeds ${seeds.join(', ') || 'none'}`));
  if (settings.length > 0) {
    const header = ['rank', 'setting', metric, 'std', 'test_accuracies', 'test_losses', 'runs', 'diverged'];
    terminal.result(formatTable(header, settings.map(row), terminal.heading));
  }
  if (metric !== asked.metric) terminal.result(`  there are no ${asked.metric}: ranked by ${metric}`);
  if (mode !== asked.mode) terminal.result(`  all settings have equally many runs: ranked by the final value`);
  if (unusedSeeds.length > 0) {
    terminal.result(`  seeds that only some settings have do not count: ${unusedSeeds.join(', ')}`);
  }
  for (const { run, reason } of leftOut) terminal.result(`  left out: ${describeSetting(run)}: ${reason}`);
  terminal.result('');

  function row({ run, value, aggregate: { metrics, counts } }: RankedPlanSetting, index: number) {
    const spread = mode === 'best' ? null : (metrics[metric]?.final.sampleStd ?? null);
    return [
      index + 1,
      describeSetting(run),
      value,
      spread,
      metrics.test_accuracies?.final.mean ?? null,
      metrics.test_losses?.final.mean ?? null,
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
