import { groupBy } from '../../group-by.js';
import { parseOptimizer, writeOptimizer } from '../../optimizer/index.js';
import { hashSetting, recordedOptions } from '../../results/index.js';
import { argumentsInOrder } from '../../run-options/index.js';
import { shellWord } from '../../sweep/index.js';
import type { RunFacts } from './content.js';

/** A command for each setting that trains its seeds again; null for a value that no command line can hold. */
export function repeatCommands(
  facts: readonly RunFacts[],
): { readonly optimizer: string; readonly command: string | null }[] {
  const settings = groupBy(facts, ({ configuration }) => hashSetting(configuration));
  return [...settings.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const seeds = [...new Set(own.map(({ seed }) => seed))].sort((left, right) => left - right);
    return [{ optimizer: first.optimizer, command: commandOf(first.configuration, seeds) }];
  });
}

function commandOf(configuration: RunFacts['configuration'], seeds: readonly number[]): string | null {
  const { optimizer, data } = configuration;
  const words = argumentsInOrder(
    {
      ...recordedOptions(configuration),
      ...(data.source === 'real' ? { data: null, synthetic_size: null } : {}),
      // The name that is recorded has the data set in it.
      testproblem: configuration.testproblem,
      dataset: null,
      optimizer: argumentOf(optimizer),
    },
    optimizer.hyperparameters,
  );
  try {
    const seed = seeds.length === 1 ? `${seeds[0]}` : '"$seed"';
    const run = `probprec run ${words.map(shellWord).join(' ')} --seed ${seed}`;
    return seeds.length === 1 ? run : `for seed in ${seeds.join(' ')}; do ${run}; done`;
  } catch {
    return null;
  }
}

/** What was given as the optimizer: its name, or its file in the wrappers that were around it. */
function argumentOf({ name, source }: RunFacts['configuration']['optimizer']): string {
  return source === null ? name : writeOptimizer({ ...parseOptimizer(name), base: source.file });
}
