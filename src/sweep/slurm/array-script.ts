import { join } from 'node:path';
import type { Plan } from '../plan.js';
import { shellWord } from '../shell.js';
import { directive, literalPath, siteDirectives } from './directives.js';
import {
  arrayOf,
  commentOf,
  logFolder,
  provenance,
  type ScriptContext,
  setupOf,
  userCodeOption,
} from './script-context.js';

/** The script that each task of the array executes. */
export function arrayScript(context: ScriptContext): string {
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
${scratchOf(plan)}# The number of processors that Slurm gave, which a process does not see without task/affinity or task/cgroup.
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
  # A signal that came before the run had a number.
  if [ -n "$received" ]; then kill -TERM "$child" 2>/dev/null; fi
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

/** Lines by which the tasks of a node share one copy of the data sets, on its own disk. */
function scratchOf({ resources: { scratch } }: Plan): string {
  if (scratch === undefined) return '';
  return `# The first task on a node copies its data sets there; all of them read the copy.
export PROBPREC_SCRATCH="${scratch}"
`;
}
