import { join, resolve } from 'node:path';
import { checkThreads } from '../../engine/index.js';
import type { ExitCode } from '../../errors.js';
import {
  agreementJson,
  type Experiment,
  type ExperimentPage,
  experimentPage,
  loadExperiment,
  type RuntimeWork,
} from '../../experiment/index.js';
import { readRegularFile } from '../../regular-file.js';
import { ensureWritable, hasEnded, suiteVersion, writeFileAtomic } from '../../results/index.js';
import { checkJobs, shellWord } from '../../sweep/index.js';
import type { ExperimentOptions } from '../experiment-options.js';
import { counted } from '../progress.js';
import type { Terminal } from '../terminal.js';
import { readPlanRuns } from './compare-sources.js';
import { writeNewFile } from './new-file.js';
import { runtime } from './runtime.js';
import { runtimeReport } from './runtime-file.js';
import { pinnedPlan } from './sweep-plan.js';
import { sweepRun } from './sweep-run.js';

/**
 * Writes the plan and the page of an experiment into its folder, and with `run` executes what is missing first. The page shows
 * what there is, also after an interruption. Returns the exit code of the runs.
 */
export async function experiment(name: string, options: ExperimentOptions, terminal: Terminal): Promise<ExitCode> {
  const chosen = await loadExperiment(name);
  const folder = options.output ?? join('experiments', `${name}-${options.scale}`);
  // What cannot be done is refused before anything is written.
  if (options.threads !== undefined) checkThreads(options.threads);
  if (options.jobs !== undefined) checkJobs(options.jobs);
  await ensureWritable(folder);
  const { code, done, parts, progress, commands } =
    chosen.kind === 'plan'
      ? await planned(chosen, folder, options, terminal)
      : await timed(chosen, folder, options, terminal);
  const page = join(folder, 'index.html');
  const content: ExperimentPage = {
    experiment: chosen,
    scale: options.scale,
    parts,
    progress,
    commands,
    version: suiteVersion(),
  };
  await writeFileAtomic(page, await experimentPage(content));
  const numbers = join(folder, 'agreement.json');
  const text = agreementJson(numbers, content);
  if (text !== null) await writeFileAtomic(numbers, text);
  if (!done && options.run !== true && !options.quiet) terminal.line(`next: ${commands[0]}`);
  terminal.result(page);
  return code;
}

type Outcome = Pick<ExperimentPage, 'parts' | 'progress' | 'commands'> & {
  readonly code: ExitCode;
  /** Whether nothing is left to execute. */
  readonly done: boolean;
};

async function planned(
  chosen: Extract<Experiment, { kind: 'plan' }>,
  folder: string,
  options: ExperimentOptions,
  terminal: Terminal,
): Promise<Outcome> {
  const file = join(folder, 'plan.yaml');
  const { dataDir, jobs } = options;
  const { text, runs: all } = await pinnedPlan(file, {
    name: `${chosen.name}-${options.scale}`,
    ...chosen.statement(options.scale),
    output_dir: 'results',
    ...(dataDir === undefined ? {} : { data_dir: resolve(dataDir) }),
  });
  await writeNewFile(file, text, { overwrite: options.overwrite, what: 'a plan' });
  let code: ExitCode = 0;
  if (options.run === true) {
    const { threads, quiet, debug } = options;
    code = await sweepRun(
      file,
      {
        keepGoing: true,
        only: [],
        retry: 0,
        ...(jobs === undefined ? {} : { jobs }),
        ...(threads === undefined ? {} : { threads }),
        ...(quiet === undefined ? {} : { quiet }),
        ...(debug === undefined ? {} : { debug }),
      },
      terminal,
    );
  }
  const { runs, faults } = await readPlanRuns(file);
  const ended = runs.filter(({ status }) => hasEnded(status.state));
  const [first] = ended;
  return {
    code,
    done: ended.length === all.length,
    parts: await chosen.results(ended, options.scale),
    progress: [
      `${ended.length} of ${counted(all.length, 'run')} have ended; ${ended.filter(({ status }) => status.state === 'diverged').length} of them diverged.`,
      ...(first === undefined
        ? []
        : [
            `${first.conditions.dataSource} data, ${first.conditions.engine}, protocol ${first.conditions.protocol}, seeds ${[...new Set(ended.map(({ seed }) => seed))].toSorted((a, b) => a - b).join(' ')}.`,
          ]),
      ...faults,
    ],
    commands: [
      ...repeating(chosen, folder, options),
      `probprec sweep status ${shellWord(file)}`,
      `probprec sweep commands ${shellWord(file)} --format parallel    # or slurm`,
      `probprec report --plan ${shellWord(file)} --baselines published -o ${shellWord(join(folder, 'report.html'))}`,
    ],
  };
}

async function timed(
  chosen: Extract<Experiment, { kind: 'runtime' }>,
  folder: string,
  options: ExperimentOptions,
  terminal: Terminal,
): Promise<Outcome> {
  const file = join(folder, 'runtime.json');
  const work = chosen.work(options.scale);
  const present = options.overwrite === true ? null : await textOf(file);
  let code: ExitCode = 0;
  let text = present;
  if (options.run === true && present === null) {
    const results: string[] = [];
    const into: Terminal = { ...terminal, result: (result) => results.push(result) };
    code = await runtime(runtimeOptions(work, options), into);
    text = code === 0 ? (results.at(-1) ?? null) : null;
    if (text !== null) await writeFileAtomic(file, `${text}\n`);
  } else if (options.run === true) {
    terminal.line(`${file} exists; --overwrite measures again`);
  }
  const report = text === null ? null : runtimeReport(file, text);
  const { engine, machine } = text === null ? {} : JSON.parse(text);
  return {
    code,
    done: report !== null,
    parts: await chosen.results(report, options.scale),
    progress:
      report === null
        ? ['Nothing has been measured yet.']
        : [
            `${report.testproblem}, batch size ${report.batch_size}: ${counted(report.repeats, 'repeat')} of ${counted(report.num_epochs, 'epoch')}.`,
            `${engine?.name} ${engine?.version} on ${engine?.device}, ${counted(engine?.threads ?? 0, 'thread')}; ${machine?.cpu_model}, ${machine?.cores} cores; load ${machine?.load_average_before} before, ${machine?.load_average_after} after.`,
          ],
    commands: repeating(chosen, folder, options),
  };
}

/** What was measured before; null where nothing was, or where it cannot be read. */
async function textOf(file: string): Promise<string | null> {
  const most = 100_000_000;
  return readRegularFile(file, { most }).then(
    ({ content }) => content.toString('utf8'),
    () => null,
  );
}

function runtimeOptions(work: RuntimeWork, { dataDir, threads, quiet }: ExperimentOptions) {
  return {
    testproblem: work.testproblem,
    optimizers: [...work.optimizers],
    set: [],
    lr: 0.01,
    repeats: work.repeats,
    numEpochs: work.numEpochs,
    batchSize: 128,
    data: work.data,
    json: true,
    ...(work.syntheticSize === null ? {} : { syntheticSize: work.syntheticSize }),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(threads === undefined ? {} : { threads }),
    ...(quiet === undefined ? {} : { quiet }),
  };
}

function repeating({ name }: Experiment, folder: string, { scale, dataDir }: ExperimentOptions): string[] {
  const data = dataDir === undefined ? '' : ` --data-dir ${shellWord(dataDir)}`;
  return [`probprec experiment ${name} --scale ${scale} -o ${shellWord(folder)}${data} --run`];
}
