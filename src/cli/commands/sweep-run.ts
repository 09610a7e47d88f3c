import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { checkThreads } from '../../engine/index.js';
import { DataError, type ExitCode, errorText } from '../../errors.js';
import { ensureWritable, hasEnded } from '../../results/index.js';
import { resolveConfiguration } from '../../run/index.js';
import {
  checkJobs,
  checkMemoryOfJobs,
  type Decision,
  executePruned,
  fetchPlannedData,
  isOpen,
  type Plan,
  type PlannedRun,
  type PlannedStatus,
  Pool,
  plannedRuns,
  planStatus,
  prunedGroups,
  type RunEnd,
  readPlan,
  selectRuns,
  stagePlannedData,
  statedResource,
} from '../../sweep/index.js';
import { asFlag } from '../../words.js';
import { dataDirectory } from '../data-dir.js';
import { divergenceHints } from '../divergence-hints.js';
import { UsageError } from '../failure.js';
import { interruptible, interruptionCode } from '../interruption.js';
import { counted } from '../progress.js';
import type { SweepRunOptions } from '../sweep-options.js';
import { describeRun, SweepProgress } from '../sweep-progress.js';
import type { Terminal } from '../terminal.js';
import { train } from '../train.js';
import { tellAboutUserFiles } from '../user-files.js';

/**
 * Executes what is missing, interrupted or failed of a plan, each run in a process of its own; or with `index` one run in
 * this process. Returns 0 when every run of the plan is done (a diverged one is), 1 when some are not, the signal's code
 * when interrupted. Throws ProbprecError for a plan or data that cannot be used.
 */
export async function sweepRun(path: string, options: SweepRunOptions, terminal: Terminal): Promise<ExitCode> {
  const plan = await readPlan(path, options);
  const runs = await plannedRuns(plan);
  if (options.index !== undefined) {
    if (options.only.length > 0)
      throw new UsageError({ subject: '--index', found: '--only as well', expected: 'one of the two' });
    if (plan.pruning !== undefined) throw prunes('--index', plan);
    return await runOne(plan, runs, options.index, options, terminal);
  }
  const before = selectRuns(await planStatus(plan, runs), options.only, '--only');
  checkWholeGroups(plan, runs, before);
  if (options.dryRun) return listRuns(plan, before, options, terminal);
  return await runMissing(plan, before, options, terminal);
}

/** The decisions of a plan that prunes depend on all runs of an optimizer on a test problem. Throws UsageError. */
function checkWholeGroups(plan: Plan, runs: readonly PlannedRun[], selected: readonly PlannedStatus[]): void {
  if (plan.pruning === undefined || selected.length === runs.length) return;
  const chosen = new Set(selected.map(({ run }) => run.index));
  for (const { settings } of prunedGroups(plan, plan.pruning, runs)) {
    const members = settings.flat().map(({ index }) => chosen.has(index));
    if (members.includes(true) && members.includes(false)) throw prunes('--only', plan);
  }
}

async function runOne(
  plan: Plan,
  runs: readonly PlannedRun[],
  index: number,
  options: SweepRunOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const run = runs[index];
  if (run === undefined) {
    throw new UsageError({
      subject: '--index',
      found: String(index),
      expected: `0 to ${runs.length - 1}, the runs of ${plan.path}`,
    });
  }
  const resolved = await resolveConfiguration({ ...run.request, threads: options.threads ?? plan.resources.threads });
  const { json, quiet, debug, resourceCheck } = options;
  const say = quiet ? () => undefined : (line: string) => terminal.line(line);
  const dataDirOf = await staging(plan, [run], options.scratch, {
    onProgress: say,
    warn: (line) => terminal.line(line),
  });
  const folders = { dataDir: dataDirOf?.(run) ?? dataDirectory(plan.dataDir), outputDir: plan.outputDir };
  const { keepCheckpoint } = plan;
  return await train(
    resolved,
    { ...folders, keepCheckpoint, resume: true, json, quiet, debug, resourceCheck },
    terminal,
  );
}

/** The runs that a sweep would execute, in their order, with why they are to be done. */
function listRuns(
  plan: Plan,
  before: readonly PlannedStatus[],
  { json }: SweepRunOptions,
  terminal: Terminal,
): ExitCode {
  const todo = before.filter(isOpen);
  if (json) {
    const runs = todo.map(({ run, state }) => ({ index: run.index, configuration_hash: run.hash, state }));
    terminal.result(JSON.stringify({ plan: plan.path, name: plan.name, output_dir: plan.outputDir, runs }, null, 2));
    return 0;
  }
  for (const { run, state } of todo) terminal.result(`${describeRun(run)}: ${state}`);
  const done = before.length - todo.length;
  terminal.line(`${plan.name}: ${counted(before.length, 'run')}, ${done} done already, ${todo.length} to execute`);
  return 0;
}

async function runMissing(
  plan: Plan,
  before: readonly PlannedStatus[],
  options: SweepRunOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const runs = before.map(({ run }) => run);
  const todo = before.filter(isOpen).map(({ run }) => run);
  const jobs = Math.min(statedResource(plan, 'jobs', options.jobs, checkJobs) ?? 1, Math.max(1, todo.length));
  if (options.resourceCheck !== false) await checkMemoryOfJobs(todo, jobs);
  const threads =
    statedResource(plan, 'threads', options.threads, checkThreads) ??
    Math.max(1, Math.floor(availableParallelism() / jobs));
  const quiet = options.quiet === true;
  await tellAboutUserFiles(runs, { outputDir: plan.outputDir, quiet }, terminal);
  const pool: { current: Pool | null } = { current: null };
  const interruption = interruptible(
    terminal,
    (name) =>
      `probprec: interrupted by ${name}, the runs stop after their current steps and keep their checkpoints; repeat the command to resume (interrupt once more to stop at once)`,
    (code) => (pool.current === null ? process.exit(code) : pool.current.kill()),
  );
  interruption.signal.addEventListener('abort', () => pool.current?.interrupt());
  if (!quiet) {
    const what = `${plan.name}: ${counted(runs.length, 'run')}, ${runs.length - todo.length} done already`;
    const how = `${jobs} at a time with ${counted(threads, 'thread')} each`;
    terminal.line(todo.length === 0 ? what : `${what}; ${how}, results in ${plan.outputDir}`);
  }
  const progress = new SweepProgress(terminal, { quiet, jobs, planned: runs.length, todo });
  try {
    if (todo.length > 0) await ensureWritable(plan.outputDir);
    const say = quiet ? () => undefined : (line: string) => terminal.line(line);
    const { signal } = interruption;
    await fetchMissing(plan, todo, say, signal);
    const listener = { onProgress: say, warn: (line: string) => terminal.line(line), signal };
    const dataDirOf = todo.length === 0 ? undefined : await staging(plan, todo, options.scratch, listener);
    const execute = (members: readonly PlannedRun[], stopAfter?: (run: PlannedRun) => number | undefined) => {
      const started = new Pool({
        plan,
        runs: members,
        jobs,
        threads,
        keepGoing: options.keepGoing,
        retries: options.retry,
        checkResources: options.resourceCheck !== false,
        stopAfter,
        dataDirOf,
        onEvent: (event) => progress.observe(event),
      });
      pool.current = started;
      if (interruption.signal.aborted) started.interrupt();
      return started.execute();
    };
    const { pruning } = plan;
    const ends =
      pruning === undefined || todo.length === 0
        ? await execute(todo)
        : await executePruned({ ...plan, pruning }, runs, {
            execute,
            isStopped: () => interruption.signal.aborted,
            onDecision: (group, decision) => {
              if (!quiet) terminal.line(describeDecision(group, decision));
            },
          });
    progress.close();
    const after = pruning === undefined ? before : await planStatus(plan, runs);
    const results = after.map((status) => resultOf(status, ends.get(status.run.index)));
    terminal.result(options.json ? toJson(plan, results) : summarise(plan, results));
    const diverged = results.filter(({ state }) => state === 'diverged').map(({ run }) => run);
    if (!quiet) for (const hint of await divergenceHints(diverged)) terminal.line(hint);
    if (interruption.signal.aborted) return interruptionCode(interruption.signal);
    return results.every(({ state }) => hasEnded(state) || state === 'pruned') ? 0 : 1;
  } finally {
    progress.close();
    interruption.release();
  }
}

/** Once for all runs; a data set that cannot be had would fail every one of them. */
async function fetchMissing(
  plan: Plan,
  runs: readonly PlannedRun[],
  onProgress: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const dataDir = dataDirectory(plan.dataDir);
  try {
    await fetchPlannedData(runs, dataDir, { onProgress, signal });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof DataError)) throw error;
    const remedies = 'set data_dir in the plan, PROBPREC_DATA_DIR, or data: synthetic';
    const remedy = `expected the data sets in ${dataDir}; ${remedies}`;
    throw new DataError({ what: errorText(error, asFlag), remedy }, { cause: error });
  }
}

/**
 * Copies the data sets of runs to a disk of this machine's own. Returns where each run finds its data; undefined, where nothing was to
 * be copied or it could not be, leaves them where they are: a full disk on one node must not fail its runs.
 */
async function staging(
  plan: Plan,
  runs: readonly PlannedRun[],
  scratch: string | undefined,
  { warn, ...options }: { onProgress: (line: string) => void; warn: (line: string) => void; signal?: AbortSignal },
): Promise<((run: PlannedRun) => string) | undefined> {
  if (scratch === undefined) return undefined;
  const dataDir = dataDirectory(plan.dataDir);
  try {
    await fetchPlannedData(runs, dataDir, options);
    return await stagePlannedData(runs, dataDir, resolve(scratch), options);
  } catch (error) {
    if (options.signal?.aborted) return undefined;
    if (!(error instanceof DataError)) throw error;
    warn(`probprec: --scratch: ${errorText(error, asFlag)}; the runs read their data in ${dataDir}`);
    return undefined;
  }
}

type ResultState = Exclude<RunEnd['state'], 'paused'> | 'pruned';

/** A planned run when the sweep has ended. */
interface SweepResult {
  readonly run: PlannedRun;
  readonly state: ResultState;
  readonly path: string | null;
  readonly reason: string | null;
}

function resultOf({ run, state, path, reason }: PlannedStatus, end: RunEnd | undefined): SweepResult {
  if (state === 'pruned') return { run, state, path, reason };
  // Where a plan prunes, a run that was not executed may wait for others of its group.
  if (end === undefined && !hasEnded(state)) {
    return { run, state: 'left', path, reason: 'it waits for the decision on its group' };
  }
  if (end === undefined) return { run, state: state === 'diverged' ? state : 'completed', path, reason };
  if (end.state === 'paused') return { run, state: 'interrupted', path, reason: end.reason };
  if ('reason' in end) return { run, state: end.state, path: null, reason: end.reason };
  return { run, state: end.state, path: end.path, reason: end.outcome?.reason ?? null };
}

function countStates(results: readonly SweepResult[]): Record<ResultState, number> {
  const counts = { completed: 0, diverged: 0, pruned: 0, failed: 0, interrupted: 0, left: 0 };
  for (const { state } of results) counts[state] += 1;
  return counts;
}

function prunes(option: string, { path }: Plan): UsageError {
  return new UsageError({
    subject: option,
    found: `a plan that prunes (${path}: pruning), whose runs are decided on together`,
    expected: 'sweep run with all settings of an optimizer on a test problem',
  });
}

/** `mnist_mlp Adam after epoch 3: 6 of 9 settings pruned by valid_accuracies, 3 continue`. */
function describeDecision(group: readonly PlannedRun[], { epoch, metric, running, stopped }: Decision): string {
  const [first] = group;
  const { testproblem = '', optimizer } = first?.configuration ?? {};
  return `${testproblem} ${optimizer?.name} after epoch ${epoch}: ${stopped.length} of ${counted(running, 'setting')} pruned by ${metric}, ${running - stopped.length} continue`;
}

function summarise({ name }: Plan, results: readonly SweepResult[]): string {
  const { left, ...states } = countStates(results);
  const counts = Object.entries({ ...states, 'not done': left }).filter(([, count]) => count > 0);
  const failed = results.filter(({ state }) => state === 'failed');
  return [
    `${name}: ${counted(results.length, 'run')}: ${counts.map(([state, count]) => `${count} ${state}`).join(', ')}`,
    ...failed.map(({ run, reason }) => `failed ${describeRun(run)}: ${reason}`),
  ].join('\n');
}

function toJson({ path, name, outputDir }: Plan, results: readonly SweepResult[]): string {
  const runs = results.map(({ run, state, path, reason }) => ({
    index: run.index,
    configuration_hash: run.hash,
    state,
    path,
    reason,
  }));
  return JSON.stringify({ plan: path, name, output_dir: outputDir, counts: countStates(results), runs }, null, 2);
}
