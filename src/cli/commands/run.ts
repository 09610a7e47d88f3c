import type { ExitCode } from '../../errors.js';
import { describeHyperparameters, loadOptimizer, optimizerNames } from '../../optimizer/index.js';
import type { RunFile } from '../../results/index.js';
import { executeRun, type RunEvent, type RunOutcome, resolveConfiguration } from '../../run/index.js';
import { testProblemNames } from '../../testproblem/index.js';
import { dataDirectory } from '../data-dir.js';
import { reportFailure, UsageError } from '../failure.js';
import { parseHyperparameters } from '../hyperparameters.js';
import { interruptible } from '../interruption.js';
import type { RunOptions } from '../options.js';
import { counted, formatDuration, progressReporter } from '../progress.js';
import type { Terminal } from '../terminal.js';

/**
 * Trains and writes one run file; its path goes to stdout. `args` are the arguments that are no options of run: the
 * optimizer's hyperparameters. Returns 0 for a completed or diverged run, 1 for a failed one, 130 for an interrupted one.
 */
export async function run(
  options: RunOptions,
  args: readonly string[],
  ownOptions: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const { testproblem, optimizer } = options;
  if (testproblem === undefined) throw missing('--testproblem', testProblemNames());
  if (optimizer === undefined) throw missing('--optimizer', [...optimizerNames(), 'a file ./mine.js']);
  const declared = describeHyperparameters(await loadOptimizer(optimizer));
  const resolved = await resolveConfiguration({
    testproblem,
    optimizer,
    hyperparameters: parseHyperparameters(args, declared, optimizer, ownOptions),
    seed: options.seed,
    numEpochs: options.numEpochs,
    batchSize: options.batchSize,
    l2Reg: options.l2Reg,
    data: options.data,
    syntheticSize: options.syntheticSize,
    engine: options.engine,
    device: options.device,
    threads: options.threads,
    protocol: options.protocol,
    trainLogInterval: options.trainLogInterval,
    lrSchedule: learningRateSchedule(options),
  });

  const kept = keptState();
  const interruption = interruptible(terminal, kept.message);
  const show = progressReporter(terminal, options.quiet === true);
  try {
    const outcome = await executeRun(resolved, {
      dataDir: dataDirectory(options.dataDir),
      outputDir: options.outputDir,
      resume: options.resume,
      overwrite: options.overwrite === true,
      signal: interruption.signal,
      onEvent: (event) => {
        kept.observe(event);
        show(event);
      },
    });
    return finish(outcome, options, terminal);
  } finally {
    interruption.release();
  }
}

function missing(option: string, names: readonly string[]): UsageError {
  return new UsageError(`${option}: found nothing, expected one of ${names.join(', ')}`);
}

function learningRateSchedule({ lrScheduleEpochs: epochs, lrScheduleFactors: factors }: RunOptions) {
  if (epochs === undefined && factors === undefined) return undefined;
  if (epochs?.length !== factors?.length || epochs === undefined || factors === undefined) {
    throw new UsageError(
      `--lr-schedule-factors: found ${factors?.length ?? 0} factors for ${epochs?.length ?? 0} --lr-schedule-epochs, expected one for each`,
    );
  }
  return { epochs, factors };
}

/** Follows what a run has saved, to say at an interruption what is kept. */
function keptState() {
  let total = '';
  let saved: string | null = null;
  return {
    observe(event: RunEvent): void {
      if (event.type === 'start') {
        total = ` of ${event.configuration.numEpochs}`;
        if (event.resumedFromEpoch !== null) saved = `the checkpoint of epoch ${event.resumedFromEpoch}${total}`;
      } else if (event.type === 'checkpoint') {
        saved = `the checkpoint of epoch ${event.epoch}${total}, ${event.path}`;
      }
    },
    message: (): string =>
      saved === null
        ? 'probprec: interrupted, stopping after this step; no epoch is finished yet, so the same command starts again (once more to stop at once)'
        : `probprec: interrupted, stopping after this step; kept: ${saved}; the same command goes on from there (once more to stop at once)`,
  };
}

function finish(outcome: RunOutcome, options: RunOptions, terminal: Terminal): ExitCode {
  const { path, runFile, alreadyComplete } = outcome;
  const { status } = runFile;
  if (alreadyComplete) {
    terminal.line(`already complete (--overwrite runs it again): ${path}`);
  } else if (!options.quiet || status.state !== 'completed') {
    terminal.line(describeEnd(runFile));
  }
  if (outcome.error !== undefined) reportFailure(outcome.error, terminal, options.debug === true);
  terminal.result(options.json ? JSON.stringify(summarize(path, runFile, alreadyComplete), null, 2) : path);
  if (status.state === 'interrupted') return 130;
  return status.state === 'failed' ? 1 : 0;
}

function describeEnd(runFile: RunFile): string {
  const { state, epoch, step, reason } = runFile.status;
  const seconds = sum(runFile.timing.training_wall_seconds) + sum(runFile.timing.evaluation_wall_seconds);
  const where =
    state === 'completed'
      ? ''
      : ` after ${counted(epoch, 'epoch')}${step === null ? '' : ` and ${counted(step, 'step')}`}`;
  return `${state}${where} in ${formatDuration(seconds)}${reason === null ? '' : `: ${reason}`}`;
}

/** What --json prints: where the run file is and how the run ended. */
function summarize(path: string, runFile: RunFile, alreadyComplete: boolean) {
  const last = (list: readonly (number | null)[] | undefined) => list?.at(-1) ?? null;
  return {
    path,
    status: runFile.status.state,
    epoch: runFile.status.epoch,
    reason: runFile.status.reason,
    already_complete: alreadyComplete,
    testproblem: runFile.testproblem,
    optimizer: runFile.configuration.optimizer.name,
    random_seed: runFile.random_seed,
    train_loss: last(runFile.train_losses),
    valid_loss: last(runFile.valid_losses),
    test_loss: last(runFile.test_losses),
    train_accuracy: last(runFile.train_accuracies),
    valid_accuracy: last(runFile.valid_accuracies),
    test_accuracy: last(runFile.test_accuracies),
    training_wall_seconds: sum(runFile.timing.training_wall_seconds),
    training_cpu_seconds: sum(runFile.timing.training_cpu_seconds),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
