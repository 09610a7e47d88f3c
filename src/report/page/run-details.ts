import { type Comparison, quantitiesOfRun, rowLabel } from '../../analysis/index.js';
import { FileError } from '../../errors.js';
import { type RunFile, readResultFile } from '../../results/index.js';
import type { RunQuantities } from '../figures/index.js';
import type { RunFacts } from './content.js';

/** What only some figures and the report need of the run files behind a comparison's rows. */
export interface RunDetails {
  readonly facts: readonly RunFacts[];
  readonly quantities: readonly RunQuantities[];
}

/**
 * Reads the files of the rows again, one after the other, and not with the runs: thousands of logs would fill the memory for
 * the one figure that shows them. Baselines and files of others have neither.
 */
export async function readRunDetails({ tables }: Comparison): Promise<RunDetails> {
  const facts: RunFacts[] = [];
  const quantities: RunQuantities[] = [];
  for (const { testproblem, rows } of tables) {
    for (const row of rows) {
      const { detail, originKind } = row;
      if (originKind === 'baseline') continue;
      const name = rowLabel(row, rows);
      for (const { file, seed } of detail?.runs ?? []) {
        const content = await runFileOf(file);
        if (content === null) continue;
        const about = { testproblem, optimizer: name, seed };
        facts.push({ ...about, ...factsOf(content) });
        quantities.push({ ...about, ...quantitiesOfRun(content) });
      }
    }
  }
  return { facts, quantities: quantities.filter(({ points, events }) => points.length + events.length > 0) };
}

function factsOf(content: RunFile): Omit<RunFacts, 'testproblem' | 'optimizer' | 'seed'> {
  const { suite_version, protocol_version, started_at, environment, dataset, configuration } = content;
  return {
    suiteVersion: suite_version,
    protocolVersion: protocol_version,
    startedAt: started_at,
    environment,
    dataset,
    configuration,
  };
}

async function runFileOf(file: string): Promise<RunFile | null> {
  try {
    const result = await readResultFile(file);
    return result.kind === 'probprec' ? result.content : null;
  } catch (error) {
    // It could be read a moment ago; of what can no longer be read nothing more is said.
    if (error instanceof FileError) return null;
    throw error;
  }
}
