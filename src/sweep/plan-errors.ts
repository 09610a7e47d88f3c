import { ConfigurationError, ProbprecError } from '../errors.js';
import type { Plan } from './plan.js';
import type { PlanPath } from './plan-file.js';

/** Of which entries of the plan something is said, for errors. */
export interface Places {
  readonly plan: Plan;
  readonly problemIndex: number;
  readonly optimizerIndex: number;
  readonly blockIndex?: number;
}

/** An error of the configuration with the place at which the plan states what it is about. */
export function atStatement(error: unknown, places: Places): unknown {
  if (!(error instanceof ProbprecError)) return error;
  const named = /^--([a-z0-9-]+)|^hyperparameter of [^:]+: (\w+)/i.exec(error.message);
  const key = (named?.[1] ?? named?.[2] ?? '').replaceAll('-', '_');
  return atPlace(error, places.plan.source.place(firstStated(places, key)));
}

/** The most specific place at which the plan states a key. */
export function firstStated({ plan, problemIndex, optimizerIndex, blockIndex = 0 }: Places, key: string): PlanPath {
  const optimizer = ['optimizers', optimizerIndex] as const;
  const problem = ['testproblems', problemIndex] as const;
  if (key === 'testproblem') return problem;
  const candidates: PlanPath[] = [
    [...optimizer, 'settings', blockIndex, key],
    [...optimizer, 'settings', key],
    ['settings', key],
    [...optimizer, 'options', key],
    [...problem, 'options', key],
    ['options', key],
  ];
  return candidates.find((path) => plan.source.has(path)) ?? optimizer;
}

/** The same error with the line of the plan in front, and options by their names in the plan. */
export function atPlace(error: unknown, place: string): unknown {
  if (!(error instanceof ProbprecError)) return error;
  const message = error.message.replace(/^--([a-z0-9-]+)/i, (_, option: string) => option.replaceAll('-', '_'));
  return new ConfigurationError(`${place}: ${message}`, { cause: error });
}
