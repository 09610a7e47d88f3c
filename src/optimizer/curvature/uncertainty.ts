import {
  type CompiledFunction,
  compileFunction,
  type Engine,
  placeholders,
  uploadScalar,
  type Value,
} from '../../engine/index.js';
import { at } from '../../expect.js';
import { add, multiply, subtract, type Tensor } from '../../tensor/index.js';
import { filling } from './appending.js';
import type { Expectation, MeasuredDeparture } from './expectation.js';
import type { Layer } from './layers.js';
import { asRow, decayed, innerProducts, productsWithRows } from './rows.js';
import { calmState, type UncertaintyState, uncertaintyChart } from './uncertainty-chart.js';

/** What steps are compared with under the rule `uncertain`. */
export interface Watch {
  readonly expectations: readonly (Expectation<Value> | null)[];
  /** p, a row for each layer: the mean of the parameters of the steps that calibrate. */
  readonly centre: readonly Value[];
  readonly chart: UncertaintyState;
}

/** A layer's part of the comparison as inputs of the step's program. */
export interface WatchInputs<T> {
  readonly s: readonly T[];
  /** s₀ once more, so that its place is no part of the program. */
  readonly first: T;
  readonly centre: T;
}

/** The inputs for `columns` columns of S. */
export function watchInputs(layers: readonly Layer[], columns: number): readonly WatchInputs<Tensor>[] {
  return placeholders(
    'watch',
    layers.map(({ size }) => {
      const row = { shape: [1, size] };
      return { s: Array.from({ length: columns }, () => row), first: row, centre: row };
    }),
  );
}

/** Sᵀd, ‖d‖² and s₀ᵀv of each layer, d = θ − p: small tensors that the step's program measures beside the loss. */
export function watchOutputs(
  layers: readonly Layer[],
  gradient: readonly Tensor[],
  inputs: readonly WatchInputs<Tensor>[],
  weightDecay: number,
): Tensor[] {
  return layers.flatMap(({ parameter }, index) => {
    const { s, first, centre } = at(inputs, index);
    const row = asRow(parameter);
    const measured = decayed(asRow(at(gradient, index)), row, weightDecay);
    const departed = subtract(row, centre);
    return [productsWithRows(departed, s, 8), innerProducts(departed, departed), innerProducts(first, measured)];
  });
}

/** The numbers of `watchOutputs`, as they come from the program one after the other. */
export function departures(numbers: readonly number[], layers: readonly Layer[], columns: number): MeasuredDeparture[] {
  const each = columns + 2;
  return layers.map((_, index) => {
    const own = numbers.slice(index * each, (index + 1) * each);
    return {
      along: own.slice(0, columns),
      squared: own[columns] ?? Number.NaN,
      gradient: own[columns + 1] ?? Number.NaN,
    };
  });
}

/** What the rule needs besides the step's program. */
export interface Watching {
  readonly compileSeconds: number;
  readonly columns: number;
  /** Before the first step with the estimate. */
  begin(expectations: readonly (Expectation<Value> | null)[]): Watch;
  /** Values of the inputs; zeros where nothing is compared. */
  values(watch: Watch | null): WatchInputs<Value>[];
  /** The watch whose centre has the parameters of one more step, as long as steps calibrate; the centre before is spent. */
  follow(watch: Watch, parameters: readonly Value[]): Promise<Watch>;
}

/** Compiles it. */
export async function compileWatching(engine: Engine, layers: readonly Layer[], columns: number): Promise<Watching> {
  const inputs = placeholders('follow', {
    centre: layers.map(({ size }) => ({ shape: [1, size] })),
    parameters: layers.map(({ shape }) => ({ shape })),
    part: { shape: [] },
  });
  const moved = inputs.centre.map((row, index) =>
    add(row, multiply(subtract(asRow(at(inputs.parameters, index)), row), inputs.part)),
  );
  const program: CompiledFunction<typeof inputs, Tensor[]> = await compileFunction(engine, inputs, moved);
  const zero = (size: number) => engine.upload(new Float32Array(size), [1, size]);
  return {
    compileSeconds: program.compileSeconds,
    columns,
    begin: (expectations) => ({ expectations, centre: layers.map(({ size }) => zero(size)), chart: calmState }),
    values: (watch) => {
      const filled = filling(engine, columns);
      return layers.map(({ size }, index) => {
        const own = watch?.expectations[index] ?? null;
        const [nothing] = filled(size);
        return {
          s: filled(size, own?.s),
          first: own === null ? (nothing ?? zero(size)) : at(own.s, own.place),
          centre: watch?.centre[index] ?? nothing ?? zero(size),
        };
      });
    },
    follow: async (watch, parameters) => {
      const { count } = watch.chart;
      if (count >= uncertaintyChart.calibration) return watch;
      const given = { centre: watch.centre, parameters, part: uploadScalar(engine, 1 / (count + 1)) };
      return { ...watch, centre: await program.run(given, {}, watch.centre) };
    },
  };
}
