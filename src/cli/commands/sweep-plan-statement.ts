import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { withOptimizerFile } from '../../optimizer/index.js';
import { statedOnCommandLine } from '../../run-options/index.js';
import { type PlanStatement, statedSeeds } from '../../sweep/index.js';
import { isUserFile } from '../../user-file/is-user-file.js';
import type { SweepPlanOptions } from '../sweep-options.js';
import type { Searched } from './sweep-plan-settings.js';

/** What the plan file is to say; folders and files relative to it, unless they are given from the root. */
export function planStatement(
  options: SweepPlanOptions,
  testproblems: string[],
  optimizers: string[],
  searched: Searched,
): PlanStatement {
  const folder = dirname(resolve(options.output));
  const fromFolder = (path: string) => (isAbsolute(path) ? path : relative(folder, resolve(path)) || '.');
  const named = (name: string) =>
    !isUserFile(name) || isAbsolute(name) ? name : fromFolder(name).replace(/^(?!\.)/, './');
  const own = (name: string) => searched.get(name) ?? {};
  const shared = own('');
  const { samples, samplingSeed, halton, name, threads, jobs } = options;
  return {
    name,
    testproblems: testproblems.map(named),
    optimizers: optimizers.map((optimizer) => {
      const entry = { name: withOptimizerFile(optimizer, named), settings: own(optimizer) };
      return Object.keys(entry.settings).length === 0 ? entry.name : entry;
    }),
    settings: Object.keys(shared).length === 0 ? undefined : shared,
    sampling:
      samples === undefined
        ? undefined
        : { method: halton ? ('halton' as const) : ('random' as const), samples, seed: samplingSeed ?? 0 },
    seeds: statedSeeds(options.seeds),
    options: { ...statedOnCommandLine(options), dataset: options.dataset && named(options.dataset) },
    output_dir: fromFolder(options.outputDir),
    data_dir: options.dataDir === undefined ? undefined : fromFolder(options.dataDir),
    pruning: options.prune && { rule: options.prune },
    keep_checkpoint: options.keepCheckpoint,
    resources: threads === undefined && jobs === undefined ? undefined : { jobs, threads },
  };
}
