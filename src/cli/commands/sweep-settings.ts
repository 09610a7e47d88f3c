import type { PlannedRun } from '../../sweep/index.js';

/** What a plan states of a run's setting, short: `lr=0.11288, momentum=0.9`; a budget only where the plan states one. */
export function describeSetting({ request }: PlannedRun): string {
  const { hyperparameters = {}, numEpochs, batchSize, l2Reg } = request;
  const stated = Object.entries({ ...hyperparameters, num_epochs: numEpochs, batch_size: batchSize, l2_reg: l2Reg });
  const parts = stated.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${short(value)}`]));
  return parts.join(', ') || 'defaults';
}

function short(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(5))) : String(value);
}
