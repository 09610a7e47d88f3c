import { ConfigurationError } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import type { Plan } from '../plan.js';
import { arrayScript } from './array-script.js';
import { reportScript, rerunScript } from './follow-up-scripts.js';
import type { ArrayPart, RerunChain, ScriptContext, SlurmOptions } from './script-context.js';
import { submitScript } from './submit-script.js';
import { checkTaskTime, checkTimeLimit } from './time-limit.js';

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
    throw new ConfigurationError({ what: 'the site allows no arrays (MaxArraySize 0)', expected: 'at least 1' });
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
function rerunContext(context: ScriptContext, rerun: RerunChain): ScriptContext & { readonly rerun: RerunChain } {
  const { plan, planPath, runs } = rerun;
  const tasks = Array.from({ length: Math.ceil(runs / context.runsPerTask) }, (_, task) => task);
  return { ...context, plan, planPath, runs, rerun, parts: partsOf(tasks, context.maxArraySize) };
}
