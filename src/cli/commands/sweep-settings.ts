import { LATER_KEYS, propertyOf } from '../../run-options/index.js';
import type { PlannedRun } from '../../sweep/index.js';

/**
 * Says what a plan states of a run's setting, short: `lr=0.11288, momentum=0.9`. Budgets are part of it only where they
 * differ among the runs that are told apart.
 */
export function settingDescriber(runs: readonly PlannedRun[]): (run: PlannedRun) => string {
  const budgets = [...LATER_KEYS, 'num_epochs', 'batch_size', 'l2_reg'] as const;
  const differing = budgets.filter((name) => new Set(runs.map((run) => budget(run)[name])).size > 1);
  return (run) => {
    const hyperparameters = Object.entries({ ...run.request.hyperparameters, ...run.request.schedule });
    const stated = [...hyperparameters, ...differing.map((name) => [name, budget(run)[name]] as const)];
    return stated.map(([name, value]) => `${name}=${short(value)}`).join(', ') || 'defaults';
  };
}

function budget({ configuration }: PlannedRun): Readonly<Record<string, unknown>> {
  const { numEpochs, batchSize, l2Reg } = configuration;
  const later = Object.fromEntries(LATER_KEYS.map((key) => [key, configuration[propertyOf(key)]]));
  return { ...later, num_epochs: numEpochs, batch_size: batchSize, l2_reg: l2Reg };
}

function short(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(5))) : String(value);
}
