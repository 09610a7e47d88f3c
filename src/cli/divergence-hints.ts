import { loadOptimizer } from '../optimizer/index.js';
import type { PlannedRun } from '../sweep/index.js';
import { asFlag, type Words, wordsText } from '../words.js';

/** What an optimizer says that helps, with options by their flags. */
export function hintText(hint: Words | null): string | null {
  return hint === null ? null : wordsText(hint, asFlag);
}

/** What helps diverged runs of a plan, where their optimizers know: each line once, however many runs there are. */
export async function divergenceHints(diverged: readonly PlannedRun[]): Promise<string[]> {
  const hints = new Set<string>();
  for (const { request, configuration } of diverged) {
    const { whenDiverged } = await loadOptimizer(request.optimizer);
    const hint = hintText(whenDiverged?.(configuration.optimizer.hyperparameters) ?? null);
    if (hint !== null) hints.add(`${configuration.optimizer.name}: ${hint}`);
  }
  return [...hints];
}
