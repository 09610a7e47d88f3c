import { loadavg } from 'node:os';
import { quantile } from '../../analysis/statistics.js';
import { type ExitCode, InterruptedError } from '../../errors.js';
import { describeMachine, suiteVersion } from '../../results/index.js';
import type { ResolvedRun } from '../../run/index.js';
import { requestOf, statedOnCommandLine } from '../../run-options/index.js';
import {
  compareRuntime,
  competitors,
  MEASURES,
  type RatioSummary,
  type RuntimeComparison,
  resolveCompetitor,
  settingInWords,
} from '../../timing/index.js';
import { dataDirectory } from '../data-dir.js';
import { hintText } from '../divergence-hints.js';
import { UsageError } from '../failure.js';
import { interruptible, interruptionCode } from '../interruption.js';
import { quoted } from '../option-values.js';
import type { RuntimeOptions } from '../options.js';
import { counted } from '../progress.js';
import { formatDuration } from '../progress-line.js';
import { formatTable } from '../table.js';
import type { Terminal } from '../terminal.js';

const METHOD =
  "ratio to the reference in the same repeat; std divides by n; 95 % interval of the geometric mean: Student's t on log ratios";

/** Compares run times with those of SGD. Prints a table or JSON when all runs are done, nothing when interrupted. */
export async function runtime(options: RuntimeOptions, terminal: Terminal): Promise<ExitCode> {
  const names = competitors(options.optimizers);
  const given = parseSettings(options.set, names);
  const { lr, testproblem, seed, threads } = options;
  const common = { testproblem, seed, threads, ...requestOf(statedOnCommandLine(options)) };
  const runs = [];
  for (const name of names) runs.push(await resolveCompetitor(name, given.get(name) ?? {}, lr, common));

  const machine = { ...describeMachine(), load_average_before: loadavg()[0] ?? null };
  const interruption = interruptible(terminal, () => 'probprec: interrupted, no results are kept');
  try {
    const comparison = await compareRuntime(runs, {
      dataDir: dataDirectory(options.dataDir),
      repeats: options.repeats,
      signal: interruption.signal,
      ...(options.quiet ? {} : progress(terminal, options.repeats, names.length)),
    });
    const report = describe(comparison, options, machine);
    terminal.result(options.json ? JSON.stringify(report, null, 2) : table(report, terminal));
    return 0;
  } catch (error) {
    const ended = error instanceof InterruptedError || error === interruption.signal.reason;
    if (interruption.signal.aborted && ended) return interruptionCode(interruption.signal);
    throw error;
  } finally {
    interruption.release();
  }
}

/** Hyperparameters by optimizer from `--set OPTIMIZER.NAME=VALUE`. */
function parseSettings(settings: readonly string[], names: readonly string[]): Map<string, Record<string, string>> {
  const given = new Map<string, Record<string, string>>();
  for (const setting of settings) {
    const [target = '', ...value] = setting.split('=');
    const dot = target.lastIndexOf('.');
    if (dot < 1 || value.length === 0) {
      throw new UsageError({ subject: '--set', found: quoted(setting), expected: 'OPTIMIZER.HYPERPARAMETER=VALUE' });
    }
    const optimizer = target.slice(0, dot);
    if (!names.includes(optimizer)) {
      throw new UsageError({
        subject: '--set',
        found: `the optimizer ${quoted(optimizer)}`,
        expected: `one of ${names.join(', ')}`,
      });
    }
    const name = target.slice(dot + 1).replaceAll('-', '_');
    given.set(optimizer, { ...given.get(optimizer), [name]: value.join('=') });
  }
  return given;
}

function progress(terminal: Terminal, repeats: number, optimizers: number) {
  let started = 0;
  let done = 0;
  let competing = optimizers;
  const said = new Set<string>();
  const label = (repeat: number) => (repeat === 0 ? 'warm-up' : `repeat ${repeat}/${repeats}`);
  return {
    onStart: (repeat: number, optimizer: string) => {
      if (repeat > 0 && started === 0) started = performance.now();
      terminal.transient(`${label(repeat)}: ${optimizer} …`);
    },
    onRun: (
      repeat: number,
      optimizer: string,
      { training, whole }: RuntimeComparison['competitors'][number]['runs'][number],
    ) => {
      if (repeat > 0) done++;
      const left = ((performance.now() - started) / 1000) * ((repeats * competing) / done - 1);
      const end = repeat === 0 || done === repeats * competing ? '' : `; ${formatDuration(left)} left`;
      const times = `training ${training.wall.toFixed(2)} s, whole run ${whole.wall.toFixed(2)} s`;
      terminal.line(`${label(repeat)}: ${optimizer}: ${times}${end}`);
    },
    onDiverged: (repeat: number, optimizer: string, reason: string) => {
      competing--;
      terminal.line(`${label(repeat)}: ${optimizer} diverged: ${reason}; it is not run again`);
    },
    // Every run opens the data again; what there is to say about them is said once.
    onEvent: (event: { readonly type: string; readonly message?: string }) => {
      if (event.type !== 'dataset' || event.message === undefined || said.has(event.message)) return;
      said.add(event.message);
      terminal.line(event.message);
    },
  };
}

/** What --json prints. */
function describe(comparison: RuntimeComparison, options: RuntimeOptions, machine: object) {
  const { engine, dataset, warmUpEpochs, stepsPerEpoch } = comparison;
  const [reference] = comparison.competitors;
  const configuration = reference?.resolved.configuration;
  return {
    probprec: suiteVersion(),
    testproblem: configuration?.testproblem ?? '',
    batch_size: configuration?.batchSize ?? 0,
    num_epochs: configuration?.numEpochs ?? 0,
    steps_per_epoch: stepsPerEpoch,
    random_seed: configuration?.seed ?? 0,
    repeats: options.repeats,
    warm_up_epochs: warmUpEpochs,
    reference: configuration?.optimizer.name ?? '',
    method: METHOD,
    dataset: {
      name: dataset.name,
      source: dataset.source,
      synthetic_size: dataset.syntheticSize,
      checksum: dataset.checksum,
      verified: dataset.verified,
    },
    engine,
    machine: { ...machine, load_average_after: loadavg()[0] ?? null },
    optimizers: comparison.competitors.map(({ resolved, diverged, runs, ratios }) => ({
      name: resolved.configuration.optimizer.name,
      class_name: resolved.configuration.optimizer.className,
      hyperparameters: resolved.configuration.optimizer.hyperparameters,
      setting: settingInWords(resolved),
      diverged,
      hint: diverged === null ? null : whenDiverged(resolved),
      measures: MEASURES.map(([scope, clock]) => ({
        scope,
        clock,
        seconds: runs.map((run) => run[scope][clock]),
        ratio: ratios === null ? null : ratios[scope][clock],
      })),
    })),
  };
}

function whenDiverged({ optimizer, configuration }: ResolvedRun): string | null {
  return hintText(optimizer.whenDiverged?.(configuration.optimizer.hyperparameters) ?? null);
}

type Report = ReturnType<typeof describe>;

function table(report: Report, terminal: Terminal): string {
  const { engine, machine, dataset } = report;
  const cores = 'cores' in machine && 'cpu_model' in machine ? `${machine.cpu_model}, ${machine.cores} cores` : '';
  const rows = MEASURES.flatMap(([scope, clock]) =>
    report.optimizers.map(({ name, diverged, measures }) => {
      const where = [scope === 'whole' ? 'whole run' : scope, clock, name];
      if (diverged !== null) return [...where, '-', 'diverged', '', ''];
      const measure = measures.find((entry) => entry.scope === scope && entry.clock === clock);
      const seconds = quantile(measure?.seconds ?? [], 0.5).toFixed(2);
      return [...where, seconds, ...ratioCells(measure?.ratio)];
    }),
  );
  const header = ['scope', 'clock', 'optimizer', 'seconds', 'ratio', 'mean ± std', '95 % interval'];
  return [
    `${report.testproblem}, batch size ${report.batch_size}, ${counted(report.num_epochs, 'epoch')} of ${counted(
      report.steps_per_epoch,
      'step',
    )}, ${dataset.source} data, seed ${report.random_seed}: ${counted(report.repeats, 'repeat')}`,
    `${engine.name} ${engine.version} on ${engine.device}, ${counted(engine.threads, 'thread')}; ${cores}`,
    '',
    formatTable(header, rows, terminal),
    '',
    `seconds and ratio: medians; ${METHOD}`,
    ...settings(report),
    ...report.optimizers.flatMap(({ name, diverged, hint }) =>
      diverged === null
        ? []
        : [
            `${name} diverged: ${diverged}; --set ${name}.NAME=VALUE changes a hyperparameter`,
            ...(hint === null ? [] : [`${name}: ${hint}`]),
          ],
    ),
  ].join('\n');
}

/** Which hyperparameters were not an optimizer's defaults. */
function settings({ optimizers }: Report): string[] {
  const stated = optimizers.filter(({ setting }) => setting !== '').map(({ name, setting }) => `${name} ${setting}`);
  return stated.length === 0 ? [] : [`settings other than the defaults: ${stated.join('; ')}`];
}

function ratioCells(ratio: RatioSummary | null | undefined): string[] {
  if (ratio == null) return ['1', '', ''];
  const { median, mean, std, interval } = ratio;
  const range = interval === null ? '-' : `${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}`;
  return [median.toFixed(3), `${mean.toFixed(3)} ± ${std.toFixed(3)}`, range];
}
