import { FileError } from '../errors.js';
import { input, program, type Shape, sameShape, type Tensor } from '../tensor/index.js';
import type { OptimizerDefinition } from './define-optimizer.js';
import type { Hyperparameters } from './training.js';
import type { State, Transformation } from './transformation.js';
import { describeError, display, UserCode } from './user-code.js';

/** What a check may know besides the definition. */
export interface TransformationCheck {
  /** Shapes of parameters to try it on. */
  readonly shapes?: readonly Shape[];
  /** The files of the user's code, absolute: errors then name the line. */
  readonly modules?: readonly string[];
}

/**
 * Tries a user's transformation on symbolic parameters, so that a mistake in it is reported before anything is trained:
 * each update must be a tensor of its parameter's shape and type, and the new state must be like the one that `init`
 * returns. Throws FileError, one line.
 */
export function checkTransformation(
  file: string,
  definition: OptimizerDefinition,
  hyperparameters: Hyperparameters,
  { shapes = [[2, 3]], modules = [] }: TransformationCheck = {},
): void {
  if (!definition.transformation) return;
  const code = new UserCode(file, modules);
  const trial = new Trial(file, code, shapes);
  const numbers = Object.fromEntries(
    Object.entries(hyperparameters).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
  const settings = Object.fromEntries(Object.keys(numbers).map((name) => [name, input(`setting/${name}`, [])]));
  const create = definition.transformation;
  const transformation = trial.attempt('transformation', () => create({ ...hyperparameters, ...settings }));
  const scalars = trial.attempt('hostScalars', () => transformation.hostScalars?.(1, numbers) ?? {});
  for (const [name, value] of Object.entries(scalars)) {
    if (typeof value !== 'number')
      throw trial.fault(`its hostScalars gives ${display(value)} for ${name}, expected a number`);
    settings[name] = input(`setting/${name}`, []);
  }
  trial.update(transformation, settings);
}

/** One update of symbolic parameters. */
class Trial {
  readonly #file: string;
  readonly #code: UserCode;
  readonly #parameters: readonly Tensor[];

  constructor(file: string, code: UserCode, shapes: readonly Shape[]) {
    this.#file = file;
    this.#code = code;
    this.#parameters = shapes.map((shape, index) => input(`parameter/example${index}`, shape));
  }

  fault(text: string, cause?: unknown): FileError {
    return new FileError(`--optimizer ${this.#file}: ${text}`, { cause });
  }

  attempt<T>(part: string, body: () => T, hint = ''): T {
    try {
      return body();
    } catch (cause) {
      const place = this.#code.place(cause);
      const reason = place === null ? describeError(cause) : `${place}: ${describeError(cause)}`;
      const shapes = this.#parameters.map(({ shape }) => shown(shape)).join(', ');
      throw this.fault(`its ${part} fails on parameters of shape ${shapes}: ${hint}${reason}`, cause);
    }
  }

  update(transformation: Transformation, settings: Readonly<Record<string, Tensor>>): void {
    const initial: unknown = this.attempt('init', () => transformation.init(this.#parameters));
    if (!isRecord(initial))
      throw this.fault(`its init returns ${display(initial)}, expected an object of named tensors`);
    for (const [name, value] of Object.entries(initial)) {
      if (!isTensor(value))
        throw this.fault(`its init gives ${display(value)} as the state ${name}, expected a tensor`);
    }
    const before = initial as State;
    const missed = new Set<string>();
    const state = watched(
      Object.fromEntries(
        Object.entries(before).map(([name, { shape, dtype }]) => [name, input(`state/${name}`, shape, dtype)]),
      ),
      missed,
    );
    const gradients = this.#parameters.map(({ shape }, index) => input(`gradient/example${index}`, shape));
    const context = { state, parameters: this.#parameters, settings };
    let result: unknown;
    try {
      result = transformation.update(gradients, context);
    } catch (cause) {
      const names = Object.keys(before).join(', ') || 'no state';
      const hint =
        missed.size === 0
          ? ''
          : `it reads the state ${[...missed].join(', ')}, which its init does not return (it returns ${names}): `;
      this.attempt(
        'update',
        () => {
          throw cause;
        },
        hint,
      );
    }
    const { updates, state: after } = isRecord(result) ? result : {};
    if (!Array.isArray(updates) || !isRecord(after)) {
      throw this.fault(`its update returns ${display(result)}, expected { updates: [ … ], state: { … } }`);
    }
    this.#checkUpdates(updates);
    this.#checkState(before, after);
    const outputs = Object.fromEntries(
      [...updates, ...Object.values(after)].map((tensor, index) => [String(index), tensor]),
    );
    const { inputs } = this.attempt('update', () => program(outputs as Record<string, Tensor>));
    const known = new Set([...gradients, ...this.#parameters, ...Object.values(state), ...Object.values(settings)]);
    const unfed = [...inputs].find(([, tensor]) => !known.has(tensor));
    if (unfed !== undefined) throw this.fault(`its update uses the input ${unfed[0]}, which nothing gives a value`);
  }

  #checkUpdates(updates: readonly unknown[]): void {
    if (updates.length !== this.#parameters.length) {
      throw this.fault(
        `its update returns ${updates.length} updates for ${this.#parameters.length} parameters, expected one for each`,
      );
    }
    for (const [index, { shape, dtype }] of this.#parameters.entries()) {
      const update = updates[index];
      if (isTensor(update) && sameShape(update.shape, shape) && update.dtype === dtype) continue;
      throw this.fault(
        `its update of a parameter of shape ${shown(shape)} is ${found(update)}, expected a tensor of type ${dtype} and shape ${shown(shape)}`,
      );
    }
  }

  #checkState(before: State, after: Readonly<Record<string, unknown>>): void {
    const unknown = Object.keys(after).find((name) => before[name] === undefined);
    if (unknown !== undefined)
      throw this.fault(`its update returns the state ${unknown}, which its init does not return`);
    for (const [name, { shape, dtype }] of Object.entries(before)) {
      const value = after[name];
      if (value === undefined) throw this.fault(`its update does not return the state ${name}, which its init returns`);
      if (isTensor(value) && sameShape(value.shape, shape) && value.dtype === dtype) continue;
      throw this.fault(
        `its update gives ${found(value)} as the state ${name}, expected a tensor of type ${dtype} and shape ${shown(shape)} as from its init`,
      );
    }
  }
}

/** The state; names that are read and not there are added to `missed`. */
function watched(state: State, missed: Set<string>): State {
  return new Proxy(state, {
    get: (target, name) => {
      if (typeof name === 'string' && !(name in target)) missed.add(name);
      return Reflect.get(target, name) as unknown;
    },
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTensor(value: unknown): value is Tensor {
  return isRecord(value) && 'operation' in value && Array.isArray(value.shape) && typeof value.dtype === 'string';
}

function shown(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

function found(value: unknown): string {
  return isTensor(value) ? `a tensor of type ${value.dtype} and shape ${shown(value.shape)}` : display(value);
}
