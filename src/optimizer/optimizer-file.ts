import { existsSync } from 'node:fs';
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { FileError } from '../errors.js';
import type { OptimizerDefinition } from './define-optimizer.js';

/** What a user's file must export as its default: what `defineOptimizer` returns. */
const contract = z.looseObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'expected lower-case letters, digits and hyphens'),
  className: z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'expected a class name such as MyOptimizer'),
  description: z.string(),
  hyperparameters: z.custom<z.ZodObject>((value) => value instanceof z.ZodObject, 'expected z.strictObject({ … })'),
  start: z.function(),
});

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
