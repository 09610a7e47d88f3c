import { placeholders, uploadScalar, type Value } from '../../engine/index.js';
import { at } from '../../expect.js';
import { add, gradients, hessianVectorProduct, multiply, reshape, sizeOf } from '../../tensor/index.js';
import type { BatchFeeds, TrainingTask } from '../training.js';
import type { GroupEstimate } from './group-estimates.js';
import type { Layer } from './layers.js';
import { compileMeasuring } from './measuring-function.js';
import type { FirstColumn } from './prior.js';
import { asRow, decayed, innerProducts } from './rows.js';

/** Products of the mean gradient of phase 1 so far. */
export interface NoiseState {
  minibatches: number;
  readonly first: readonly FirstColumn[];
  /** Σ h / ‖ḡ‖ of each layer on the engine. */
  sums: readonly Value[];
  /** For each layer Σ ‖h‖² / ‖ḡ‖², and the square of the length of the sum. */
  squares: readonly number[];
  totals: readonly number[];
  /** For each layer the curvature sᵀh of each minibatch, s of length 1, where it is wanted. */
  along?: readonly (readonly number[])[];
}

/**
 * The noise of observations as their scatter shows it: the same vector, the mean gradient of phase 1, is multiplied with the
 * Hessians of k minibatches, and no parameter changes. The model's observations have the noise variance λ²‖s‖² in each of N
 * coordinates, so that λ² ≈ Σᵢ ‖(Hᵢ − H̄)s‖² / ((k − 1) N ‖s‖²), for each layer's share of s and y as phase 2 has them.
 */
export interface Noise {
  readonly compileSeconds: number;
  begin(first: readonly FirstColumn[]): NoiseState;
  /** Uses one minibatch; returns its loss. */
  use(state: NoiseState, feeds: BatchFeeds): Promise<number>;
  /** The groups with λ from the scatter in the place of phase 1's. */
  finish(state: NoiseState, groups: readonly GroupEstimate[]): GroupEstimate[];
  /** For each layer the variance of the curvature along its direction over the minibatches; null where it is not measured. */
  along(state: NoiseState): number[] | null;
}

/** Compiles the measurement; with `measuresCurvature` also of sᵀh. */
export async function compileNoise(
  { engine, problem }: TrainingTask,
  layers: readonly Layer[],
  { weightDecay, measuresCurvature }: { readonly weightDecay: number; readonly measuresCurvature: boolean },
): Promise<Noise> {
  const rows = layers.map(({ size }) => ({ shape: [1, size] }));
  const scalars = layers.map(() => ({ shape: [] }));
  const inputs = placeholders('noise', { s: rows, sums: rows, length: scalars, inverse: scalars });
  const parameters = layers.map(({ parameter }) => parameter);
  const directions = inputs.s.map((row, index) => multiply(row, at(inputs.length, index)));
  const vectors = directions.map((row, index) => reshape(row, at(layers, index).shape));
  const products = hessianVectorProduct(gradients(problem.loss, parameters), parameters, vectors);
  const h = products.map((product, index) =>
    multiply(decayed(asRow(product), at(directions, index), weightDecay), at(inputs.inverse, index)),
  );
  const sums = inputs.sums.map((sum, index) => add(sum, at(h, index)));
  const numbers = {
    loss: problem.loss,
    squares: h.map((row) => innerProducts(row, row)),
    totals: sums.map((row) => innerProducts(row, row)),
    along: measuresCurvature ? h.map((row, index) => innerProducts(at(inputs.s, index), row)) : [],
  };
  const program = await compileMeasuring(engine, inputs, { values: sums, numbers });
  return {
    compileSeconds: program.compileSeconds,
    begin: (first) => ({
      minibatches: 0,
      first,
      sums: rows.map(({ shape }) => engine.upload(new Float32Array(sizeOf(shape)), shape)),
      squares: layers.map(() => 0),
      totals: layers.map(() => 0),
    }),
    use: async (state, feeds) => {
      const lengths = state.first.map(({ total }) => Math.sqrt(total));
      const given = {
        s: state.first.map(({ s }, index) => s ?? at(state.sums, index)),
        sums: state.sums,
        length: lengths.map((length, index) => uploadScalar(engine, at(state.first, index).s === null ? 0 : length)),
        inverse: lengths.map((length) => uploadScalar(engine, length > 0 ? 1 / length : 0)),
      };
      const { values, numbers: found } = await program.run(given, feeds, state.sums);
      state.sums = values;
      state.minibatches += 1;
      state.squares = state.squares.map((square, index) => square + at(at(found.squares, index), 0));
      state.totals = found.totals.map((total) => at(total, 0));
      if (measuresCurvature) {
        state.along = found.along.map((own, index) => [...(state.along?.[index] ?? []), at(own, 0)]);
      }
      return at(found.loss, 0);
    },
    finish: ({ minibatches, squares, totals }, groups) =>
      groups.map((estimate, group) => {
        let [scatter, size] = [0, 0];
        for (const [index, layer] of layers.entries()) {
          if (layer.group !== group) continue;
          scatter += Math.max(0, at(squares, index) - at(totals, index) / minibatches);
          size += layer.size;
        }
        const lambda = Math.sqrt(scatter / ((minibatches - 1) * size));
        return { ...estimate, measured: { ...estimate.measured, lambda } };
      }),
    along: ({ along }) => along?.map(varianceOf) ?? null,
  };
}

function varianceOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
