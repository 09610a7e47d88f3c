import { ProbprecError } from '../../errors.js';
import { expandPlan, type Plan, type PlannedRun, type PlanStatement, planOf, planText } from '../../sweep/index.js';
import { UsageError } from '../failure.js';
import { missingName } from '../house-command.js';
import { planArgument } from '../plan-argument.js';
import { counted } from '../progress.js';
import type { SweepPlanOptions } from '../sweep-options.js';
import type { Terminal } from '../terminal.js';
import { writeNewFile } from './new-file.js';
import { readSettings } from './sweep-plan-settings.js';
import { planStatement } from './sweep-plan-statement.js';

/** Checks everything that is asked for and writes the plan; its path goes to stdout. Throws ProbprecError. */
export async function sweepPlan(
  options: SweepPlanOptions,
  args: readonly string[],
  ownOptions: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const { testproblem: testproblems, optimizer: optimizers, output } = options;
  if (testproblems === undefined) throw missingName('--testproblem', 'testproblems');
  if (optimizers === undefined) throw missingName('--optimizer', 'optimizers');
  const searched = await readSettings(options, optimizers, args, ownOptions);
  const stated = planStatement(options, testproblems, optimizers, searched);
  const { text, runs, repeated, plan } = await pinnedPlan(output, stated);
  const written = await writeNewFile(output, text, { overwrite: options.overwrite, what: 'a plan' });
  terminal.line(describePlan(plan, runs, repeated));
  if (!written) terminal.line('the plan was there already, unchanged');
  const next = planArgument(plan);
  terminal.line(`next: probprec sweep run ${next}, or probprec sweep commands ${next} --format parallel|slurm`);
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

/**
 * The plan with the engine that `auto` means here and now: the same plan on another machine must mean the same runs.
 * Throws ProbprecError for a statement that is no plan.
 */
export async function pinnedPlan(file: string, stated: PlanStatement) {
  const first = await check(file, stated);
  const { engine } = first.runs[0]?.configuration ?? {};
  const pinned = { ...stated, options: { ...stated.options, engine: engine?.name, device: engine?.device } };
  return { text: planText(file, pinned), ...(await check(file, pinned)) };
}

/** Reads the statement as the plan file would be read; what is wrong is wrong with the options, not with a line. */
async function check(file: string, stated: PlanStatement) {
  try {
    const plan = planOf(file, planText(file, stated), { allowUserCode: true });
    return { plan, ...(await expandPlan(plan)) };
  } catch (error) {
    if (error instanceof ProbprecError && error.cause instanceof ProbprecError) throw error.cause;
    if (error instanceof ProbprecError && error.fault !== null) {
      const { place: _, ...fault } = error.fault;
      throw new UsageError(fault);
    }
    if (error instanceof ProbprecError) throw new UsageError(error.message);
    throw error;
  }
}
