import type { ExitCode } from '../../errors.js';
import { InterruptedError } from '../../errors.js';
import { type MeasurementEvent, type MeasurementSettings, measureCurvature } from '../../landscape/index.js';
import { describeHyperparameters, loadOptimizer } from '../../optimizer/index.js';
import { type ResolvedRun, resolveConfiguration } from '../../run/index.js';
import { testProblemNames } from '../../testproblem/index.js';
import { dataDirectory } from '../data-dir.js';
import { UsageError } from '../failure.js';
import { parseHyperparameters } from '../hyperparameters.js';
import { interruptible } from '../interruption.js';
import { quoted } from '../option-values.js';
import type { CurvatureOptions } from '../options.js';
import type { Terminal } from '../terminal.js';
import { curvatureText } from './curvature-text.js';

/**
 * Measures curvature and prints a table or JSON. Returns 130 when it was interrupted; then what is printed are the points that
 * were finished, and nothing where there is none.
 */
export async function curvature(
  options: CurvatureOptions,
  args: readonly string[],
  ownOptions: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const at = [...new Set(options.at)].sort((a, b) => a - b);
  const resolved = await resolve(options, args, ownOptions, at);
  const interruption = interruptible(terminal, () => 'probprec: interrupted, stopping after this product');
  try {
    const report = await measureCurvature(
      { resolved, at, settings: settingsOf(options) },
      {
        dataDir: dataDirectory(options.dataDir),
        signal: interruption.signal,
        onEvent: progress(terminal, options.quiet === true),
      },
    );
    if (report.points.length > 0) {
      terminal.result(options.json ? JSON.stringify(report, null, 2) : curvatureText(report, terminal.heading));
    }
    return report.complete ? 0 : 130;
  } catch (error) {
    if (error instanceof InterruptedError && interruption.signal.aborted) return error.exitCode;
    throw error;
  } finally {
    interruption.release();
  }
}

async function resolve(
  { testproblem, optimizer, seed, batchSize, l2Reg, data, syntheticSize, engine, device, threads }: CurvatureOptions,
  args: readonly string[],
  ownOptions: readonly string[],
  at: readonly number[],
): Promise<ResolvedRun> {
  if (testproblem === undefined) {
    throw new UsageError(`--testproblem: found nothing, expected one of ${testProblemNames().join(', ')}`);
  }
  const common = { testproblem, seed, batchSize, l2Reg, data, syntheticSize, engine, device, threads };
  if (optimizer !== undefined) {
    const declared = describeHyperparameters(await loadOptimizer(optimizer));
    const hyperparameters = parseHyperparameters(args, declared, optimizer, ownOptions, 'curvature');
    return resolveConfiguration({ ...common, optimizer, hyperparameters });
  }
  const [unknown] = args;
  if (unknown !== undefined) throw new UsageError(`found ${quoted(unknown)}, expected only options of curvature`);
  const last = at.at(-1) ?? 0;
  if (last > 0) throw new UsageError(`--at ${last}: found no --optimizer, expected one that trains to this step`);
  // No step is taken, so it does not matter which one.
  return resolveConfiguration({ ...common, optimizer: 'sgd', hyperparameters: { lr: 0 } });
}

function settingsOf(options: CurvatureOptions): MeasurementSettings {
  const { matrix, by, mode, split, batches, top, lanczos, probes, traceProbes, trace, stepSizeBatches } = options;
  return {
    matrix,
    by,
    mode,
    split,
    batches: batches === 'all' ? null : batches,
    top,
    steps: lanczos,
    probes,
    traceProbes,
    hutchPlusPlus: trace === 'hutch++',
    stepSizeBatches,
  };
}

/** Milliseconds between two lines where lines cannot be replaced. */
const PLAIN_MS = 5000;
const SCREEN_MS = 100;

function progress(terminal: Terminal, quiet: boolean): (event: MeasurementEvent) => void {
  let shownAt = performance.now();
  let startedAt = performance.now();
  const show = (text: string) => {
    const now = performance.now();
    if (now - shownAt < (terminal.interactive ? SCREEN_MS : PLAIN_MS)) return;
    shownAt = now;
    if (terminal.interactive) terminal.transient(text);
    else terminal.line(text);
  };
  return (event) => {
    if (quiet) return;
    switch (event.type) {
      case 'message':
        return terminal.line(event.message);
      case 'memory':
        if (event.bytes > 100e6) {
          terminal.line(
            `the Lanczos vectors take ${(event.bytes / 1e9).toFixed(1)} GB (fewer --lanczos steps take less)`,
          );
        }
        return;
      case 'training':
        return event.until > 0 ? show(`training: step ${event.step} of ${event.until}`) : undefined;
      case 'product': {
        if (event.done === 0) startedAt = performance.now();
        const each = (performance.now() - startedAt) / 1000 / Math.max(1, event.done);
        const left = Math.round(each * (event.expected - event.done));
        return show(`step ${event.step}: ${event.part}, product ${event.done} of ${event.expected}, ${left} s left`);
      }
      case 'point':
        return terminal.line(`step ${event.point.step}: measured in ${event.point.seconds.toFixed(1)} s`);
    }
  };
}
