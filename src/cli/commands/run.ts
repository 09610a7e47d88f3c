import type { ExitCode } from '../../errors.js';
import { describeHyperparameters, loadOptimizer } from '../../optimizer/index.js';
import { resolveConfiguration } from '../../run/index.js';
import { requestOf, statedOnCommandLine } from '../../run-options/index.js';
import { dataDirectory } from '../data-dir.js';
import { UsageError } from '../failure.js';
import { missingName } from '../house-command.js';
import { parseHyperparameters } from '../hyperparameters.js';
import type { RunOptions } from '../options.js';
import { takesOutput } from '../run-logs.js';
import type { Terminal } from '../terminal.js';
import { train } from '../train.js';

/**
 * Trains and writes one run file; its path goes to stdout. `args` are the arguments that are no options of run: the
 * optimizer's hyperparameters. Returns 0 for a completed or diverged run, 1 for a failed one, the signal's code for an interrupted one.
 */
export async function run(
  options: RunOptions,
  args: readonly string[],
  ownOptions: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const { testproblem, optimizer } = options;
  if (testproblem === undefined) throw missingName('--testproblem', 'testproblems');
  if (optimizer === undefined) throw missingName('--optimizer', 'optimizers');
  if (options.json && takesOutput(options.log ?? [])) {
    throw new UsageError({
      subject: '--json',
      found: '--log - as well',
      expected: 'one of the two on standard output',
    });
  }
  checkLrSchedule(options);
  const declared = describeHyperparameters(await loadOptimizer(optimizer));
  const resolved = await resolveConfiguration({
    testproblem,
    optimizer,
    hyperparameters: parseHyperparameters(args, declared, optimizer, ownOptions),
    seed: options.seed,
    threads: options.threads,
    ...requestOf(statedOnCommandLine(options)),
  });

  const told = { outputDir: options.outputDir, quiet: options.quiet === true };
  if (Object.values(resolved.sources).some((source) => source !== null)) {
    const { tellAboutUserFiles } = await import('../user-files.js');
    const request = { testproblem, dataset: options.dataset, optimizer };
    await tellAboutUserFiles([{ request, configuration: resolved.configuration }], told, terminal);
  }
  const again = '--overwrite runs it again';
  return await train(resolved, { ...options, again, dataDir: dataDirectory(options.dataDir) }, terminal);
}

function checkLrSchedule({ lrScheduleEpochs: epochs, lrScheduleFactors: factors }: RunOptions): void {
  if (epochs?.length === factors?.length) return;
  throw new UsageError({
    subject: '--lr-schedule-factors',
    found: `${factors?.length ?? 0} factors for ${epochs?.length ?? 0} --lr-schedule-epochs`,
    expected: 'one for each',
  });
}
