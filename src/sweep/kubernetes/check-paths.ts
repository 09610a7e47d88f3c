import { dirname, relative, resolve } from 'node:path';
import { ConfigurationError } from '../../errors.js';
import { isUserFile } from '../../user-file/is-user-file.js';
import type { Plan } from '../plan.js';

/**
 * A pod sees the plan's folder in a volume, under another path: what the plan names must lie below that folder. Throws
 * ConfigurationError.
 */
export function checkPathsOfPods(plan: Plan): void {
  const folder = dirname(resolve(plan.path));
  const files = [...plan.testproblems, ...plan.optimizers].map(({ name }) => name).filter(isUserFile);
  const named: [string, string | undefined][] = [
    ['output_dir', plan.outputDir],
    ['data_dir', plan.dataDir],
    ...files.map((file): [string, string] => ['the file', file]),
  ];
  for (const [what, path] of named) {
    if (path === undefined || !/^\.\.(?:[/\\]|$)/.test(relative(folder, path))) continue;
    throw new ConfigurationError({
      subject: `${plan.path}: ${what}`,
      found: relative(folder, path),
      expected: `a path below the plan's folder, which the pods see as a volume`,
    });
  }
}
