import { type Comparison, quantitiesOf } from '../../analysis/index.js';
import { FileError } from '../../errors.js';
import type { RunQuantities } from '../../report/figures/index.js';
import { readResultFile } from '../../results/index.js';

/**
 * What the optimizers of a comparison's rows said about themselves. Read here, one file after the other, and not with the
 * runs: thousands of logs would fill the memory for the one figure that shows them.
 */
export async function readQuantities({ tables }: Comparison): Promise<RunQuantities[]> {
  const found: RunQuantities[] = [];
  for (const { testproblem, rows } of tables) {
    for (const { name, detail, originKind } of rows) {
      if (originKind === 'baseline') continue;
      for (const { file, seed } of detail?.runs ?? []) {
        const log = await logOf(file);
        if (log !== null) found.push({ testproblem, optimizer: name, seed, ...log });
      }
    }
  }
  return found;
}

async function logOf(file: string): Promise<ReturnType<typeof quantitiesOf> | null> {
  try {
    const result = await readResultFile(file);
    if (result.kind !== 'probprec' || result.content.optimizer_log.length === 0) return null;
    return quantitiesOf(result.content.optimizer_log, result.content.steps_per_epoch);
  } catch (error) {
    // It could be read a moment ago; what can no longer be read has no log.
    if (error instanceof FileError) return null;
    throw error;
  }
}
