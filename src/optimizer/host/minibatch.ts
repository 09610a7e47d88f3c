import {
  type CompiledFunction,
  compileFunction,
  placeholders,
  type TensorData,
  type Value,
} from '../../engine/index.js';
import { at } from '../../expect.js';
import { gradients, hessianVectorProduct } from '../../tensor/index.js';
import { count, type EvaluationCounts } from '../evaluation-counts.js';
import type { NetworkState } from '../network-state.js';
import type { BatchFeeds, TrainingTask } from '../training.js';
import type { Vector } from './vectors.js';

/** The loss of the step's minibatch as a function of the parameters, with exact derivatives. Each call is counted. */
export interface Minibatch {
  /** The mean loss at a point, the L2 term included. */
  loss(point: Vector): Promise<number>;
  gradient(point: Vector): Promise<{ readonly loss: number; readonly gradient: Vector }>;
  /** The product of the Hessian at a point with a vector. */
  product(point: Vector, vector: Vector): Promise<Vector>;
}

/** The functions of a training's minibatches. */
export interface MinibatchFunctions {
  /** The functions on one minibatch; `feeds` has the network's state before the step, which all of them see. */
  on(feeds: BatchFeeds, counts: EvaluationCounts): Minibatch;
  /** The network's state after one forward pass. */
  nextState(point: Vector, feeds: BatchFeeds): Promise<Readonly<Record<string, Value>>>;
}

/** The functions of minibatches, each compiled when it is first called; `compiled` is told the seconds. */
export function minibatchFunctions(
  { engine, problem }: TrainingTask,
  network: NetworkState,
  compiled: (seconds: number) => void,
): MinibatchFunctions {
  const { loss, parameters } = problem;
  const vector = placeholders('vector', parameters);
  const make = async <I, O>(inputs: I, outputs: O): Promise<CompiledFunction<I, O>> => {
    const made = await compileFunction(engine, inputs, outputs);
    compiled(made.compileSeconds);
    return made;
  };
  const functions = {
    loss: once(() => make({ point: parameters }, loss)),
    gradient: once(() => make({ point: parameters }, { loss, gradient: gradients(loss, parameters) })),
    product: once(() =>
      make({ point: parameters, vector }, hessianVectorProduct(gradients(loss, parameters), parameters, vector)),
    ),
    next: once(() => make({ point: parameters }, network.next)),
  };
  const number = async (value: Value): Promise<number> => first(await engine.download(value));
  return {
    on: (feeds, counts) => ({
      loss: async (point) => {
        count(counts, { losses: 1 });
        return number(await (await functions.loss()).run({ point }, feeds));
      },
      gradient: async (point) => {
        count(counts, { gradients: 1 });
        const found = await (await functions.gradient()).run({ point }, feeds);
        return { loss: await number(found.loss), gradient: found.gradient };
      },
      product: async (point, given) => {
        count(counts, { products: 1 });
        return (await functions.product()).run({ point, vector: given }, feeds);
      },
    }),
    nextState: async (point, feeds) =>
      Object.keys(network.next).length === 0 ? {} : (await functions.next()).run({ point }, feeds),
  };
}

function first(data: TensorData): number {
  return at(data, 0);
}

/** A function that computes its result in the first call and returns it in every later one. */
function once<T>(make: () => T): () => T {
  let made: { readonly result: T } | undefined;
  return () => {
    made ??= { result: make() };
    return made.result;
  };
}
