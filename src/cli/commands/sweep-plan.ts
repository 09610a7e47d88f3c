import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { ConfigurationError, ProbprecError } from '../../errors.js';
import {
  describeHyperparameters,
  type HyperparameterDescription,
  isOptimizerFile,
  loadOptimizer,
  optimizerNames,
} from '../../optimizer/index.js';
import {
  expandPlan,
  type Plan,
  type PlannedRun,
  type PlanStatement,
  planOf,
  planText,
  readSpace,
  readValue,
  statedSeeds,
  statedValue,
} from '../../sweep/index.js';
import { testProblemNames } from '../../testproblem/index.js';
import { UsageError } from '../failure.js';
import { parseHyperparameters } from '../hyperparameters.js';
import { didYouMean, quoted } from '../option-values.js';
import { counted } from '../progress.js';
import type { SweepPlanOptions } from '../sweep-options.js';
import type { Terminal } from '../terminal.js';
import { writeNewFile } from './new-file.js';

/** Checks everything that is asked for and writes the plan; its path goes to stdout. Throws ProbprecError. */
export async function sweepPlan(
  options: SweepPlanOptions,
  args: readonly string[],
  ownOptions: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const { testproblem: testproblems, optimizer: optimizers, output } = options;
  if (testproblems === undefined) throw missing('--testproblem', testProblemNames());
  if (optimizers === undefined) throw missing('--optimizer', [...optimizerNames(), 'a file ./mine.js']);
  const searched = await readSettings(options, optimizers, args, ownOptions);
  const stated = statement(options, testproblems, optimizers, searched);
  const first = await check(output, stated);
  // The engine that `auto` means here and now: the same plan on another machine must mean the same runs.
  const { engine } = first.runs[0]?.configuration ?? {};
  const pinned = { ...stated, options: { ...stated.options, engine: engine?.name, device: engine?.device } };
  const text = planText(output, withoutUndefined(pinned) as PlanStatement);
  const { runs, repeated, plan } = await check(output, pinned);
  const written = await writeNewFile(output, text, { overwrite: options.overwrite, what: 'a plan' });
  terminal.line(describePlan(plan, runs, repeated));
  if (!written) terminal.line('the plan was there already, unchanged');
  terminal.line(`next: probprec sweep run ${output}, or probprec sweep commands ${output} --format parallel|slurm`);
  terminal.result(output);
}

/** `20 runs: 1 test problem, 1 optimizer, 20 settings, 1 seed`, and what is stated twice. */
export function describePlan(plan: Plan, runs: readonly PlannedRun[], repeated: number): string {
  const settings = new Set(runs.map(({ request }) => JSON.stringify({ ...request, seed: 0 }))).size;
  const parts = [
    counted(plan.testproblems.length, 'test problem'),
    counted(new Set(plan.optimizers.map(({ name }) => name)).size, 'optimizer'),
    counted(settings, 'setting'),
    counted(plan.seeds.length, 'seed'),
  ];
  const note = repeated > 0 ? `; ${counted(repeated, 'run')} stated more than once and counted once` : '';
  return `${counted(runs.length, 'run')}: ${parts.join(', ')}${note}`;
}

function missing(option: string, names: readonly string[]): UsageError {
  return new UsageError(`${option}: found nothing, expected some of ${names.join(', ')}`);
}

/** Hyperparameters by the optimizer they are stated for; '' holds those for all that have them. */
type Searched = Map<string, Record<string, PlanValue>>;
type PlanValue = string | number | boolean | (string | number | boolean)[];

async function readSettings(
  { grid = [], random = [], samples }: SweepPlanOptions,
  optimizers: readonly string[],
  args: readonly string[],
  ownOptions: readonly string[],
): Promise<Searched> {
  const declared = new Map<string, HyperparameterDescription[]>();
  for (const name of optimizers) declared.set(name, describeHyperparameters(await loadOptimizer(name)));
  const all = [...declared.values()].flat();
  const searched: Searched = new Map(['', ...optimizers].map((name) => [name, {}]));
  const state = (option: string, owner: string, name: string, value: PlanValue) => {
    const known = (owner === '' ? all : (declared.get(owner) ?? [])).map((entry) => entry.name);
    if (!known.includes(name)) {
      const whose = owner === '' ? 'of these optimizers' : `of ${owner}`;
      throw new UsageError(
        `${option}: found the hyperparameter ${quoted(name)}, expected one ${whose}: ${[...new Set(known)].join(', ') || 'there is none'}${didYouMean(name, known)}`,
      );
    }
    const values = searched.get(owner) ?? {};
    if (name in values) throw new UsageError(`${option}: found ${name} twice, expected each hyperparameter once`);
    values[name] = value;
  };
  for (const [option, kind, texts] of [
    ['--grid', 'grid', grid],
    ['--random', 'sampled', random],
  ] as const) {
    for (const text of texts) {
      const equals = text.indexOf('=');
      if (equals < 1)
        throw new UsageError(`${option}: found ${quoted(text)}, expected NAME=VALUES, for instance lr=0.1,0.2`);
      const [owner, name] = splitOwner(text.slice(0, equals), optimizers);
      const stated = text.slice(equals + 1);
      if (spaceKind(option, name, stated) !== kind) {
        const other = kind === 'grid' ? '--random' : '--grid';
        throw new UsageError(`${option}: found ${quoted(text)}, expected that with ${other}`);
      }
      state(option, owner, name, asStated(stated));
    }
  }
  const fixed = parseHyperparameters(args, distinct(all), optimizers.join(', '), ownOptions);
  for (const [name, value] of Object.entries(fixed)) {
    state(
      `--${name.replaceAll('_', '-')}`,
      '',
      name,
      typeof value === 'string' ? statedValue(readValue(value)) : value,
    );
  }
  if (random.length > 0 && samples === undefined) {
    throw new UsageError('--samples: found nothing, expected the number of points to draw for --random');
  }
  if (random.length === 0 && samples !== undefined) {
    throw new UsageError(`--samples ${samples}: found no --random, expected a hyperparameter to draw`);
  }
  return searched;
}

function spaceKind(option: string, name: string, stated: string): 'grid' | 'sampled' {
  try {
    return readSpace(stated).kind;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new UsageError(`${option}: ${name}: ${error.message}`);
  }
}

/** Values with commas are a list in a plan; what stands for many values stays as it is. */
function asStated(stated: string): PlanValue {
  const space = readSpace(stated);
  if (space.kind === 'sampled' || stated === 'deepobs' || /^[a-z]+:/.test(stated)) return stated;
  const [first, ...others] = space.values;
  return first === undefined || others.length > 0 ? [...space.values] : statedValue(first);
}

/** `momentum.lr` is momentum's own lr, when momentum is one of the optimizers. */
function splitOwner(text: string, optimizers: readonly string[]): [owner: string, name: string] {
  const owner = optimizers.find((name) => text.startsWith(`${name}.`));
  return owner === undefined ? ['', text] : [owner, text.slice(owner.length + 1)];
}

function distinct(declared: readonly HyperparameterDescription[]): HyperparameterDescription[] {
  return [...new Map(declared.map((entry) => [entry.name, entry])).values()];
}

function statement(
  options: SweepPlanOptions,
  testproblems: string[],
  optimizers: string[],
  searched: Searched,
): PlanStatement {
  const folder = dirname(resolve(options.output));
  const fromFolder = (path: string) => (isAbsolute(path) ? path : relative(folder, resolve(path)) || '.');
  const file = (name: string) => (isAbsolute(name) ? name : fromFolder(name).replace(/^(?!\.)/, './'));
  const own = (name: string) => searched.get(name) ?? {};
  const shared = own('');
  const { samples, samplingSeed, halton, name, threads, jobs } = options;
  const stated = {
    name,
    testproblems,
    optimizers: optimizers.map((optimizer) => {
      const entry = { name: isOptimizerFile(optimizer) ? file(optimizer) : optimizer, settings: own(optimizer) };
      return Object.keys(entry.settings).length === 0 ? entry.name : entry;
    }),
    settings: Object.keys(shared).length === 0 ? undefined : shared,
    sampling:
      samples === undefined
        ? undefined
        : { method: halton ? ('halton' as const) : ('random' as const), samples, seed: samplingSeed ?? 0 },
    seeds: statedSeeds(options.seeds),
    options: {
      num_epochs: options.numEpochs,
      batch_size: options.batchSize,
      l2_reg: options.l2Reg,
      lr_schedule_epochs: options.lrScheduleEpochs,
      lr_schedule_factors: options.lrScheduleFactors,
      data: options.data,
      synthetic_size: options.syntheticSize,
      engine: options.engine,
      device: options.device,
      protocol: options.protocol,
      train_log_interval: options.trainLogInterval,
    },
    output_dir: fromFolder(options.outputDir),
    data_dir: options.dataDir === undefined ? undefined : fromFolder(options.dataDir),
    resources: threads === undefined && jobs === undefined ? undefined : { jobs, threads },
  };
  return withoutUndefined(stated) as PlanStatement;
}

function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutUndefined(entry)]));
}

/** Reads the statement as the plan file would be read; what is wrong is wrong with the options, not with a line. */
async function check(file: string, stated: PlanStatement) {
  try {
    const plan = planOf(file, planText(file, withoutUndefined(stated) as PlanStatement));
    return { plan, ...(await expandPlan(plan)) };
  } catch (error) {
    if (error instanceof ProbprecError && error.cause instanceof ProbprecError) throw error.cause;
    if (error instanceof ProbprecError) throw new UsageError(error.message.replace(/^.*?:\d+: /, ''));
    throw error;
  }
}
