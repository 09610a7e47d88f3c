import type { Engine, Value } from '../engine/index.js';
import { input, inputOperation, nodesOf, type Tensor } from '../tensor/index.js';
import { inputNames, type StateDefinition, type SymbolicProblem } from '../testproblem/index.js';

/**
 * The state of a network in a training: values that every program on a minibatch is fed with, and that one forward pass
 * per training step moves on. Further passes on the minibatch (products, second gradients, line searches) see the state of
 * the step's beginning and change nothing.
 */
export interface NetworkState {
  /** Inputs of the programs, by name of the state. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** What they become after one forward pass. */
  readonly next: Readonly<Record<string, Tensor>>;
  /** Of these, what belongs to the pass over the data and moves on with minibatches that take no step, too. */
  readonly passing: Readonly<Record<string, Tensor>>;
  /** The values before the first minibatch. */
  initial(engine: Engine): Record<string, Value>;
  /** The values at the beginning of an epoch: those that start anew with each pass are the initial ones again. */
  atEpoch(engine: Engine, values: Readonly<Record<string, Value>>): Record<string, Value>;
  /** The values as feeds of programs. */
  feeds(values: Readonly<Record<string, Value>>): Record<string, Value>;
}

/** The network state that a test problem declares; empty for most problems. */
export function networkState(problem: SymbolicProblem): NetworkState {
  const { states, nextStates, loss } = problem;
  const nodes = nodesOf([loss, ...Object.values(nextStates)]);
  const known = new Map(
    nodes.flatMap((node) => (node.operation === inputOperation ? [[String(node.attributes.name), node]] : [])),
  );
  const inputs = Object.fromEntries(
    states.map(({ name, shape }) => [name, known.get(inputNames.state(name)) ?? input(inputNames.state(name), shape)]),
  );
  const initialOf = (engine: Engine, chosen: readonly StateDefinition[]) =>
    Object.fromEntries(chosen.map(({ name, shape, initial }) => [name, engine.upload(initial, shape)]));
  const next = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, nextStates[name] ?? tensor]));
  const passes = states.filter(({ per }) => per === 'pass');
  return {
    inputs,
    next,
    passing: Object.fromEntries(Object.entries(next).filter(([name]) => passes.some((state) => state.name === name))),
    initial: (engine) => initialOf(engine, states),
    atEpoch: (engine, values) => ({ ...values, ...initialOf(engine, passes) }),
    feeds: (values) =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [inputNames.state(name), value])),
  };
}
