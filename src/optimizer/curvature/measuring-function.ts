import { type CompileOptions, compileFunction, type Engine, type Value } from '../../engine/index.js';
import {
  concatenate,
  type Leaf,
  type Like,
  leavesOf,
  mapLeaves,
  reshape,
  sizeOf,
  type Tensor,
  type Tree,
} from '../../tensor/index.js';

/** A tree of measured numbers: for each tensor its elements in row-major order. */
export type Numbers<N> = N extends Leaf ? readonly number[] : { readonly [K in keyof N]: Numbers<N[K]> };

/** A compiled function whose results partly stay on the engine and partly come to the host. */
export interface MeasuringFunction<I, V, N> {
  readonly compileSeconds: number;
  run(
    inputs: Like<I, Value>,
    feeds: Readonly<Record<string, Value>>,
    spent?: Iterable<Value>,
  ): Promise<{ readonly values: Like<V, Value>; readonly numbers: Numbers<N> }>;
}

/** Compiles such a function; the numbers come to the host in one piece. */
export async function compileMeasuring<I, V, N>(
  engine: Engine,
  inputs: I,
  outputs: { readonly values: V; readonly numbers: N },
  options?: CompileOptions,
): Promise<MeasuringFunction<I, V, N>> {
  const { values, numbers } = outputs;
  const compiled = await compileFunction(engine, inputs, { values, numbers: packed(numbers as Tree) }, options);
  return {
    compileSeconds: compiled.compileSeconds,
    run: async (given, feeds, spent) => {
      const found = (await compiled.run(given, feeds, spent)) as { values: Like<V, Value>; numbers: Value };
      return { values: found.values, numbers: unpacked(numbers, await engine.download(found.numbers)) };
    },
  };
}

/** A tree of small tensors as one vector. */
export function packed(numbers: Tree): Tensor {
  return concatenate(
    leavesOf<Tensor>(numbers).map(([, tensor]) => reshape(tensor, [sizeOf(tensor.shape)])),
    0,
  );
}

/** The numbers of a tree from the vector that holds them. */
export function unpacked<N>(numbers: N, vector: ArrayLike<number>): Numbers<N> {
  let position = 0;
  return mapLeaves(numbers, ({ shape }) => {
    const start = position;
    position += sizeOf(shape);
    return Array.from({ length: sizeOf(shape) }, (_, index) => vector[start + index] ?? Number.NaN) as never;
  }) as Numbers<N>;
}
