import { areMet, type Condition, isAmong } from '../condition.js';
import { ConfigurationError } from '../errors.js';
import { didYouMean } from '../names.js';
import { readSeeds } from '../seeds.js';
import type { PlannedRun } from './planned-runs.js';
import { PLANNED_STATES, type PlannedStatus } from './status.js';

/**
 * The runs of a plan that meet every condition; several conditions on one name are alternatives. Names are `testproblem`,
 * `optimizer` (name or class name), `seed`, `state`, and the hyperparameters. A run without a hyperparameter does not meet a condition on
 * it. Throws ConfigurationError for a name or state that no run of the plan has, and when nothing is left.
 */
export function selectRuns(
  statuses: readonly PlannedStatus[],
  conditions: readonly Condition[],
  option: string,
): readonly PlannedStatus[] {
  const known = namesOf(statuses);
  const tests = new Map(
    conditions.map((condition) => {
      const [name] = condition;
      if (!known.includes(name)) {
        throw new ConfigurationError({
          subject: option,
          found: `the name ${JSON.stringify(name)}`,
          expected: `one of ${known.join(', ')}${didYouMean(name, known)}`,
        });
      }
      return [condition, testOf(condition, option)];
    }),
  );
  const selected = statuses.filter((status) =>
    areMet(conditions, (condition) => tests.get(condition)?.(status) === true),
  );
  if (selected.length > 0 || conditions.length === 0) return selected;
  const stated = conditions.map((condition) => condition.join('=')).join(` ${option} `);
  throw new ConfigurationError({ subject: `${option} ${stated}`, what: 'no run of the plan matches' });
}

function namesOf(statuses: readonly PlannedStatus[]): string[] {
  const hyperparameters = statuses.flatMap(({ run }) => Object.keys(run.configuration.optimizer.hyperparameters));
  return [...new Set(['testproblem', 'optimizer', 'seed', 'state', ...hyperparameters])];
}

function testOf([name, value]: Condition, option: string): (status: PlannedStatus) => boolean {
  if (name === 'seed') {
    const seeds = readSeeds(value);
    if (typeof seeds === 'string') throw new ConfigurationError({ subject: `${option} seed=${value}`, what: seeds });
    return ({ run }) => seeds.includes(run.configuration.seed);
  }
  if (name === 'state') {
    const words = value.split(',').map((word) => word.trim());
    const wrong = words.find((word) => !PLANNED_STATES.some((state) => state === word));
    if (wrong !== undefined) {
      throw new ConfigurationError({
        subject: `${option} state=${value}`,
        found: JSON.stringify(wrong),
        expected: `one of ${PLANNED_STATES.join(', ')}`,
      });
    }
  }
  return (status) => valuesOf(status, name).some((own) => isAmong(own, value));
}

function valuesOf({ run, state }: PlannedStatus, name: string): readonly unknown[] {
  const { testproblem, optimizer }: PlannedRun['configuration'] = run.configuration;
  if (name === 'testproblem') return [testproblem];
  if (name === 'optimizer') return [optimizer.name, optimizer.className];
  if (name === 'state') return [state];
  return name in optimizer.hyperparameters ? [optimizer.hyperparameters[name]] : [];
}
