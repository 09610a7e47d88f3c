import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRunFile, reproducibleContent } from '../../src/results/index.js';
import { plannedRuns, planStatus, readPlan } from '../../src/sweep/index.js';

/**
 * A plan of four settings, of which one diverges, over four epochs, with decisions after the first and the second; the test
 * problem has no accuracies, so that losses decide.
 */
export async function writePrunedPlan(folder: string, name: string, further = ''): Promise<string> {
  const text = `testproblems: quadratic_deep
optimizers: sgd
settings: { lr: [1e-4, 1e-3, 0.01, 1e30] }
options: { num_epochs: 4 }
output_dir: ${name}
pruning: { rule: halving, factor: 2 }
resources: { threads: 1 }
${further}`;
  await writeFile(join(folder, `${name}.yaml`), text);
  return `${name}.yaml`;
}

/** State, epoch and reason of every run of a plan, and what its file says beside times. */
export async function prunedStates(folder: string, name: string) {
  const plan = await readPlan(join(folder, `${name}.yaml`));
  const statuses = await planStatus(plan, await plannedRuns(plan));
  return Promise.all(
    statuses.map(async ({ run, state, epoch, reason, path }) => ({
      lr: run.configuration.optimizer.hyperparameters.lr,
      state,
      epoch,
      reason,
      content: reproducibleContent(await readRunFile(path ?? '')),
    })),
  );
}
