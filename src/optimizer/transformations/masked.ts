import { at } from '../../expect.js';
import { type Shape, type Tensor, zeros } from '../../tensor/index.js';
import type { ParameterKind } from '../../testproblem/index.js';
import type { State, Transformation } from '../transformation.js';
import type { InitContext, UpdateContext } from '../update-context.js';

/** A parameter as a mask chooses it. */
export interface ParameterInfo {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly shape: Shape;
}

/**
 * A transformation for some parameters only; the updates of the others pass unchanged. It sees the others as constants: its
 * products are with the rows and columns of the Hessian that belong to its own parameters.
 */
export function masked(inner: Transformation, chosen: (parameter: ParameterInfo) => boolean): Transformation {
  const indicesOf = (parameters: readonly Tensor[], { names, kinds }: InitContext) =>
    parameters.flatMap(({ shape }, index) =>
      chosen({ name: at(names, index), kind: at(kinds, index), shape }) ? [index] : [],
    );
  return {
    init: (parameters, context) => {
      const indices = indicesOf(parameters, context);
      return inner.init(pick(parameters, indices), partOf(context, indices));
    },
    update: (updates, context) => {
      const indices = indicesOf(context.parameters, context);
      const result = inner.update(pick(updates, indices), updateContextOf(context, indices));
      const all = [...updates];
      for (const [place, index] of indices.entries()) all[index] = at(result.updates, place);
      return { updates: all, state: result.state };
    },
  };
}

function pick<T>(list: readonly T[], indices: readonly number[]): T[] {
  return indices.map((index) => at(list, index));
}

function partOf(context: InitContext, indices: readonly number[]): InitContext {
  return { ...context, names: pick(context.names, indices), kinds: pick(context.kinds, indices) };
}

function updateContextOf(context: UpdateContext<State>, indices: readonly number[]): UpdateContext<State> {
  const { parameters } = context;
  const among = (part: readonly Tensor[], others: (parameter: Tensor) => Tensor) => {
    const all = parameters.map(others);
    for (const [place, index] of indices.entries()) all[index] = at(part, place);
    return all;
  };
  const whole = (point: readonly Tensor[]) => among(point, (parameter) => parameter);
  return {
    ...context,
    ...partOf(context, indices),
    parameters: pick(parameters, indices),
    lossAt: (point) => context.lossAt(whole(point)),
    gradientsAt: (point) => {
      const there = context.gradientsAt(whole(point));
      return { ...there, gradients: pick(there.gradients, indices) };
    },
    hessianVectorProduct: (vector, point) => {
      const padded = among(vector, ({ shape }) => zeros(shape));
      return pick(context.hessianVectorProduct(padded, point === undefined ? undefined : whole(point)), indices);
    },
  };
}
