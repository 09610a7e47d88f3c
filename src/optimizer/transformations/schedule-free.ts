import { add, constant, maximum, multiply, square, type Tensor } from '../../tensor/index.js';
import { eachOf, minus, quotient, scaled, towards } from '../tensor-lists.js';
import type { State, Transformation } from '../transformation.js';

/** How a schedule-free method averages. */
export interface ScheduleFreeOptions {
  readonly lr: Tensor;
  /** How close to the average the gradient is taken. */
  readonly beta: number;
  /** Decoupled weight decay at y. */
  readonly weightDecay: number;
  /** The first steps, in which the learning rate grows linearly. */
  readonly warmupSteps: number;
  /** Power of the step number in the average's weights. */
  readonly power: number;
}

/** The state of {@link scheduleFree}. */
export interface ScheduleFreeState<S extends State> {
  readonly [name: string]: State;
  readonly inner: S;
  readonly z: readonly Tensor[];
  readonly x: readonly Tensor[];
  readonly weights: Tensor;
  readonly largest: Tensor;
}

/**
 * Schedule-free learning (Defazio et al. 2024, algorithm 1) around a direction u of the gradients at y: z ← z − η (u + λ y);
 * w = tʳ η_max², W ← W + w; x ← x + (w / W)(z − x); y ← β x + (1 − β) z. The parameters are y; the run evaluates at x.
 */
export function scheduleFree<S extends State>(
  direction: Transformation<S>,
  { lr, beta, weightDecay, warmupSteps, power }: ScheduleFreeOptions,
): Transformation<ScheduleFreeState<S>> {
  return {
    init: (parameters, context) => ({
      inner: direction.init(parameters, context),
      z: parameters,
      x: parameters,
      weights: constant(0),
      largest: constant(0),
    }),
    update: (gradients, context) => {
      const { state, parameters, scalar } = context;
      const { updates: along, state: inner } = direction.update(gradients, { ...context, state: state.inner });
      const rate =
        warmupSteps === 0
          ? lr
          : multiply(
              lr,
              scalar((t) => Math.min(1, t / warmupSteps)),
            );
      const largest = maximum(state.largest, rate);
      const weight =
        power === 0
          ? square(largest)
          : multiply(
              square(largest),
              scalar((t) => t ** power),
            );
      const weights = add(state.weights, weight);
      const decayed =
        weightDecay === 0 ? along : eachOf([along, parameters], (u, y) => add(u, multiply(y, weightDecay)));
      const z = minus(state.z, scaled(decayed, rate));
      // No weight has come in yet where a schedule starts at zero.
      const x = towards(state.x, z, quotient(weight, weights));
      const y = towards(z, x, beta);
      return { updates: minus(y, parameters), state: { inner, z, x, weights, largest } };
    },
    evaluationPoint: ({ x }) => x,
  };
}
