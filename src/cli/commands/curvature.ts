import type { ExitCode } from '../../errors.js';
import { InterruptedError } from '../../errors.js';
import {
  DEFAULT_MEASUREMENT,
  keptPoints,
  type MeasurementEvent,
  type MeasurementRequest,
  type MeasurementSettings,
  measureCurvature,
} from '../../landscape/index.js';
import { describeHyperparameters, loadOptimizer } from '../../optimizer/index.js';
import { type RunFile, readRunFile } from '../../results/index.js';
import { resolveConfiguration } from '../../run/index.js';
import { flagOf, LATER_KEYS, propertyOf, requestOf, statedOnCommandLine } from '../../run-options/index.js';
import { sourceVersion } from '../../user-file/source-version.js';
import { dataDirectory } from '../data-dir.js';
import { UsageError } from '../failure.js';
import { missingName } from '../house-command.js';
import { parseHyperparameters } from '../hyperparameters.js';
import { interruptible, interruptionCode } from '../interruption.js';
import { quoted } from '../option-values.js';
import type { CurvatureOptions } from '../options.js';
import type { Terminal } from '../terminal.js';
import { curvatureText } from './curvature-text.js';

/**
 * Measures curvature and prints a table or JSON. Returns the signal's code when it was interrupted; then what is printed are the points that
 * were finished, and nothing where there is none.
 */
export async function curvature(
  options: CurvatureOptions,
  args: readonly string[],
  ownOptions: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const settings = settingsOf(options);
  const asked = await (options.run === undefined
    ? alongTraining(options, args, ownOptions)
    : ofRun(options.run, options, args));
  const interruption = interruptible(terminal, () => 'probprec: interrupted, stopping after this product');
  try {
    const report = await measureCurvature(
      { ...asked, settings },
      {
        dataDir: dataDirectory(options.dataDir),
        signal: interruption.signal,
        onEvent: progress(terminal, options.quiet === true),
      },
    );
    if (report.points.length > 0) {
      terminal.result(options.json ? JSON.stringify(report, null, 2) : curvatureText(report, terminal));
    }
    if (report.complete) return 0;
    return interruption.signal.aborted ? interruptionCode(interruption.signal) : 1;
  } catch (error) {
    if (error instanceof InterruptedError && interruption.signal.aborted) return error.exitCode;
    throw error;
  } finally {
    interruption.release();
  }
}

type Asked = Pick<MeasurementRequest, 'resolved' | 'points'>;

/** No step is taken with it, so it does not matter which one. */
const ANY_OPTIMIZER = { optimizer: 'sgd', hyperparameters: { lr: 0 } };

async function alongTraining(
  options: CurvatureOptions,
  args: readonly string[],
  ownOptions: readonly string[],
): Promise<Asked> {
  const { testproblem, optimizer, seed, threads } = options;
  if (testproblem === undefined) {
    throw missingName('--testproblem', 'testproblems', ', or --run FILE');
  }
  if (options.epochs !== undefined)
    throw new UsageError({
      subject: '--epochs',
      what: 'goes with --run only',
      remedy: '--at has the steps of a training',
    });
  const at = [...new Set(options.at ?? [0])].sort((a, b) => a - b);
  const common = { testproblem, seed, threads, ...requestOf(statedOnCommandLine(options)) };
  const points = { kind: 'training', at } as const;
  if (optimizer !== undefined) {
    const declared = describeHyperparameters(await loadOptimizer(optimizer));
    const hyperparameters = parseHyperparameters(args, declared, optimizer, ownOptions, 'curvature');
    return { resolved: await resolveConfiguration({ ...common, optimizer, hyperparameters }), points };
  }
  expectNoOther(args);
  const last = at.at(-1) ?? 0;
  if (last > 0)
    throw new UsageError({
      subject: `--at ${last}`,
      found: 'no --optimizer',
      expected: 'one that trains to this step',
    });
  return { resolved: await resolveConfiguration({ ...common, ...ANY_OPTIMIZER }), points };
}

/** What a run file says: its problem and data. Another batch size, engine or L2 factor looks at its points in another way. */
async function ofRun(path: string, options: CurvatureOptions, args: readonly string[]): Promise<Asked> {
  expectNoOther(args);
  const file = await readRunFile(path);
  const { configuration } = file;
  const users = {
    testproblem: configuration.testproblem_source ?? null,
    dataset: configuration.dataset?.source ?? null,
  };
  const settled = ['testproblem', 'dataset', ...LATER_KEYS, 'optimizer', 'at', 'seed', 'data', 'synthetic_size'];
  const given = settled.find(
    (name) =>
      options[propertyOf(name) as keyof CurvatureOptions] !== undefined && users[name as keyof typeof users] == null,
  );
  if (given !== undefined) {
    throw new UsageError({
      subject: flagOf(given),
      what: 'the run file of --run settles it',
      expected: 'one of the two',
    });
  }
  for (const [option, source] of Object.entries(users)) {
    if (source === null || options[option as keyof typeof users] !== undefined) continue;
    throw new UsageError({
      subject: `--${option}`,
      what: 'missing',
      expected: `the file ${source.file}, with which ${path} was trained`,
    });
  }
  const { engine = configuration.engine.name, device = configuration.engine.device, threads } = options;
  const resolved = await resolveConfiguration({
    testproblem: options.testproblem ?? configuration.testproblem.split('@')[0] ?? '',
    dataset: options.dataset ?? configuration.dataset?.name,
    ...Object.fromEntries(LATER_KEYS.map((key) => [propertyOf(key), configuration[key]])),
    seed: configuration.seed,
    batchSize: options.batchSize ?? configuration.batch_size,
    l2Reg: options.l2Reg ?? configuration.l2_reg ?? undefined,
    data: configuration.data.source,
    syntheticSize: configuration.data.synthetic_size ?? undefined,
    protocol: configuration.protocol,
    engine,
    device,
    threads,
    ...(options.preconditioner?.includes('own') ? ownOptimizer(path, file) : ANY_OPTIMIZER),
  });
  const now = {
    testproblem: resolved.configuration.testproblemSource,
    dataset: resolved.configuration.dataset?.source,
  };
  for (const [option, source] of Object.entries(users)) {
    if (source === null || now[option as keyof typeof now]?.sha256 === source.sha256) continue;
    throw new UsageError({
      subject: `--${option} ${options[option as keyof typeof users]}`,
      found: `another version than ${sourceVersion(source.sha256)}, with which ${path} was trained`,
    });
  }
  return { resolved, points: await keptPoints(path, file, options.epochs) };
}

/** The run's optimizer, whose preconditioner is estimated anew. Throws UsageError for one of a user's file. */
function ownOptimizer(path: string, { configuration }: RunFile) {
  const { name, hyperparameters } = configuration.optimizer;
  if (configuration.optimizer.source !== null) {
    throw new UsageError({
      subject: '--preconditioner own',
      what: `the optimizer of ${path} is of a file`,
      remedy: '--optimizer FILE and --at train to a point instead',
    });
  }
  return { optimizer: name, hyperparameters };
}

function expectNoOther([unknown]: readonly string[]): void {
  if (unknown !== undefined) throw new UsageError({ found: quoted(unknown), expected: 'only options of curvature' });
}

/** Throws UsageError for options that do not go together. */
function settingsOf(options: CurvatureOptions): MeasurementSettings {
  const { matrix, by, mode, split, batches, top, lanczos, probes, traceProbes, trace } = options;
  const { stepSizeBatches, posterior, checks, preconditioner } = options;
  const { ranks = DEFAULT_MEASUREMENT.ranks, products = DEFAULT_MEASUREMENT.products } = options;
  if (preconditioner !== undefined && by !== 'all') {
    throw new UsageError({ subject: '--preconditioner', found: `--by ${by}`, expected: 'the whole matrix (--by all)' });
  }
  for (const name of ['ranks', 'products'] as const) {
    if (options[name] === undefined || preconditioner !== undefined) continue;
    throw new UsageError({ subject: `--${name}`, what: 'goes with --preconditioner only' });
  }
  if (preconditioner?.includes('own') && options.optimizer === undefined && options.run === undefined) {
    throw new UsageError({
      subject: '--preconditioner own',
      found: 'no --optimizer',
      expected: 'one with a preconditioner',
    });
  }
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
    posterior,
    checks,
    preconditioners: [...new Set(preconditioner)],
    ranks: [...new Set(ranks)].sort((a, b) => a - b),
    products,
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
