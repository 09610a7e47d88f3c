import { relative } from 'node:path';
import { workingDirectoryCode } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { optimizerFileOf } from '../optimizer/index.js';
import { isUserFile } from '../user-file/is-user-file.js';
import type { Plan } from './plan.js';

/** The option of every command that reads a plan. */
export const ALLOW_USER_CODE = '--allow-user-code';

/**
 * The code of others that executing this plan, or only listing its runs, would run: the files of its optimizers, test problems
 * and data sets, and a package of the working directory that its engine needs. Relative to the working directory where they are below it.
 */
export function userCodeOf({
  optimizers,
  testproblems,
  options,
}: Pick<Plan, 'optimizers' | 'testproblems' | 'options'>) {
  const inForce = optimizers.flatMap((optimizer) =>
    testproblems.map((problem) => ({ ...options, ...problem.options, ...optimizer.options })),
  );
  const named = [...testproblems.map(({ name }) => name), ...inForce.flatMap(({ dataset }) => dataset ?? [])];
  const files = [...named.filter(isUserFile), ...optimizers.map(({ name }) => optimizerFileOf(name))];
  const packages = inForce.map(({ engine, device }) => workingDirectoryCode({ engine, device }));
  const found = [...new Set([...files, ...packages])].filter((path) => path !== null);
  return found.map((path) => (relative('', path).startsWith('..') ? path : `./${relative('', path)}`));
}

/**
 * A plan is data, and may come from somebody else: what it names is run only when the user has said so. Throws
 * ConfigurationError, which names the files.
 */
export function checkUserCode(plan: Plan): void {
  if (plan.allowUserCode) return;
  const found = userCodeOf(plan);
  if (found.length === 0) return;
  throw new ConfigurationError({
    subject: `${plan.path}: the plan runs code that does not come with probprec`,
    what: `${found.join(', ')}`,
    remedy: `${ALLOW_USER_CODE} runs it, when you have read it or wrote it yourself`,
  });
}
