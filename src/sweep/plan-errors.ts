import { ConfigurationError, ProbprecError } from '../errors.js';
import type { Words } from '../words.js';
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
  return atPlace(error, places.plan.source.place(firstStated(places, optionOf(error.fault?.subject))));
}

/** The key of the option that is named first; empty where none is. */
function optionOf(words: Words = ''): string {
  const all: Words = Array.isArray(words) ? words : [words];
  const named = (all as readonly Exclude<Words, readonly unknown[]>[]).find((word) => typeof word !== 'string');
  return typeof named === 'object' ? named.option : '';
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

/** The same error with the line of the plan, whose keys options are called by. */
export function atPlace(error: unknown, place: string): unknown {
  if (!(error instanceof ProbprecError)) return error;
  return new ConfigurationError({ ...(error.fault ?? { what: error.message }), place, keys: true }, { cause: error });
}
