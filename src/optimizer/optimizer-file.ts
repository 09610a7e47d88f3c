import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { FileError } from '../errors.js';
import { hyperparameterFault } from './check-hyperparameters.js';
import type { OptimizerDefinition } from './define-optimizer.js';
import { nameFault, type ReservedNames } from './reserved-names.js';
import { settled } from './settled.js';
import { type OptimizerSource, optimizerSource } from './source-identity.js';
import { describeError, display, UserCode } from './user-code.js';
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

/** A user's optimizer with what it was loaded from. */
export interface LoadedFile {
  readonly definition: OptimizerDefinition;
  readonly source: OptimizerSource;
  /** What is made of the definition, a wrapped optimizer for instance, with its errors called the user's. */
  readonly guard: (made: OptimizerDefinition) => OptimizerDefinition;
}

/** Frames of a stack that are kept: a user's line may lie below many of the library's. */
const STACK_FRAMES = 60;

let hooked = false;

/** Makes `import … from 'probprec'` in users' files mean this library. */
function resolveSelf(): void {
  if (!hooked) register('./resolve-self.js', import.meta.url);
  hooked = true;
}

/** Node runs a module once in a process, whatever becomes of the file: its identity is the one of the code that runs. */
const loaded = new Map<string, LoadedFile>();

/**
 * Loads a user's optimizer: a JavaScript module whose default export is what `defineOptimizer({ … })` of 'probprec' returns.
 * Throws FileError, one line that names the file, for what is none, or has a reserved name.
 */
export async function loadOptimizerFile(file: string, reserved: () => Promise<ReservedNames>): Promise<LoadedFile> {
  const path = resolve(file);
  const before = loaded.get(path);
  if (before !== undefined) return before;
  const source = sourceOf(file);
  const code = new UserCode(file, source.modules);
  const definition = checked(file, (await loadModule(file, path, code)).default);
  const fault = hyperparameterFault(definition.hyperparameters) ?? nameFault(definition, await reserved());
  if (fault !== null) throw new FileError(`--optimizer ${file}: ${fault}`);
  const guard = (made: OptimizerDefinition) => guarded(made, code);
  // A wrapper is put around the definition that is not guarded yet.
  const result = { definition: guard(definition), source, guard };
  loaded.set(path, result);
  return result;
}

function sourceOf(file: string): OptimizerSource {
  try {
    return optimizerSource(file);
  } catch (cause) {
    if (!(cause instanceof FileError)) throw cause;
    const start = `${file}: `;
    const { message } = cause;
    // Where a file that it imports is missing, the line is part of what there is to say.
    const text = message.startsWith(start) ? message.slice(start.length) : `the module does not load: ${message}`;
    throw new FileError(`--optimizer ${file}: ${text}`, { cause });
  }
}

/** The module itself: its default export, handed on by a promise, would be asked whether it is one. */
async function loadModule(file: string, path: string, code: UserCode): Promise<{ readonly default?: unknown }> {
  resolveSelf();
  Error.stackTraceLimit = Math.max(Error.stackTraceLimit, STACK_FRAMES);
  const stalled = () => new FileError(`--optimizer ${file}: the module waits for something that never comes`);
  try {
    return (await settled(import(/* @vite-ignore */ pathToFileURL(path).href), stalled)) as { default?: unknown };
  } catch (cause) {
    if (cause instanceof FileError && cause.message.startsWith('--optimizer')) throw cause;
    const place = code.place(cause);
    const reason = place === null ? describeError(cause) : `${place}: ${describeError(cause)}`;
    throw new FileError(`--optimizer ${file}: the module does not load: ${reason}`, { cause });
  }
}

/** What a module exports as a definition: a copy, so that nothing of it is read from the user's object again. */
function checked(file: string, exported: unknown): OptimizerDefinition {
  const expected = 'expected export default defineOptimizer({ … })';
  try {
    const result = contract.safeParse(exported);
    if (result.success) return copied(exported as OptimizerDefinition);
    const [issue] = result.error.issues;
    const field = issue?.path.join('.') ?? '';
    const what =
      field === ''
        ? `the default export: found ${exported === undefined ? 'nothing' : display(exported)}`
        : `${field}: ${issue?.message}`;
    throw new FileError(`--optimizer ${file}: ${what}; ${expected}`);
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw new FileError(
      `--optimizer ${file}: the default export cannot be read: ${describeError(cause)}; ${expected}`,
      {
        cause,
      },
    );
  }
}

/** Methods stay on the user's object, which may be one of a class. */
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
