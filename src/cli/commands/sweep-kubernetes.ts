import { stringify } from 'yaml';
import { ConfigurationError } from '../../errors.js';
import {
  ALLOW_USER_CODE,
  checkPathsOfPods,
  kubernetesJob,
  type Plan,
  type PlannedStatus,
  shellWord,
} from '../../sweep/index.js';
import { planArgument } from '../plan-argument.js';
import { counted } from '../progress.js';
import type { SweepCommandsOptions } from '../sweep-options.js';
import type { Terminal } from '../terminal.js';
import { writeNewFile } from './new-file.js';
import { tasksOf } from './sweep-slurm.js';

/** Writes the manifest of a plan's Job, for the `wanted` ones of its runs; its path goes to stdout. Throws ProbprecError. */
export async function writeKubernetesJob(
  plan: Plan,
  { statuses, wanted }: { readonly statuses: readonly PlannedStatus[]; readonly wanted: readonly PlannedStatus[] },
  options: SweepCommandsOptions,
  terminal: Terminal,
): Promise<void> {
  const { setup, runsPerTask = 1 } = plan.resources;
  if (setup !== undefined && !plan.allowUserCode) {
    throw new ConfigurationError({
      subject: `${plan.path}: resources.setup`,
      what: 'the plan has lines for the shell, which the pods would execute',
      remedy: `${ALLOW_USER_CODE} takes them over, when you have read them or wrote them yourself`,
    });
  }
  checkPathsOfPods(plan);
  const tasks = tasksOf(plan, statuses, wanted, runsPerTask);
  const { signalSeconds: graceSeconds, maxRestarts } = options;
  const job = kubernetesJob(plan, { tasks, runs: statuses.length, graceSeconds, maxRestarts });
  const file = options.output ?? `${plan.name}-job.yaml`;
  const text = stringify(job, { lineWidth: 0, aliasDuplicateObjects: false });
  if (file === '-') return terminal.result(text.trimEnd());
  const written = await writeNewFile(file, text, { overwrite: options.overwrite, what: 'a manifest' });
  terminal.line(`${counted(wanted.length, 'run')} in ${counted(tasks.length, 'task')}${written ? '' : ' (unchanged)'}`);
  terminal.result(file);
  terminal.line(`next: kubectl apply -f ${shellWord(file)}, then probprec sweep status ${planArgument(plan)}`);
}
