import { shellWord } from '../shell.js';
import { arrayOf, commentOf, provenance, type ScriptContext } from './script-context.js';

/** Lines that submit the arrays of a plan, with the options that each one gets, and collect their numbers in `jobs`. */
function submissions(context: ScriptContext, options = ''): string {
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

/** Submits the arrays and what follows them, each waiting for the one before. */
export function submitScript(context: ScriptContext, after: ScriptContext | null): string {
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
