import { join } from 'node:path';
import { ConfigurationError } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import { suiteVersion } from '../../results/index.js';
import type { Plan } from '../plan.js';
import { shellWord } from '../shell.js';
import { ALLOW_USER_CODE, userCodeOf } from '../user-code.js';
import { directive, literalPath, siteDirectives } from './directives.js';
import { formatTag, planTag } from './job-tag.js';
import { checkTaskTime, checkTimeLimit, type EpochEstimate } from './time-limit.js';

/** What the scripts need to know besides the plan. */
export interface SlurmOptions {
  /** Absolute: where the scripts and their logs go. */
  readonly folder: string;
  /** Absolute path of the plan file. */
  readonly planPath: string;
  /** What starts our command in any folder and environment, as words of a shell: absolute paths. */
  readonly program: string;
  /** Absolute: where runs find data sets unless the plan says so. */
  readonly dataDir: string;
  /** The site's MaxArraySize: task numbers are smaller. */
  readonly maxArraySize: number;
  readonly epoch: EpochEstimate;
  /** Seconds before the time limit at which a task is told to stop. */
  readonly signalSeconds: number;
  /** How often a task that ran out of time is started again. */
  readonly maxRestarts: number;
  /** Seconds that the longest task takes; absent where nothing is known about it. */
  readonly taskSeconds?: number;
  /** Numbers of the tasks to submit, ascending: task t has the runs from t · runs_per_task on. Absent: all. */
  readonly tasks?: readonly number[];
  /** The best settings' further runs, after those of the plan; absent for none. */
  readonly rerun?: RerunChain | undefined;
}

/** What follows the runs of a plan in one submission: the choice of the best settings, and their runs with other seeds. */
export interface RerunChain {
  /** As `sweep rerun-best --seeds` takes them. */
  readonly seeds: string;
  /** The plan that the choice will write. */
  readonly plan: Plan;
  /** Absolute path of that plan. */
  readonly planPath: string;
  /** How many runs it will have. */
  readonly runs: number;
}

/** A generated file. */
export interface SlurmFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The array script, the report script and the submit script of a plan of `runs` runs; with `rerun` also the script that chooses
 * the best settings, and the array script of their runs. Throws ConfigurationError for a
 * time limit that cannot work and for values that are no directives.
 */
export function slurmScripts(plan: Plan, runs: number, options: SlurmOptions): SlurmFile[] {
  const time = checkTimeLimit(plan.path, plan.resources.time, options.signalSeconds, options.epoch);
  if (options.taskSeconds !== undefined) {
    checkTaskTime(plan.path, time, { ...options, taskSeconds: options.taskSeconds });
  }
  const runsPerTask = plan.resources.runsPerTask ?? 1;
  const tasks = options.tasks ?? Array.from({ length: Math.ceil(runs / runsPerTask) }, (_, task) => task);
  if (options.maxArraySize < 1) {
    throw new ConfigurationError('the site allows no arrays (MaxArraySize 0), expected at least 1');
  }
  const submit = `${plan.name}-submit.sh`;
  const context = { plan, runs, runsPerTask, time, parts: partsOf(tasks, options.maxArraySize), submit, ...options };
  const after = options.rerun === undefined ? null : rerunContext(context, options.rerun);
  return [
    { name: `${plan.name}.sbatch`, text: arrayScript(context) },
    ...(after === null
      ? []
      : [
          { name: `${plan.name}-rerun.sbatch`, text: rerunScript(context, after.rerun) },
          { name: `${after.plan.name}.sbatch`, text: arrayScript(after) },
        ]),
    { name: `${plan.name}-report.sbatch`, text: reportScript(context) },
    { name: submit, text: submitScript(context, after) },
  ];
}

function partsOf(tasks: readonly number[], maxArraySize: number): ArrayPart[] {
  return [...groupBy(tasks, (task) => Math.floor(task / maxArraySize)).entries()].map(([part, members]): ArrayPart => {
    const offset = part * maxArraySize;
    return { offset, tasks: members.map((task) => task - offset) };
  });
}

/** The arrays of the best settings' runs, whose plan is not there yet. */
function rerunContext(context: Context, rerun: RerunChain): Context & { readonly rerun: RerunChain } {
  const { plan, planPath, runs } = rerun;
  const tasks = Array.from({ length: Math.ceil(runs / context.runsPerTask) }, (_, task) => task);
  return { ...context, plan, planPath, runs, rerun, parts: partsOf(tasks, context.maxArraySize) };
}

/** One submission of the array script: an array may not be larger than MaxArraySize. */
interface ArrayPart {
  readonly offset: number;
  /** Task numbers of the array, which count from `offset` on. */
  readonly tasks: readonly number[];
}

interface Context extends SlurmOptions {
  readonly plan: Plan;
  readonly runs: number;
  readonly runsPerTask: number;
  readonly time: string;
  readonly parts: readonly ArrayPart[];
  /** The script that submits this one. */
  readonly submit: string;
}

function arrayScript(context: Context): string {
  const { plan, runs, runsPerTask, time, folder, planPath, program, dataDir, signalSeconds, maxRestarts } = context;
  const [first = { offset: 0, tasks: [] }] = context.parts;
  const { threads = 1 } = plan.resources;
  const directives = [
    directive('job-name', plan.name),
    directive('comment', commentOf(context, first)),
    directive('array', arrayOf(plan, first)),
    directive('ntasks', '1'),
    directive('cpus-per-task', String(threads)),
    directive('time', time),
    directive('signal', `B:USR1@${signalSeconds}`),
    directive('requeue'),
    directive('open-mode', 'append'),
    directive('output', join(literalPath(logFolder(folder)), '%A_%a.out')),
    directive('chdir', folder),
    ...siteDirectives(plan, { trains: true }),
  ];
  return `#!/bin/bash
${directives.join('\n')}

# ${provenance(context)}
# Submit it with ${context.submit}, or with sbatch as it is. Each task executes ${
    runsPerTask === 1 ? 'one run' : `${runsPerTask} runs, one after the other`
  } of the plan.
# ${signalSeconds} s before the time limit the run stops after its current step and the task is queued again, at most
# ${maxRestarts} times; it resumes at the run's next step. Completed work is never repeated.
${setupOf(plan)}set -u

plan=${shellWord(planPath)}
runs=${runs}
runs_per_task=${runsPerTask}
max_restarts=${maxRestarts}
export PROBPREC_DATA_DIR=${shellWord(dataDir)}
# The number of processors that Slurm gave, which a process does not see without task/affinity or task/cgroup.
threads=\${SLURM_CPUS_PER_TASK:-${threads}}
export OMP_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads MKL_NUM_THREADS=$threads

say() { printf '%s %s\\n' "$(date '+%F %T')" "$*"; }

if [ -z "\${SLURM_ARRAY_TASK_ID:-}" ]; then
  say 'this is no task of a job array; submit the script with sbatch' >&2
  exit 2
fi
restarts=\${SLURM_RESTART_COUNT:-0}
# The first argument is the number of tasks in earlier arrays of the same plan.
first=$(((SLURM_ARRAY_TASK_ID + \${1:-${first.offset}}) * runs_per_task))
last=$((first + runs_per_task - 1))
if [ "$last" -ge "$runs" ]; then last=$((runs - 1)); fi

# A trap runs while the shell waits, not while a command runs in the foreground; so the run is a child that is waited for.
# It gets SIGTERM, because a background process of a script ignores SIGINT until it has set its own handler.
child=
received=
signals=0
forward() {
  received=$1
  signals=$((signals + 1))
  say "received SIG$1"
  if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null; fi
}
trap 'forward USR1' USR1
trap 'forward TERM' TERM

failed=0
done_to=$((first - 1))
for ((index = first; index <= last; index++)); do
  if [ -n "$received" ]; then break; fi
  say "run $index of $plan, $threads thread(s), start $((restarts + 1)) of job \${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID on $(hostname)"
  ${program} sweep run "$plan" --index "$index" --threads "$threads"${userCodeOption(plan)} &
  child=$!
  while :; do
    before=$signals
    wait "$child"
    code=$?
    # A signal ends the wait, not the run.
    if [ "$signals" -eq "$before" ]; then break; fi
  done
  child=
  say "run $index: exit code $code"
  if [ "$code" -eq 0 ]; then done_to=$index; continue; fi
  if [ -n "$received" ]; then break; fi
  failed=1
  done_to=$index
done

if [ -z "$received" ] || [ "$done_to" -eq "$last" ]; then exit "$failed"; fi
if [ "$received" = TERM ]; then
  say "run $((done_to + 1)) was ended by Slurm (cancelled, pre-empted, or out of time); it resumes when the task is submitted or requeued"
  exit 1
fi
if [ "$restarts" -ge "$max_restarts" ]; then
  say "out of time after $((restarts + 1)) starts, the most this script allows; submit it again to resume, or raise resources.time in the plan and generate it again"
  exit 1
fi
say "out of time; queued again (restart $((restarts + 1)) of at most $max_restarts)"
scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && exit 0
say 'scontrol requeue failed; submit the script again to resume'
exit 1
`;
}

function reportScript(context: Context): string {
  const { plan, planPath, rerun } = context;
  const userCode = userCodeOption(plan);
  const compared = shellWord(rerun?.planPath ?? planPath);
  const chosen =
    rerun === undefined
      ? ''
      : `echo
probprec sweep best ${shellWord(planPath)}${userCode} || status=$?
probprec sweep status ${compared}${userCode} || status=$?
`;
  return `#!/bin/bash
${shortJob(context, 'report').join('\n')}

# ${provenance(context)}
# Runs when all tasks have ended, however they did: what is done, what failed and why, and how the optimizers compare.
${setupOf(plan)}probprec() { ${context.program} "$@"; }
probprec sweep status ${shellWord(planPath)}${userCode}
status=$?
${chosen}echo
probprec compare --plan ${compared}${userCode} || status=$?
exit "$status"
`;
}

/** Chooses the best settings when the plan's tasks have ended; fails, and with it what waits for it, while runs are missing. */
function rerunScript(context: Context, { seeds, planPath: best }: RerunChain): string {
  const { plan, planPath, program } = context;
  return `#!/bin/bash
${shortJob(context, 'rerun').join('\n')}

# ${provenance(context)}
# Runs when all tasks have ended: writes the plan of the best settings with further seeds, whose runs come after this job.
${setupOf(plan)}exec ${program} sweep rerun-best ${shellWord(planPath)} --seeds ${seeds} -o ${shellWord(best)} --overwrite${userCodeOption(plan)}
`;
}

/** Directives of a job that trains nothing. */
function shortJob({ plan, folder }: Context, kind: 'report' | 'rerun'): string[] {
  return [
    directive('job-name', `${plan.name}-${kind}`),
    directive('ntasks', '1'),
    directive('cpus-per-task', '1'),
    directive('time', '00:15:00'),
    directive('open-mode', 'append'),
    directive('output', join(literalPath(logFolder(folder)), `${kind}-%j.out`)),
    directive('chdir', folder),
    ...siteDirectives(plan, { trains: false }),
  ];
}

/** Lines that submit the arrays of a plan, with the options that each one gets, and collect their numbers in `jobs`. */
function submissions(context: Context, options = ''): string {
  const { plan, parts } = context;
  const { throttle } = plan.resources;
  const lines = parts.map((part, number) => {
    // One array after the other where the number of tasks at the same time is limited: a limit counts within one array.
    const after = number > 0 && throttle !== undefined ? ' "--dependency=afterany:$job"' : options;
    const own = number === 0 ? '' : ` --array=${arrayOf(plan, part)} --comment=${commentOf(context, part)}`;
    return `job=$(sbatch --parsable "$@"${after}${own} ${plan.name}.sbatch ${part.offset})
job=\${job%%;*}
jobs=$jobs:$job
echo "array job $job: ${part.tasks.length} tasks"`;
  });
  return `jobs=\n${lines.join('\n')}`;
}

function submitScript(context: Context, after: Context | null): string {
  const { plan, folder } = context;
  const chain =
    after === null
      ? ''
      : `rerun=$(sbatch --parsable "$@" "--dependency=afterany$jobs" ${plan.name}-rerun.sbatch)
rerun=\${rerun%%;*}
echo "rerun job $rerun, when they have ended: logs/rerun-$rerun.out; then"
${submissions(after, ' "--dependency=afterok:$rerun" --kill-on-invalid-dep=yes')}
`;
  return `#!/bin/bash
# ${provenance(context)}
# Submits the plan's runs, and a report that runs after them. Arguments go to every sbatch, for instance --account=ml.
set -eu
cd ${shellWord(folder)}
# Slurm does not make it, and tasks whose log cannot be written fail without a word.
mkdir -p logs
${submissions(context)}
${chain}report=$(sbatch --parsable "$@" "--dependency=afterany$jobs" ${plan.name}-report.sbatch)
echo "report job \${report%%;*}, when they have ended: logs/report-\${report%%;*}.out"
`;
}

/** Who generated the scripts has allowed the plan's files, or there would be no scripts; tasks run unattended. */
function userCodeOption(plan: Plan): string {
  return userCodeOf(plan).length > 0 ? ` ${ALLOW_USER_CODE}` : '';
}

function logFolder(folder: string): string {
  return join(folder, 'logs');
}

function arrayOf({ resources: { throttle } }: Plan, { tasks }: ArrayPart): string {
  return `${rangesOf(tasks)}${throttle === undefined ? '' : `%${throttle}`}`;
}

/** The plan's lines for the shell, before anything of ours is started. */
function setupOf({ resources: { setup = [] } }: Plan): string {
  return setup.length === 0 ? '' : `\n# The plan's resources.setup.\n${setup.join('\n')}\n\n`;
}

/** Ascending numbers as sbatch writes them: `0-3,7,9-11`. */
function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}

function commentOf({ planPath, runsPerTask }: Context, { offset }: ArrayPart): string {
  return formatTag({ plan: planTag(planPath), offset, runsPerTask });
}

function provenance({ plan, runs }: Context): string {
  return `Generated by probprec ${suiteVersion()} from the plan ${plan.name} (${runs} runs).`;
}
