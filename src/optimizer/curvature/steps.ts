import { type Engine, feedsOf, placeholders, type Value } from '../../engine/index.js';
import { ConfigurationError } from '../../errors.js';
import { add, gradients, matmul, multiply, reshape, type Tensor, type Tree } from '../../tensor/index.js';
import type { NetworkState } from '../network-state.js';
import { type StepNumber, StepProgram, type StepResults } from '../step-program.js';
import type { BatchFeeds, Hyperparameters, TrainingTask } from '../training.js';
import { at, type State } from '../transformation.js';
import { type TransformationFactory, UpdateRule } from '../update-rule.js';
import { driftOutputs } from './drift.js';
import { type FactorOrNot, rankOf } from './factor.js';
import type { GroupEstimate } from './group-estimates.js';
import type { Layer, Layers } from './layers.js';
import { packed } from './measuring-function.js';
import { type Sums, sumInputs } from './prior.js';
import { asRow, innerProducts } from './rows.js';

/** f(σ), for a layer of step size α. */
export type Scaling = (sigma: number, alpha: number) => number;

/** What is to be in the step's program. */
export interface StepOptions {
  /** k, or 0 where nothing is preconditioned. */
  readonly rank: number;
  readonly inner: TransformationFactory;
  readonly innerHyperparameters: Hyperparameters;
  readonly weightDecay: number;
  /** Whether the drift statistic is measured. */
  readonly measuresDrift: boolean;
}

/** What a step carries on: the parameters, the network's state, and the inner optimizer's state in each group. */
export interface StepValues {
  readonly parameters: readonly Value[];
  readonly network: Readonly<Record<string, Value>>;
  readonly inner: readonly Tree<Value>[];
}

/** The carried values as inputs of the step's program. */
interface StepInputs {
  readonly [part: string]: Tree;
  readonly parameters: readonly Tensor[];
  readonly network: Readonly<Record<string, Tensor>>;
  readonly inner: readonly State[];
}

/** U and f(σ) − 1 of a layer; empty where the layer is too short for any. */
export interface Preconditioner<T> {
  /** Rows of length N. */
  readonly u?: T;
  readonly change?: T;
}

/** What a step needs besides the minibatch and what it carries on. */
export interface StepGivens {
  readonly preconditioners: readonly Preconditioner<Value>[];
  /** n ḡ and n h̄ where the drift statistic is measured. */
  readonly reference: Sums<Value> | null;
  /** The learning rate of each group. */
  readonly lr: readonly number[];
}

/** What a step found out. */
export interface TakenStep extends StepResults<StepInputs> {
  readonly loss: number;
  /** The two products of the drift statistic, where it is measured. */
  readonly drift: readonly number[];
}

/**
 * Phase 4: g ← g + U ((f(σ) − 1) ∘ Uᵀg) per layer, then one step of the inner optimizer with each group's learning rate:
 * one program with the loss and the gradient.
 */
export interface Steps {
  readonly compileSeconds: number;
  /** The inner optimizer's state before its first step from these parameters, in each group. */
  initialState(parameters: readonly Value[]): Promise<Tree<Value>[]>;
  /** U and f(σ) − 1 of every layer, zeros for one without a factor. */
  preconditioners(
    factors: readonly FactorOrNot[],
    groups: readonly GroupEstimate[],
    scaling: Scaling,
  ): Preconditioner<Value>[];
  /** One step; the given values are spent. */
  take(values: StepValues, batch: BatchFeeds, number: StepNumber, givens: StepGivens): Promise<TakenStep>;
}

/** Compiles the step's program. Each group has its own copy of the inner optimizer, for a learning rate of its own. */
export async function compileSteps(
  task: TrainingTask,
  network: NetworkState,
  layers: Layers,
  { inner, innerHyperparameters, rank, weightDecay, measuresDrift }: StepOptions,
): Promise<Steps> {
  const { engine, problem, stepsPerEpoch, stream } = task;
  const { loss } = problem;
  const gradient = gradients(loss, problem.parameters);
  const groups = layers.groups.map((_, group) => [...layers.list.entries()].filter(([, own]) => own.group === group));
  const rules = groups.map((members, group) => {
    const bound = {
      parameters: members.map(([, { parameter }]) => parameter),
      names: members.map(([, { name }]) => name),
      kinds: members.map(([index]) => at(task.kinds, index)),
      stepsPerEpoch,
    };
    return new UpdateRule(inner, innerHyperparameters, bound, { prefix: groups.length === 1 ? '' : `${group}/` });
  });
  if (rules.some((rule) => rule.evaluationPoint() !== null)) {
    throw new ConfigurationError(
      'the inner optimizer of a preconditioner evaluates at another point than it trains, expected one that does not',
    );
  }
  const carried: StepInputs = {
    parameters: layers.list.map(({ parameter }) => parameter),
    network: network.inputs,
    inner: rules.map(({ state }) => state),
  };
  const preconditioners = preconditionerInputs(layers.list, rank);
  const reference = sumInputs(layers.list, true);
  const feeds = {
    parameters: feedsOf(carried.parameters),
    preconditioners: feedsOf(preconditioners),
    reference: feedsOf(reference),
  };
  const step = await StepProgram.compile(task, carried, (recorder) => {
    recorder.counts.gradients += 1;
    const parameters: Tensor[] = [...carried.parameters];
    const states = rules.map((rule, group) => {
      const members = at(groups, group);
      const result = rule.apply(recorder, {
        updates: members.map(([index, layer]) =>
          preconditioned(at(gradient, index), layer, at(preconditioners, index)),
        ),
        loss,
        gradients: members.map(([index]) => at(gradient, index)),
      });
      for (const [place, [index]] of members.entries()) parameters[index] = at(result.parameters, place);
      return result.state;
    });
    const drift = measuresDrift ? driftOutputs(layers.list, gradient, reference, weightDecay) : [];
    return {
      next: { parameters, network: network.next, inner: states },
      results: { numbers: packed([loss, ...drift]) },
    };
  });
  return {
    get compileSeconds() {
      return step.compileSeconds;
    },
    initialState: async (parameters) => {
      const given = feeds.parameters(parameters);
      const states: Tree<Value>[] = [];
      for (const rule of rules) states.push(await rule.initialState(engine, given, stream));
      return states;
    },
    preconditioners: (factors, estimates, scaling) =>
      layers.list.map((layer, index) => preconditionerOf(engine, layer, rank, factors[index], estimates, scaling)),
    take: async (values, batch, number, givens) => {
      const all = {
        ...batch,
        ...feeds.preconditioners(givens.preconditioners),
        ...(givens.reference === null ? {} : feeds.reference(givens.reference)),
        ...Object.assign({}, ...rules.map((rule, group) => rule.learningRate(engine, at(givens.lr, group)))),
      };
      const taken = await step.take(number, { ...values }, all);
      const { numbers } = taken.results;
      const [first = Number.NaN, ...drift] = numbers === undefined ? [] : await engine.download(numbers);
      return { ...taken, loss: first, drift };
    },
  };
}

function preconditionerInputs(layers: readonly Layer[], rank: number): Preconditioner<Tensor>[] {
  const of = (layer: Layer) => {
    const rows = rankOf(layer, rank);
    return rows <= 0 ? {} : { u: { shape: [rows, layer.size] }, change: { shape: [1, rows] } };
  };
  return placeholders('preconditioners', layers.map(of)) as Preconditioner<Tensor>[];
}

function preconditionerOf(
  engine: Engine,
  layer: Layer,
  rank: number,
  factor: FactorOrNot | undefined,
  groups: readonly GroupEstimate[],
  scaling: Scaling,
): Preconditioner<Value> {
  const rows = rankOf(layer, rank);
  if (rows <= 0) return {};
  const change = new Float64Array(rows);
  let u: Value | null = null;
  if (factor !== undefined && !('leftOut' in factor)) {
    u = factor.u;
    const { alpha } = at(groups, layer.group);
    for (const [row, place] of factor.directed.entries()) change[row] = scaling(at(factor.sigma, place), alpha) - 1;
  }
  return {
    u: u ?? engine.upload(new Float32Array(rows * layer.size), [rows, layer.size]),
    change: engine.upload(change, [1, rows]),
  };
}

/** g + U ((f(σ) − 1) ∘ Uᵀg). */
function preconditioned(gradient: Tensor, { shape }: Layer, { u, change }: Preconditioner<Tensor>): Tensor {
  if (u === undefined || change === undefined) return gradient;
  const row = asRow(gradient);
  const components = multiply(innerProducts(row, u), change);
  return reshape(add(matmul(components, u), row), shape);
}
