import { existsSync } from 'node:fs';
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { FileError } from '../errors.js';
import { dot, gradients, input, leavesOf, program, sameShape, type Tensor } from '../tensor/index.js';
import type { OptimizerDefinition } from './define-optimizer.js';
import { StepRecorder } from './step-recorder.js';
import type { Hyperparameters } from './training.js';
import { at } from './transformation.js';
import { UpdateRule } from './update-rule.js';

/** What a user's file must export as its default: what `defineOptimizer` returns. */
const contract = z.looseObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'expected lower-case letters, digits and hyphens'),
  className: z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'expected a class name such as MyOptimizer'),
  description: z.string(),
  hyperparameters: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, 'expected z.strictObject({ … })'),
  start: z.function(),
});

/**
 * Tries a user's transformation on a small parameter, so that a mistake in it is reported before anything is trained:
 * updates and state must have the parameters' shapes. Throws FileError.
 */
export function checkTransformation(
  file: string,
  definition: OptimizerDefinition,
  hyperparameters: Hyperparameters,
): void {
  if (!definition.transformation) return;
  const parameter = input('parameter/example', [2, 3]);
  let outputs: Readonly<Record<string, Tensor>>;
  try {
    const { transformation, learningRate = 'lr' } = definition;
    const scheduled = learningRate !== null && typeof hyperparameters[learningRate] === 'number';
    const rule = new UpdateRule(transformation, hyperparameters, { parameters: [parameter], scheduled });
    const recorder = new StepRecorder(1);
    const loss = dot(parameter, parameter);
    const materials = { updates: [input('gradient', [2, 3])], loss, gradients: gradients(loss, [parameter]) };
    const { parameters, state } = rule.apply(recorder, materials);
    outputs = { 'parameter/example': at(parameters, 0), ...Object.fromEntries(leavesOf(state)) };
    program(outputs);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new FileError(`--optimizer ${file}: its update fails on a parameter of shape [2, 3]: ${reason}`, { cause });
  }
  const updated = outputs['parameter/example'];
  if (updated === undefined || !sameShape(updated.shape, parameter.shape)) {
    const found = updated === undefined ? 'nothing' : `shape [${updated.shape.join(', ')}]`;
    throw new FileError(
      `--optimizer ${file}: its update of a parameter of shape [2, 3] gives ${found}; expected [2, 3]`,
    );
  }
}

let hooked = false;

/** Makes `import … from 'probprec'` in users' files mean this library. */
function resolveSelf(): void {
  if (!hooked) register('./resolve-self.js', import.meta.url);
  hooked = true;
}

/** Loads a user's optimizer: a JavaScript module whose default export is what `defineOptimizer({ … })` of 'probprec' returns. */
export async function loadOptimizerFile(file: string): Promise<OptimizerDefinition> {
  const path = resolve(file);
  if (!existsSync(path))
    throw new FileError(`--optimizer ${file}: there is no such file; expected a JavaScript module`);
  let exported: unknown;
  resolveSelf();
  try {
    const module = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as { default?: unknown };
    exported = module.default;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new FileError(`--optimizer ${file}: the module does not load: ${reason}`, { cause });
  }
  const checked = contract.safeParse(exported);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const field = issue?.path.join('.') || 'the default export';
    throw new FileError(
      `--optimizer ${file}: ${field}: ${issue?.message ?? 'wrong'}; expected export default defineOptimizer({ … })`,
    );
  }
  return exported as OptimizerDefinition;
}
