import { join, resolve } from 'node:path';
import { ConfigurationError } from '../../errors.js';
import { makeFolders } from '../../make-folders.js';
import {
  ALLOW_USER_CODE,
  ASSUMED_EPOCH,
  checkTaskTime,
  competitorKey,
  type EpochEstimate,
  inHours,
  isOpen,
  maxArraySize,
  measuredEpoch,
  type Plan,
  type PlannedStatus,
  type RerunChain,
  secondsOfRun,
  shellWord,
  slurmScripts,
} from '../../sweep/index.js';
import { dataDirectory } from '../data-dir.js';
import { UsageError } from '../failure.js';
import { planArgument } from '../plan-argument.js';
import { counted } from '../progress.js';
import type { SweepCommandsOptions } from '../sweep-options.js';
import type { Terminal } from '../terminal.js';
import { writeNewFile } from './new-file.js';
import { bestPlanPath } from './sweep-rerun-best.js';

/**
 * Writes a plan's scripts for Slurm into a folder, for the `wanted` ones of its runs; their paths go to stdout. Throws
 * ProbprecError.
 */
export async function writeSlurmScripts(
  plan: Plan,
  { statuses, wanted }: { readonly statuses: readonly PlannedStatus[]; readonly wanted: readonly PlannedStatus[] },
  program: string,
  options: SweepCommandsOptions,
  terminal: Terminal,
): Promise<void> {
  const folder = options.output ?? `slurm-${plan.name}`;
  const { setup, runsPerTask = 1, threads = 1 } = plan.resources;
  if (setup !== undefined && !plan.allowUserCode) {
    throw new ConfigurationError({
      subject: `${plan.path}: resources.setup`,
      what: 'the plan has lines for the shell, which the scripts would execute',
      remedy: `${ALLOW_USER_CODE} takes them over, when you have read them or wrote them yourself`,
    });
  }
  const tasks = tasksOf(plan, statuses, wanted, runsPerTask);
  const epoch = await estimateEpoch(statuses, options.epochSeconds);
  const secondsOfTasks = tasks.map((task) =>
    statuses
      .slice(task * runsPerTask, (task + 1) * runsPerTask)
      .reduce((sum, status) => sum + (isOpen(status) ? secondsOfRun(status.run, epoch) : 0), 0),
  );
  const taskSeconds = Math.max(...secondsOfTasks);
  const rerun = options.rerunSeeds === undefined ? undefined : rerunChain(plan, statuses, options.rerunSeeds);
  const files = slurmScripts(plan, statuses.length, {
    rerun,
    tasks,
    taskSeconds,
    folder: resolve(folder),
    planPath: resolve(plan.path),
    program,
    dataDir: resolve(dataDirectory(plan.dataDir)),
    maxArraySize: await maxArraySize(),
    epoch,
    signalSeconds: options.signalSeconds,
    maxRestarts: options.maxRestarts,
  });
  for (const { name, text } of files) {
    const path = join(folder, name);
    const executable = name.endsWith('.sh');
    await writeNewFile(path, text, { overwrite: options.overwrite, what: 'a script', executable });
    terminal.result(path);
  }
  // Slurm does not make it, and sbatch may be called without the submit script.
  await makeFolders(join(folder, 'logs'));
  const how = { measured: 'the longest measured', stated: 'as stated', assumed: 'assumed' }[epoch.source];
  const { signalSeconds, maxRestarts } = options;
  const starts = checkTaskTime(plan.path, plan.resources.time ?? '', {
    taskSeconds,
    signalSeconds,
    maxRestarts,
    epoch,
  });
  const longest = Math.max(0, ...statuses.map(({ run }) => secondsOfRun(run, epoch)));
  const rerunSeconds = longest * (rerun?.runs ?? 0);
  const coreSeconds = threads * (secondsOfTasks.reduce((sum, seconds) => sum + seconds, 0) + rerunSeconds);
  const further = rerun === undefined ? '' : `, then ${rerun.runs} of the best settings`;
  terminal.line(
    `${counted(wanted.length, 'run')}${further}; an epoch takes ${epoch.seconds.toPrecision(3)} s (${how})`,
  );
  terminal.line(
    `the longest task takes about ${inHours(taskSeconds)} (${counted(starts, 'start')}), all tasks together about ${inHours(coreSeconds)} of core time`,
  );
  terminal.line(
    `next: ${shellWord(join(folder, `${plan.name}-submit.sh`))}, then probprec sweep status ${planArgument(plan)}`,
  );
}

/** The best setting of each optimizer on each test problem will run with these seeds: how many runs that are is known before. */
function rerunChain(plan: Plan, statuses: readonly PlannedStatus[], seeds: readonly number[]): RerunChain {
  const planPath = resolve(bestPlanPath(plan.path));
  const rankings = new Set(statuses.map(({ run }) => competitorKey(plan, run))).size;
  const name = `${plan.name}-best`;
  const runs = rankings * seeds.length;
  return { seeds: [...seeds].join(','), plan: { ...plan, name, path: planPath }, planPath, runs };
}

/** The tasks that have the wanted runs. Throws UsageError where a task would execute a run that is not wanted, too. */
export function tasksOf(
  plan: Plan,
  statuses: readonly PlannedStatus[],
  wanted: readonly PlannedStatus[],
  runsPerTask: number,
): number[] {
  const tasks = [...new Set(wanted.map(({ run }) => Math.floor(run.index / runsPerTask)))];
  const isWanted = new Set(wanted.map(({ run }) => run.index));
  for (const status of statuses) {
    const { run } = status;
    if (!isOpen(status) || isWanted.has(run.index) || !tasks.includes(Math.floor(run.index / runsPerTask))) continue;
    throw new UsageError({
      subject: '--only',
      found: `runs that share a task with others (${plan.path}: resources.runs_per_task: ${runsPerTask})`,
      expected: 'runs_per_task: 1 or whole tasks',
    });
  }
  return tasks;
}

async function estimateEpoch(statuses: readonly PlannedStatus[], stated: number | undefined): Promise<EpochEstimate> {
  if (stated !== undefined) return { seconds: stated, source: 'stated' };
  return (await measuredEpoch(statuses)) ?? ASSUMED_EPOCH;
}
