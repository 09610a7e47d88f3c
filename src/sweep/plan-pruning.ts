import { z } from 'zod';

const metric = z
  .string()
  .regex(/^valid_./, 'a metric of the validation set, such as valid_accuracies or valid_losses')
  .default('valid_accuracies');
const epochs = z.int().min(1).optional();

/** `pruning:` of a plan file: how settings are stopped before their end. */
export const pruningSchema = z.discriminatedUnion('rule', [
  z.strictObject({
    rule: z.literal('halving'),
    metric,
    /** Of so many settings one goes on. */
    factor: z.int().min(2).default(3),
    /** The first decision; the next ones come after `factor` times as many epochs each. */
    first_epoch: epochs,
  }),
  z.strictObject({
    rule: z.literal('median'),
    metric,
    first_epoch: epochs,
    /** Epochs between two decisions. */
    every: epochs,
  }),
]);

/** How a plan prunes. */
export type PlanPruning = z.infer<typeof pruningSchema>;

/** After which epochs of a run of so many its setting is decided on, ascending; the last epoch is none of them. */
export function decisionEpochs(pruning: PlanPruning, numEpochs: number): number[] {
  const found: number[] = [];
  if (pruning.rule === 'halving') {
    for (let epoch = pruning.first_epoch ?? 1; epoch < numEpochs; epoch *= pruning.factor) found.push(epoch);
    return found;
  }
  const every = pruning.every ?? Math.ceil(numEpochs / 10);
  for (let epoch = pruning.first_epoch ?? Math.ceil(numEpochs / 5); epoch < numEpochs; epoch += every)
    found.push(epoch);
  return found;
}

/** The rule in words, with every value in force: what a pruned run file names. Null without a rule. */
export function ruleOf(pruning: PlanPruning | undefined, numEpochs: number): string | null {
  if (pruning === undefined) return null;
  const after = `after epoch ${decisionEpochs(pruning, numEpochs).join(', ')}`;
  return pruning.rule === 'halving'
    ? `successive halving by ${pruning.metric}, one of ${pruning.factor} goes on ${after}`
    : `median rule by ${pruning.metric} ${after}`;
}
