import { ConfigurationError } from '../errors.js';
import { groupBy } from '../group-by.js';
import { nearestNames } from '../names.js';
import { readSeeds } from './plan-schema.js';
import type { PlannedRun } from './planned-runs.js';
import { PLANNED_STATES, type PlannedStatus } from './status.js';

/** A condition on planned runs, as the user wrote it: `optimizer=sgd,adam`, `lr=0.1`, `seed=42-44`, `state=failed`. */
export interface RunCondition {
  readonly name: string;
  readonly value: string;
}

/**
 * The runs of a plan that meet every condition; several conditions on one name are alternatives. Names are `testproblem`,
 * `optimizer` (name or class name), `seed`, `state`, and the hyperparameters. A run without a hyperparameter does not meet a condition on
 * it. Throws ConfigurationError for a name or state that no run of the plan has, and when nothing is left.
 */
export function selectRuns(
  statuses: readonly PlannedStatus[],
  conditions: readonly RunCondition[],
  option: string,
): readonly PlannedStatus[] {
  const known = namesOf(statuses);
  const tests = [...groupBy(conditions, ({ name }) => name)].map(([name, alternatives]) => {
    if (!known.includes(name)) {
      const nearest = nearestNames(name, known);
      const hint = nearest.length > 0 ? ` (did you mean ${nearest.join(' or ')}?)` : '';
      throw new ConfigurationError(
        `${option}: found the name ${JSON.stringify(name)}, expected one of ${known.join(', ')}${hint}`,
      );
    }
    const each = alternatives.map(({ value }) => testOf(name, value, option));
    return (status: PlannedStatus) => each.some((meets) => meets(status));
  });
  const selected = statuses.filter((status) => tests.every((meets) => meets(status)));
  if (selected.length > 0 || conditions.length === 0) return selected;
  const stated = conditions.map(({ name, value }) => `${name}=${value}`).join(` ${option} `);
  throw new ConfigurationError(`${option} ${stated}: no run of the plan matches`);
}

function namesOf(statuses: readonly PlannedStatus[]): string[] {
  const hyperparameters = statuses.flatMap(({ run }) => Object.keys(run.configuration.optimizer.hyperparameters));
  return [...new Set(['testproblem', 'optimizer', 'seed', 'state', ...hyperparameters])];
}

function testOf(name: string, value: string, option: string): (status: PlannedStatus) => boolean {
  const words = value.split(',').map((word) => word.trim());
  if (name === 'seed') {
    const seeds = readSeeds(value);
    if (typeof seeds === 'string') throw new ConfigurationError(`${option} seed=${value}: ${seeds}`);
    return ({ run }) => seeds.includes(run.configuration.seed);
  }
  if (name === 'state') {
    const wrong = words.find((word) => !PLANNED_STATES.some((state) => state === word));
    if (wrong !== undefined) {
      throw new ConfigurationError(
        `${option} state=${value}: found ${JSON.stringify(wrong)}, expected one of ${PLANNED_STATES.join(', ')}`,
      );
    }
    return ({ state }) => words.includes(state);
  }
  return ({ run }) => valuesOf(run, name).some((own) => words.some((word) => isSame(own, word)));
}

function valuesOf({ configuration: { testproblem, optimizer } }: PlannedRun, name: string): readonly unknown[] {
  if (name === 'testproblem') return [testproblem];
  if (name === 'optimizer') return [optimizer.name, optimizer.className];
  return name in optimizer.hyperparameters ? [optimizer.hyperparameters[name]] : [];
}

/** Numbers are equal to ten digits, as in the names of folders: `0.1129` is not 0.11288, `1e-1` is 0.1. */
function isSame(own: unknown, word: string): boolean {
  if (typeof own === 'number' && word !== '') return own.toExponential(10) === Number(word).toExponential(10);
  return own === null ? word === 'null' || word === 'none' : String(own) === word;
}
