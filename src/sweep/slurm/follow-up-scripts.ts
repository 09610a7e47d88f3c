import { join } from 'node:path';
import { shellWord } from '../shell.js';
import { directive, literalPath, siteDirectives } from './directives.js';
import {
  logFolder,
  provenance,
  type RerunChain,
  type ScriptContext,
  setupOf,
  userCodeOption,
} from './script-context.js';

/** Runs when everything has ended: status and comparison of the plan's runs. */
export function reportScript(context: ScriptContext): string {
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
export function rerunScript(context: ScriptContext, { seeds, planPath: best }: RerunChain): string {
  const { plan, planPath, program } = context;
  return `#!/bin/bash
${shortJob(context, 'rerun').join('\n')}

# ${provenance(context)}
# Runs when all tasks have ended: writes the plan of the best settings with further seeds, whose runs come after this job.
${setupOf(plan)}exec ${program} sweep rerun-best ${shellWord(planPath)} --seeds ${seeds} -o ${shellWord(best)} --overwrite${userCodeOption(plan)}
`;
}

/** Directives of a job that trains nothing. */
function shortJob({ plan, folder }: ScriptContext, kind: 'report' | 'rerun'): string[] {
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
