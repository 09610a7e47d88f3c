import { loadOptimizer } from '../optimizer/index.js';
import type { PlannedRun } from '../sweep/index.js';

/** What helps diverged runs of a plan, where their optimizers know: each line once, however many runs there are. */
export async function divergenceHints(diverged: readonly PlannedRun[]): Promise<string[]> {
  const hints = new Set<string>();
  for (const { request, configuration } of diverged) {
    const { whenDiverged } = await loadOptimizer(request.optimizer);
    const hint = whenDiverged?.(configuration.optimizer.hyperparameters) ?? null;
    if (hint !== null) hints.add(`${configuration.optimizer.name}: ${hint}`);
  }
  return [...hints];
}
