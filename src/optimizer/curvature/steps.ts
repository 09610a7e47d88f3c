import { feedsOf, type Value } from '../../engine/index.js';
import { ConfigurationError } from '../../errors.js';
import { at } from '../../expect.js';
import { gradients, reshape, type Tensor, type Tree } from '../../tensor/index.js';
import type { NetworkState } from '../network-state.js';
import { type StepNumber, StepProgram, type StepResults } from '../step-program.js';
import type { BatchFeeds, Hyperparameters, TrainingTask } from '../training.js';
import type { State } from '../transformation.js';
import { type TransformationFactory, UpdateRule } from '../update-rule.js';
import type { Block } from './blocks.js';
import { driftOutputs } from './drift.js';
import type { FactorOrNot } from './factor.js';
import type { Layers } from './layers.js';
import { packed } from './measuring-function.js';
import { type Preconditioner, preconditioned, preconditionerInputs, preconditionerValue } from './preconditioner.js';
import { type Sums, sumInputs } from './prior.js';
import { asRow } from './rows.js';
import { type Watch, type Watching, watchInputs, watchOutputs } from './uncertainty.js';

/** f(σ), for a layer of step size α. */
export type Scaling = (sigma: number, alpha: number) => number;

/** What is to be in the step's program. */
export interface StepOptions {
  /** k, or 0 where nothing is preconditioned. */
  readonly rank: number;
  /** What has a factor of its own. */
  readonly blocks: readonly Block[];
  readonly inner: TransformationFactory;
  readonly innerHyperparameters: Hyperparameters;
  readonly weightDecay: number;
  /** Whether the drift statistic is measured. */
  readonly measuresDrift: boolean;
  /** What compares gradients with what the posterior expects; null where nothing does. */
  readonly watching: Watching | null;
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

/** What a step needs besides the minibatch and what it carries on. */
export interface StepGivens {
  readonly preconditioners: readonly Preconditioner<Value>[];
  /** n ḡ and n h̄ where the drift statistic is measured. */
  readonly reference: Sums<Value> | null;
  /** What gradients are compared with. */
  readonly watch?: Watch | null;
  /** The learning rate of each group. */
  readonly lr: readonly number[];
}

/** What a step found out. */
export interface TakenStep extends StepResults<StepInputs> {
  readonly loss: number;
  /** The two products of the drift statistic, or those of `watchOutputs`, where they are measured. */
  readonly measured: readonly number[];
}

/**
 * Phase 4: g ← g + U ((f(σ) − 1) ∘ Uᵀg) per block, then one step of the inner optimizer with each group's learning rate:
 * one program with the loss and the gradient.
 */
export interface Steps {
  readonly compileSeconds: number;
  /** The inner optimizer's state before its first step from these parameters, in each group. */
  initialState(parameters: readonly Value[]): Promise<Tree<Value>[]>;
  /** U and f(σ) − 1 of every block, zeros for one without a factor; `alphas` are the groups' step sizes that f refers to. */
  preconditioners(
    factors: readonly FactorOrNot[],
    alphas: readonly number[],
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
  { inner, innerHyperparameters, rank, blocks, weightDecay, measuresDrift, watching }: StepOptions,
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
    throw new ConfigurationError({
      what: 'the inner optimizer of a preconditioner evaluates at another point than it trains',
      expected: 'one that does not',
    });
  }
  const carried: StepInputs = {
    parameters: layers.list.map(({ parameter }) => parameter),
    network: network.inputs,
    inner: rules.map(({ state }) => state),
  };
  const preconditioners = preconditionerInputs(blocks, layers.list, rank);
  const reference = sumInputs(layers.list, true);
  const watched = watching === null ? [] : watchInputs(layers.list, watching.columns);
  const feeds = {
    parameters: feedsOf(carried.parameters),
    preconditioners: feedsOf(preconditioners),
    reference: feedsOf(reference),
    watched: feedsOf(watched),
  };
  const step = await StepProgram.compile(task, carried, (recorder) => {
    recorder.counts.gradients += 1;
    const updates = preconditionedGradient(gradient, layers.list, blocks, preconditioners);
    const parameters: Tensor[] = [...carried.parameters];
    const states = rules.map((rule, group) => {
      const members = at(groups, group);
      const result = rule.apply(recorder, {
        updates: members.map(([index]) => at(updates, index)),
        loss,
        gradients: members.map(([index]) => at(gradient, index)),
      });
      for (const [place, [index]] of members.entries()) parameters[index] = at(result.parameters, place);
      return result.state;
    });
    const drift = measuresDrift ? driftOutputs(layers.list, gradient, reference, weightDecay) : [];
    const departed = watching === null ? [] : watchOutputs(layers.list, gradient, watched, weightDecay);
    return {
      next: { parameters, network: network.next, inner: states },
      results: { numbers: packed([loss, ...drift, ...departed]) },
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
    preconditioners: (factors, alphas, scaling) =>
      blocks.map((block, index) =>
        preconditionerValue(
          engine,
          block,
          layers.list,
          rank,
          factors[index],
          (sigma) => scaling(sigma, at(alphas, block.group)) - 1,
        ),
      ),
    take: async (values, batch, number, givens) => {
      const all = {
        ...batch,
        ...feeds.preconditioners(givens.preconditioners),
        ...(givens.reference === null ? {} : feeds.reference(givens.reference)),
        ...(watching === null ? {} : feeds.watched(watching.values(givens.watch ?? null))),
        ...Object.assign({}, ...rules.map((rule, group) => rule.learningRate(engine, at(givens.lr, group)))),
      };
      const taken = await step.take(number, { ...values }, all);
      const { numbers } = taken.results;
      const [first = Number.NaN, ...measured] = numbers === undefined ? [] : await engine.download(numbers);
      return { ...taken, loss: first, measured };
    },
  };
}

/** P g, block by block. */
function preconditionedGradient(
  gradient: readonly Tensor[],
  layers: Layers['list'],
  blocks: readonly Block[],
  preconditioners: readonly Preconditioner<Tensor>[],
): Tensor[] {
  const updates = [...gradient];
  for (const [index, { members }] of blocks.entries()) {
    const preconditioner = at(preconditioners, index);
    if (preconditioner.u === undefined) continue;
    const rows = preconditioned(
      members.map((member) => asRow(at(gradient, member))),
      preconditioner,
    );
    for (const [place, member] of members.entries())
      updates[member] = reshape(at(rows, place), at(layers, member).shape);
  }
  return updates;
}
