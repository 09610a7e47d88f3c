import { at, present } from '../expect.js';
import {
  input,
  type Leaf,
  type Like,
  leavesLike,
  leavesOf,
  mapLeaves,
  program,
  type Tensor,
  type Tree,
} from '../tensor/index.js';
import type { CompileOptions, Engine, Value } from './engine.js';

/** A compiled function from a tree of values to a tree of values. */
export interface CompiledFunction<I, O> {
  /** Seconds that compiling took; 0 when it came from the engine's cache. */
  readonly compileSeconds: number;
  /**
   * Calls the function. `feeds` are values of inputs that are no arguments, such as the minibatch's; `spent` are values
   * that nobody will use afterwards.
   */
  run(
    values: Like<I, Value>,
    feeds?: Readonly<Record<string, Value>>,
    spent?: Iterable<Value>,
  ): Promise<Like<O, Value>>;
}

/** Inputs of a function, one for each leaf, with the leaf's shape and type; `name` tells the inputs of one program apart. */
export function placeholders<S>(name: string, like: S): Like<S, Tensor> {
  return mapLeaves(like, ({ shape, dtype }: Leaf, path) => input(`${name}/${path}`, shape, dtype));
}

/** What makes the values of a tree of inputs to feeds of a program. */
export function feedsOf<I>(inputs: I): (values: Like<I, Value>) => Record<string, Value> {
  const names = leavesOf<Tensor>(inputs as Tree).map(([, { attributes }]) => String(attributes.name));
  return (values) => {
    const feeds: Record<string, Value> = {};
    for (const [index, value] of leavesLike<I, Value>(inputs, values).entries()) feeds[at(names, index)] = value;
    return feeds;
  };
}

/** Compiles the function that computes a tree of tensors from a tree of inputs. */
export async function compileFunction<I, O>(
  engine: Engine,
  inputs: I,
  outputs: O,
  options?: CompileOptions,
): Promise<CompiledFunction<I, O>> {
  const named = Object.fromEntries(leavesOf<Tensor>(outputs as Tree));
  const feed = feedsOf(inputs);
  const executable = Object.keys(named).length === 0 ? null : await engine.compile(program(named), options);
  return {
    compileSeconds: executable?.compileSeconds ?? 0,
    run: async (values, feeds = {}, spent = []) => {
      const results = (await executable?.run({ ...feeds, ...feed(values) }, spent)) ?? {};
      return mapLeaves(outputs, (_, path) => present(results[path], `the program's output ${path}`));
    },
  };
}
