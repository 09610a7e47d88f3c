import type { Operand, Tensor } from '../tensor/index.js';

/** Named tensors that an optimizer keeps between steps, such as momentum buffers. */
export type State = Readonly<Record<string, Tensor>>;

/** What a transformation may look at besides the gradients. */
export interface UpdateContext {
  readonly state: State;
  readonly parameters: readonly Tensor[];
  /** The numeric hyperparameters, `lr` after the schedule's factor, and the host scalars: inputs of the program. */
  readonly settings: Readonly<Record<string, Tensor>>;
}

/**
 * A gradient transformation: a pair of pure functions over symbolic tensors (the contract of optax).
 * `updates` start as the gradients; what the last transformation of a chain returns is ADDED to the parameters.
 */
export interface Transformation {
  /** The state before the first step. */
  init(parameters: readonly Tensor[]): State;
  update(
    updates: readonly Tensor[],
    context: UpdateContext,
  ): { readonly updates: readonly Tensor[]; readonly state: State };
  /** Scalars for step t = 1, 2, …, computed on the host in double precision; `update` finds them in `settings`. */
  readonly hostScalars?: (
    t: number,
    hyperparameters: Readonly<Record<string, number>>,
  ) => Readonly<Record<string, number>>;
}

/** One transformation after the other; each one's state under its own prefix. */
export function chain(...transformations: readonly Transformation[]): Transformation {
  const prefixed = (state: State, index: number) =>
    Object.fromEntries(Object.entries(state).map(([name, tensor]) => [`${index}.${name}`, tensor]));
  const own = (state: State, index: number): State => {
    const entries = Object.entries(state).flatMap(([name, tensor]) =>
      name.startsWith(`${index}.`) ? [[name.slice(`${index}.`.length), tensor] as const] : [],
    );
    // A name that is not there is asked for outside, where a check of a user's file notices it.
    return new Proxy<State>(Object.fromEntries(entries), {
      get: (target, name) =>
        typeof name === 'symbol' || name in target ? Reflect.get(target, name) : state[`${index}.${name}`],
    });
  };
  return {
    init: (parameters) =>
      Object.assign({}, ...transformations.map((part, index) => prefixed(part.init(parameters), index))),
    update: (gradients, context) => {
      let updates = gradients;
      const state: Record<string, Tensor> = {};
      for (const [index, part] of transformations.entries()) {
        const result = part.update(updates, { ...context, state: own(context.state, index) });
        updates = result.updates;
        Object.assign(state, prefixed(result.state, index));
      }
      return { updates, state };
    },
    hostScalars: (t, hyperparameters) =>
      Object.assign({}, ...transformations.map((part) => part.hostScalars?.(t, hyperparameters) ?? {})),
  };
}

/** A transformation without state that treats every parameter alike. */
export function stateless(
  update: (gradient: Tensor, parameter: Tensor, settings: Readonly<Record<string, Tensor>>) => Tensor,
): Transformation {
  return {
    init: () => ({}),
    update: (updates, { parameters, settings }) => ({
      updates: updates.map((gradient, index) => update(gradient, at(parameters, index), settings)),
      state: {},
    }),
  };
}

/** An element that is known to exist. */
export function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`no element ${index} in a list of ${list.length}`);
  return element;
}

/** A named tensor that is known to exist. */
export function named(tensors: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const tensor = tensors[name];
  if (tensor === undefined) throw new RangeError(`no tensor ${name}; there are ${Object.keys(tensors).join(', ')}`);
  return tensor;
}

/** A hyperparameter inside a transformation: an input of the program, or a fixed number. */
export type Setting = Operand;

/** What a hyperparameter is inside a transformation: a number becomes an input, so that a new value never recompiles. */
export type SymbolicSetting = Setting | boolean | string | null;
