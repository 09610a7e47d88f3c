import { at } from '../../expect.js';
import { constant, type Tensor } from '../../tensor/index.js';
import type { Transformation } from '../transformation.js';
import type { UpdateContext } from '../update-context.js';

/** What an element-wise rule makes of one parameter's gradient. */
export interface ElementwiseUpdate<N extends string> {
  readonly update: Tensor;
  readonly state: Readonly<Record<N, Tensor>>;
}

/** The rule for one parameter: its gradient (or what was made of it), its state and its value. */
export type ElementwiseRule<N extends string> = (
  gradient: Tensor,
  state: Readonly<Record<N, Tensor>>,
  parameter: Tensor,
) => ElementwiseUpdate<N>;

/**
 * A rule that treats every number alike and keeps some numbers for each, from these initial values. `rule` is called once per
 * step with the context, to make what all parameters share, such as the scalars of bias corrections.
 */
export function elementwise<N extends string>(
  initial: Readonly<Record<N, number>>,
  rule: (context: UpdateContext<unknown>) => ElementwiseRule<N>,
): Transformation<{ readonly [name in N]: readonly Tensor[] }> {
  const names = Object.keys(initial) as N[];
  const record = <T>(value: (name: N) => T) =>
    Object.fromEntries(names.map((name) => [name, value(name)])) as Record<N, T>;
  return {
    init: (parameters) => record((name) => parameters.map(({ shape }) => constant(initial[name], shape))),
    update: (updates, context) => {
      const forOne = rule(context);
      const made = updates.map((gradient, index) =>
        forOne(
          gradient,
          record((name) => at(context.state[name], index)),
          at(context.parameters, index),
        ),
      );
      return {
        updates: made.map(({ update }) => update),
        state: record((name) => made.map(({ state }) => state[name])),
      };
    },
  };
}
