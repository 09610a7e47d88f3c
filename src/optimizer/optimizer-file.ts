import { z } from 'zod';
import type { UserCode } from '../user-file/user-code.js';
import type { FileKind } from '../user-file/user-file.js';
import { hyperparameterFault } from './check-hyperparameters.js';
import type { OptimizerDefinition } from './define-optimizer.js';
import { nameFault, type ReservedNames } from './reserved-names.js';
import { guarded } from './user-training.js';

/** What a user's file must export as its default: what `defineOptimizer` returns. */
const contract = z.looseObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'expected lower-case letters, digits and hyphens'),
  className: z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'expected a class name such as MyOptimizer'),
  description: z.string(),
  hyperparameters: z.custom<z.ZodObject>(
    (value) => value instanceof z.ZodObject,
    "expected z.strictObject({ … }) with the z of 'probprec'",
  ),
  minimumStepsPerEpoch: z.function().optional(),
  transformation: z.function().nullish(),
  whenDiverged: z.function().optional(),
  schedule: z.function().optional(),
  start: z.function(),
});

/** Files that define optimizers; none may have a name of `reserved`. */
export function optimizerFiles(reserved: () => Promise<ReservedNames>): FileKind<OptimizerDefinition> {
  return {
    option: 'optimizer',
    noun: 'optimizer',
    expected: 'export default defineOptimizer({ … })',
    contract,
    guarded: (exported: OptimizerDefinition, code: UserCode) => guarded(copied(exported), code),
    fault: async (definition) =>
      hyperparameterFault(definition.hyperparameters) ?? nameFault(definition, await reserved()),
  };
}

/** Nothing of it is read from the user's object again, but methods stay on that object, which may be one of a class. */
function copied(exported: OptimizerDefinition): OptimizerDefinition {
  const { name, className, description, hyperparameters, transformation } = exported;
  return {
    ...exported,
    name,
    className,
    description,
    hyperparameters,
    transformation: transformation ?? null,
    minimumStepsPerEpoch: (values) => exported.minimumStepsPerEpoch?.(values) ?? { steps: 1, why: 'one step' },
    whenDiverged: (values) => exported.whenDiverged?.(values) ?? null,
    start: (task, values) => exported.start(task, values),
  };
}
