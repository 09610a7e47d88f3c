import { at } from '../expect.js';
import type { Operand, Tensor, Tree } from '../tensor/index.js';
import type { InitContext, UpdateContext } from './update-context.js';

/** What an optimizer keeps between steps, such as momentum buffers: tensors in lists and records, nested as one likes. */
export type State = Tree<Tensor>;

/** What a transformation makes of the updates it is given. */
export interface Update<S extends State = State> {
  readonly updates: readonly Tensor[];
  /** The state after the step, with the structure that `init` gave it. */
  readonly state: S;
}

/**
 * A gradient transformation: functions over symbolic tensors (the contract of optax). `updates` start as the gradients;
 * what the last transformation of a chain returns is ADDED to the parameters.
 */
export interface Transformation<S extends State = State> {
  /** The state before the first step; the parameters' values are those that training starts from. */
  init(parameters: readonly Tensor[], context: InitContext): S;
  update(updates: readonly Tensor[], context: UpdateContext<S>): Update<S>;
  /**
   * The point at which the run evaluates, from the state and the training point after a step; absent where it is the
   * training point. For averages of the iterates, and for methods that train elsewhere than at their best guess.
   */
  evaluationPoint?(state: S, parameters: readonly Tensor[]): readonly Tensor[];
}

/**
 * One transformation after the other: each one's updates are what the next is given. The state is the list of theirs. Of
 * several evaluation points, each is taken from where the one before it would evaluate.
 */
export function chain(...transformations: readonly Transformation[]): Transformation<readonly State[]> {
  const averaging = transformations.some(({ evaluationPoint }) => evaluationPoint !== undefined);
  return {
    init: (parameters, context) => transformations.map((part) => part.init(parameters, context)),
    update: (gradients, context) => {
      let updates = gradients;
      const state: State[] = [];
      for (const [index, part] of transformations.entries()) {
        const result = part.update(updates, { ...context, state: at(context.state, index) });
        updates = result.updates;
        state.push(result.state);
      }
      return { updates, state };
    },
    ...(averaging && {
      evaluationPoint: (state: readonly State[], parameters: readonly Tensor[]) =>
        transformations.reduce(
          (point, part, index) => part.evaluationPoint?.(at(state, index), point) ?? point,
          parameters,
        ),
    }),
  };
}

/** A transformation without state that treats every parameter alike. */
export function stateless(
  update: (gradient: Tensor, parameter: Tensor, context: UpdateContext<readonly Tensor[]>) => Tensor,
): Transformation<readonly Tensor[]> {
  return {
    init: () => [],
    update: (updates, context) => ({
      updates: updates.map((gradient, index) => update(gradient, at(context.parameters, index), context)),
      state: [],
    }),
  };
}

/** A transformation with a state: what `init` returns tells the compiler the type that `update` is given. */
export function stateful<S extends State>(transformation: Transformation<S>): Transformation<S> {
  return transformation;
}

/** A hyperparameter inside a transformation: a number, or a scalar of the program. */
export type Setting = Operand;
