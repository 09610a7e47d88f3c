import type { Command } from 'commander';
import type { SelectionMode } from '../analysis/selection-mode.js';
import { METRICS } from '../results/metrics.js';
import { commaSeparated, metricName, nameList, oneOf, repeated } from './option-values.js';

const MODES = ['most', 'final', 'best'] as const satisfies readonly SelectionMode[];

/** What is compared, and how: the same for the table, the figures and the report. */
export function addComparisonOptions(command: Command): Command {
  return command
    .option('--plan <file>', 'compare only the runs of this plan, one row per optimizer entry')
    .option('--allow-user-code', 'with --plan: load optimizer files that the plan names')
    .option('--all-settings', 'show every setting, not only the best of each optimizer')
    .option(
      '--group-by <name,name,...>',
      'show the best setting for each value of these hyperparameters or conditions',
      commaSeparated((text) => text.replaceAll('-', '_')),
    )
    .option(
      '--where <name=value>',
      'only settings with this value of a hyperparameter or condition; may be repeated',
      repeated,
      [],
    )
    .option('--baselines <which>', 'bundled, published, none, or a folder of baseline or run files', 'bundled')
    .option('--metric <name>', `metric to show: ${METRICS.join(', ')} (test_accuracies)`, metricName('--metric'))
    .option('--select-by <name>', 'metric that selects the best setting (valid_accuracies)', metricName('--select-by'))
    .option(
      '--mode <name>',
      'how to choose the best setting: most (most runs first, as DeepOBS), final (last value), best (best value)',
      oneOf('--mode', MODES),
      'most',
    )
    .option('--reference <optimizer>', 'optimizer, label or row to compare against (SGD, else the first)')
    .option(
      '--target <testproblem=value>',
      'accuracy (or loss) to reach, instead of the published one; may be repeated',
      repeated,
      [],
    )
    .option('--testproblems <name,name,...>', 'only these test problems, in this order', nameList('--testproblems'))
    .option(
      '--optimizers <name,name,...>',
      'only these optimizers, by class name, in this order',
      nameList('--optimizers'),
    )
    .option('--wall-time', 'show wall times even if runs shared the machine')
    .option('--allow-mismatch', 'also show baselines under other conditions, marked');
}
