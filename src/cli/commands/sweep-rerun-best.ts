import { extname, relative } from 'node:path';
import { describeEdge } from '../../analysis/index.js';
import { ConfigurationError } from '../../errors.js';
import {
  expandPlan,
  isOpen,
  planOf,
  planText,
  rankPlan,
  readPlan,
  rerunStatement,
  shellWord,
} from '../../sweep/index.js';
import { planArgument } from '../plan-argument.js';
import { counted } from '../progress.js';
import type { SweepRerunOptions } from '../sweep-options.js';
import type { Terminal } from '../terminal.js';
import { writeNewFile } from './new-file.js';
import { rankingName } from './sweep-best.js';
import { describePlan } from './sweep-plan.js';
import { settingDescriber } from './sweep-settings.js';

/** Where the plan of a plan's best settings is written: beside it, `tune-best.yaml`. */
export function bestPlanPath(path: string): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-best${extension || '.yaml'}`;
}

/** Writes the plan of the best settings with further seeds; its path goes to stdout. Throws ProbprecError. */
export async function sweepRerunBest(path: string, options: SweepRerunOptions, terminal: Terminal): Promise<void> {
  const plan = await readPlan(path, options);
  const { rankings, statuses, faults } = await rankPlan(plan, options);
  if (faults[0] !== undefined) terminal.line(`probprec: ${faults[0]}`);
  const open = statuses.filter(isOpen).length + faults.length;
  if (open > 0 && !options.unfinished) {
    throw new ConfigurationError({
      subject: path,
      found: `${open} of ${statuses.length} runs without a result`,
      expected: 'all',
      remedy: `probprec sweep run ${planArgument(plan)} executes them, --unfinished chooses without them`,
    });
  }
  const output = options.output ?? bestPlanPath(path);
  const text = planText(
    output,
    rerunStatement(plan, rankings, options.seeds, { file: output, name: `${plan.name}-best` }),
  );
  const rerun = planOf(output, text, options);
  const { runs, repeated } = await expandPlan(rerun);
  const written = await writeNewFile(output, text, { overwrite: options.overwrite, what: 'a plan' });
  for (const ranking of rankings) {
    const { settings, metric, seeds, edges } = ranking;
    const [best] = settings;
    if (best === undefined) continue;
    const describe = settingDescriber(settings.map(({ run }) => run));
    terminal.line(
      `${rankingName(ranking)}: ${describe(best.run)} (${metric} ${best.value?.toPrecision(5)}, best of ${counted(settings.length, 'setting')} by ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')})`,
    );
    for (const edge of edges) terminal.line(`  ${describeEdge(edge)}`);
  }
  terminal.line(describePlan(rerun, runs, repeated));
  if (!written) terminal.line('the plan was there already, unchanged');
  terminal.line(
    `next: probprec sweep run ${planArgument(rerun)}, then probprec compare ${shellWord(relative('', rerun.outputDir) || '.')}`,
  );
  terminal.result(output);
}
