import { groupBy } from '../../group-by.js';
import { parseOptimizer, writeOptimizer } from '../../optimizer/index.js';
import { hashSetting, problemVersion } from '../../results/index.js';
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
  const { optimizer, data, engine, lr_schedule: schedule } = configuration;
  const options: [string, unknown][] = [
    ['testproblem', configuration.testproblem],
    ...Object.entries(problemVersion(configuration)),
    ['optimizer', argumentOf(optimizer)],
    ...Object.entries(optimizer.hyperparameters),
    ['num_epochs', configuration.num_epochs],
    ['batch_size', configuration.batch_size],
    ['l2_reg', configuration.l2_reg_given ? configuration.l2_reg : null],
    ['lr_schedule_epochs', schedule?.epochs.join(',')],
    ['lr_schedule_factors', schedule?.factors.join(',')],
    ...Object.entries(configuration.schedule ?? {}),
    ['data', data.source === 'synthetic' ? 'synthetic' : null],
    ['synthetic_size', data.source === 'synthetic' ? data.synthetic_size : null],
    ['engine', engine.name],
    ['device', engine.device],
    ['protocol', configuration.protocol],
    ['train_log_interval', configuration.train_log_interval],
  ];
  try {
    const words = options.flatMap(([name, value]) =>
      value === null || value === undefined ? [] : argument(name, String(value)),
    );
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

/** A value that looks like an option, and one of a boolean option, must be joined with its option. */
function argument(name: string, value: string): string[] {
  const option = `--${name.replaceAll('_', '-')}`;
  return value.startsWith('-') || value === 'true' || value === 'false' ? [`${option}=${value}`] : [option, value];
}
