import { type ExitCode, InterruptedError, RunHeldError } from '../errors.js';
import type { RunFile, UsualMetric } from '../results/index.js';
import {
  executeRun,
  type KeepParameters,
  parseObservations,
  type ResolvedRun,
  type RunEvent,
  type RunOutcome,
} from '../run/index.js';
import { hintText } from './divergence-hints.js';
import { reportFailure } from './failure.js';
import { type InterruptionSignal, interruptible, interruptionCode } from './interruption.js';
import { type PoolLink, poolLink } from './pool-link.js';
import { counted, describePlace, progressReporter } from './progress.js';
import { formatDuration } from './progress-line.js';
import { type LogTarget, openLogs, takesOutput } from './run-logs.js';
import type { Terminal } from './terminal.js';

/** Where a run that is started on the command line reads and writes, and what it says. */
export interface TrainOptions {
  readonly dataDir: string;
  readonly outputDir: string;
  readonly resume: boolean;
  readonly overwrite?: boolean | undefined;
  readonly keepParameters?: KeepParameters | undefined;
  readonly keepCheckpoint?: boolean | undefined;
  readonly stopAfterEpoch?: number | undefined;
  readonly observe?: string | undefined;
  readonly tag?: readonly string[] | undefined;
  readonly note?: string | undefined;
  /** How a run that is complete can be run again, in words. */
  readonly again?: string;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly debug?: boolean | undefined;
  /** False: go ahead although memory or disk space look too small. */
  readonly resourceCheck?: boolean | undefined;
  /** Where the run is logged while it trains. */
  readonly log?: readonly LogTarget[] | undefined;
}

/**
 * Trains in this process and writes one run file; its path, or with `json` a summary, goes to stdout. Returns 0 for a
 * completed or diverged run and for one that stops where it was told to, 1 for a failed one, 128 and the signal's number for an interrupted one. A sweep that started this process follows
 * the run over a channel and may interrupt it.
 */
export async function train(resolved: ResolvedRun, options: TrainOptions, terminal: Terminal): Promise<ExitCode> {
  const logs = await openLogs(options.log ?? [], terminal);
  const observe = options.observe === undefined ? undefined : parseObservations(options.observe);
  const kept = keptState();
  const interruption = interruptible(terminal, kept.message);
  const pool = poolLink();
  const show = progressReporter(terminal, options.quiet === true);
  const signal = pool === null ? interruption.signal : AbortSignal.any([interruption.signal, pool.signal]);
  try {
    const outcome = await executeRun(resolved, {
      dataDir: options.dataDir,
      outputDir: options.outputDir,
      resume: options.resume,
      overwrite: options.overwrite === true,
      checkResources: options.resourceCheck !== false,
      keepParameters: options.keepParameters,
      keepCheckpoint: options.keepCheckpoint,
      stopAfterEpoch: options.stopAfterEpoch,
      observe,
      label: { tags: options.tag, note: options.note },
      signal,
      onEvent: (event) => {
        kept.observe(event);
        pool?.observe(event);
        show(event);
        logs(event);
      },
    });
    tellOutcome(pool, outcome);
    return finish(outcome, { hint: hintOf(resolved, outcome), kept: kept.atEnd(), signal }, options, terminal);
  } catch (error) {
    // Before there is a run to write a file of: a download, a lock. What was interrupted has been said.
    if (signal.aborted && error === signal.reason) return interruptionCode(signal);
    if (error instanceof InterruptedError && interruption.signal.aborted) return error.exitCode;
    if (error instanceof RunHeldError) pool?.send({ type: 'held', message: error.message });
    throw error;
  } finally {
    interruption.release();
  }
}

function tellOutcome(pool: PoolLink | null, { path, runFile, alreadyComplete }: RunOutcome): void {
  const { state, epoch, reason } = runFile.status;
  const testLoss = lastReached(runFile, 'test_losses');
  const testAccuracy = lastReached(runFile, 'test_accuracies');
  pool?.send({
    type: 'outcome',
    outcome: { state, epoch, reason, path, alreadyComplete, testLoss, testAccuracy },
  });
}

/** Follows what a run has saved, to say at an interruption what is kept. */
function keptState() {
  let place = { numEpochs: 0, stepsPerEpoch: 0 };
  let saved: string | null = null;
  let stage: 'opening' | 'fetching' | 'training' = 'opening';
  return {
    observe(event: RunEvent): void {
      if (event.type === 'dataset') stage = 'fetching';
      if (event.type === 'start') {
        stage = 'training';
        place = { numEpochs: event.configuration.numEpochs, stepsPerEpoch: event.stepsPerEpoch };
        const { resumedFromEpoch: epoch, resumedFromStep: step } = event;
        if (epoch !== null) saved = `the checkpoint of ${describePlace({ epoch, step, ...place })}`;
      } else if (event.type === 'checkpoint') {
        saved = `the checkpoint of ${describePlace({ ...event, ...place })}, ${event.path}`;
      }
    },
    message: (name: InterruptionSignal): string => {
      const what = {
        opening: 'stopping before training',
        fetching: 'stopping before training; what the server can resume is kept; repeat the command',
        training: 'stopping after this step',
      }[stage];
      return `probprec: interrupted by ${name}, ${what} (once more to stop at once)`;
    },
    /** What the run goes on from. */
    atEnd: (): string =>
      saved === null
        ? 'no training was done yet; repeat the command to start again'
        : `kept: ${saved}; repeat the command to resume`,
  };
}

/** What helps, where the optimizer knows why its runs diverge. */
function hintOf({ optimizer, configuration }: ResolvedRun, { runFile }: RunOutcome): string | null {
  if (runFile.status.state !== 'diverged') return null;
  return hintText(optimizer.whenDiverged?.(configuration.optimizer.hyperparameters) ?? null);
}

/** What there is to say at the end besides what the run file says. */
interface EndNotes {
  readonly hint: string | null;
  readonly kept: string;
  readonly signal: AbortSignal;
}

function finish(
  outcome: RunOutcome,
  { hint, kept, signal }: EndNotes,
  options: TrainOptions,
  terminal: Terminal,
): ExitCode {
  const { path, runFile, alreadyComplete } = outcome;
  const { status } = runFile;
  if (alreadyComplete) {
    if (options.log !== undefined)
      terminal.line('the run is complete, so --log writes nothing; probprec export exports its results');
    if (options.keepCheckpoint) terminal.line('the run is complete, so --keep-checkpoint keeps nothing more');
    terminal.line(`already complete${options.again === undefined ? '' : ` (${options.again})`}: ${path}`);
  } else if (outcome.error !== undefined) {
    // The error says why, in a line of its own.
    if (!options.quiet) terminal.line(describeEnd({ ...runFile, status: { ...status, reason: null } }));
  } else if (!options.quiet || status.state !== 'completed') {
    terminal.line(`${describeEnd(runFile)}${status.state === 'interrupted' ? `; ${kept}` : ''}`);
  }
  if (hint !== null) terminal.line(`${runFile.configuration.optimizer.name}: ${hint}`);
  if (outcome.error !== undefined) reportFailure(outcome.error, terminal, options.debug === true);
  if (takesOutput(options.log ?? [])) terminal.line(path);
  else
    terminal.result(
      options.json ? JSON.stringify({ ...summarise(path, runFile, alreadyComplete), hint }, null, 2) : path,
    );
  if (status.state === 'interrupted') return signal.aborted ? interruptionCode(signal) : 0;
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
function summarise(path: string, runFile: RunFile, alreadyComplete: boolean) {
  return {
    path,
    status: runFile.status.state,
    epoch: runFile.status.epoch,
    reason: runFile.status.reason,
    already_complete: alreadyComplete,
    testproblem: runFile.testproblem,
    optimizer: runFile.configuration.optimizer.name,
    random_seed: runFile.random_seed,
    train_loss: lastReached(runFile, 'train_losses'),
    valid_loss: lastReached(runFile, 'valid_losses'),
    test_loss: lastReached(runFile, 'test_losses'),
    train_accuracy: lastReached(runFile, 'train_accuracies'),
    valid_accuracy: lastReached(runFile, 'valid_accuracies'),
    test_accuracy: lastReached(runFile, 'test_accuracies'),
    training_wall_seconds: sum(runFile.timing.training_wall_seconds),
    training_cpu_seconds: sum(runFile.timing.training_cpu_seconds),
  };
}

/** The last value that training has reached: of a run that ended before its first epoch did, none. */
function lastReached({ status, ...lists }: RunFile, metric: UsualMetric): number | null {
  return status.state === 'completed' || status.epoch > 0 ? (lists[metric]?.at(-1) ?? null) : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
