import { placeholders, type Value } from '../../engine/index.js';
import { at } from '../../expect.js';
import {
  add,
  gradients,
  hessianVectorProduct,
  multiply,
  negate,
  sizeOf,
  stopGradient,
  type Tensor,
} from '../../tensor/index.js';
import type { BatchFeeds, TrainingTask } from '../training.js';
import type { Layer } from './layers.js';
import { compileMeasuring } from './measuring-function.js';
import { asRow, decayed, innerProducts, inverseLength } from './rows.js';

/** Σ v and Σ h over minibatches, a row [1, N] for each layer; h empty where nothing is built on it. */
export interface Sums<T> {
  readonly v: readonly T[];
  readonly h: readonly T[];
}

/** The same with Σ v², coordinate by coordinate, where it is wanted. */
export interface PriorTotals<T> extends Sums<T> {
  readonly squares?: readonly T[];
}

/** What phase 1 accumulates: Σ v and Σ h of each layer on the engine, inner products per layer on the host. */
export interface PriorState {
  minibatches: number;
  sums: PriorTotals<Value>;
  /** For each layer Σ ‖v‖², Σ vᵀh, Σ ‖h‖². */
  moments: Float64Array;
  /** vᵀh of each minibatch and layer. */
  curvatures: number[][];
}

/** The first column of S and Y of each layer, [1, N], not yet divided by anything else than the direction's length. */
export interface FirstColumn {
  readonly s: Value | null;
  readonly y: Value | null;
  /** ‖Σ v‖². */
  readonly total: number;
  /** s₀ᵀy₀ and ‖y₀‖². */
  readonly sy: number;
  readonly yy: number;
}

/**
 * Phase 1: on each of n minibatches the gradient g, the direction v = g + μθ and the product h = H·v + μv with the
 * Hessian of that minibatch's loss, in one program; no parameter update.
 */
export interface Prior {
  readonly compileSeconds: number;
  begin(): PriorState;
  /** Uses one minibatch; returns its loss. The sums so far are spent, and so are values that an earlier phase has left. */
  use(state: PriorState, feeds: BatchFeeds, left?: readonly Value[]): Promise<number>;
  /** The first direction −αḡ and observation −αh̄ of each layer, both divided by ‖αḡ‖. */
  finish(state: PriorState): Promise<FirstColumn[]>;
}

/** Compiles the phase's programs. With `observes`, Σ h is kept for the first column of phase 2; with `squares`, Σ v². */
export async function compilePrior(
  { engine, problem }: TrainingTask,
  layers: readonly Layer[],
  {
    weightDecay,
    observes,
    squares,
  }: { readonly weightDecay: number; readonly observes: boolean; readonly squares: boolean },
): Promise<Prior> {
  const plain = sumInputs(layers, observes);
  const rows = layers.map(({ size }) => ({ shape: [1, size] }));
  const sums: PriorTotals<Tensor> = squares ? { ...plain, squares: placeholders('squares', rows) } : plain;
  const accumulate = await compileMeasuring(engine, sums, accumulation(problem.loss, layers, weightDecay, sums));
  const finish = await compileMeasuring(engine, plain, finishing(plain));
  const zeros = (of: readonly Tensor[]) => of.map(({ shape }) => engine.upload(new Float32Array(sizeOf(shape)), shape));
  return {
    compileSeconds: accumulate.compileSeconds + finish.compileSeconds,
    begin: () => ({
      minibatches: 0,
      sums: { v: zeros(sums.v), h: zeros(sums.h), ...(sums.squares && { squares: zeros(sums.squares) }) },
      moments: new Float64Array(3 * layers.length),
      curvatures: [],
    }),
    use: async (state, feeds, left = []) => {
      const { v, h, squares: before = [] } = state.sums;
      const spent = [...v, ...h, ...before, ...left];
      const { values, numbers } = await accumulate.run(state.sums, feeds, spent);
      state.sums = values;
      state.minibatches += 1;
      for (const [index, moment] of numbers.moments.flat(2).entries()) {
        state.moments[index] = (state.moments[index] as number) + moment;
      }
      state.curvatures.push(numbers.moments.map(([, curvature]) => curvature?.[0] ?? Number.NaN));
      return at(numbers.loss, 0);
    },
    finish: async ({ sums: { v, h } }) => {
      const { values, numbers } = await finish.run({ v, h }, {});
      return layers.map((_, index) => {
        const [total = Number.NaN, sy = Number.NaN, yy = Number.NaN] = at(numbers, index).flat();
        return { s: values.s[index] ?? null, y: values.y[index] ?? null, total, sy, yy };
      });
    },
  };
}

/** Σ v and Σ h as inputs of programs. */
export function sumInputs(layers: readonly Layer[], observes: boolean): Sums<Tensor> {
  const rows = layers.map(({ size }) => ({ shape: [1, size] }));
  return placeholders('sums', { v: rows, h: observes ? rows : [] });
}

function accumulation(loss: Tensor, layers: readonly Layer[], weightDecay: number, sums: PriorTotals<Tensor>) {
  const parameters = layers.map(({ parameter }) => parameter);
  const gradient = gradients(loss, parameters);
  const directions = gradient.map((g, index) => stopGradient(decayed(g, at(parameters, index), weightDecay)));
  const products = hessianVectorProduct(gradient, parameters, directions);
  const v = directions.map(asRow);
  const h = products.map((product, index) => asRow(decayed(product, at(directions, index), weightDecay)));
  const moments = v.map((row, index) => {
    const product = at(h, index);
    return [innerProducts(row, row), innerProducts(row, product), innerProducts(product, product)];
  });
  return {
    values: {
      v: sums.v.map((sum, index) => add(sum, at(v, index))),
      h: sums.h.map((sum, index) => add(sum, at(h, index))),
      ...(sums.squares && {
        squares: sums.squares.map((sum, index) => add(sum, multiply(at(v, index), at(v, index)))),
      }),
    },
    numbers: { loss, moments },
  };
}

/** s₀ = −Σv / ‖Σv‖ and y₀ = −Σh / ‖Σv‖: the factors α and 1/n cancel. Zeros where Σv = 0. */
function finishing(sums: Sums<Tensor>) {
  const totals = sums.v.map((sum) => innerProducts(sum, sum));
  const factors = totals.map((total) => negate(inverseLength(total)));
  const s = sums.h.map((_, index) => multiply(at(sums.v, index), at(factors, index)));
  const y = sums.h.map((sum, index) => multiply(sum, at(factors, index)));
  const numbers = totals.map((total, index) => {
    const [direction, observation] = [s[index], y[index]];
    if (direction === undefined || observation === undefined) return [total];
    return [total, innerProducts(direction, observation), innerProducts(observation, observation)];
  });
  return { values: { s, y }, numbers };
}
