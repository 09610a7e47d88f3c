import type { Value } from '../../engine/index.js';
import { ConfigurationError } from '../../errors.js';
import { add, gradients, input, matmul, multiply, reshape, type Tensor, type Tree } from '../../tensor/index.js';
import type { NetworkState } from '../network-state.js';
import { type StepNumber, StepProgram, type StepResults } from '../step-program.js';
import type { BatchFeeds, Hyperparameters, TrainingTask } from '../training.js';
import { at, type State } from '../transformation.js';
import { type TransformationFactory, UpdateRule } from '../update-rule.js';
import { driftOutputs } from './drift.js';
import { type FactorOrNot, rankOf } from './factor.js';
import type { GroupEstimate } from './group-estimates.js';
import type { Layer, Layers } from './layers.js';
import { packed, type Unpacking, unpack } from './outputs.js';
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

/**
 * Phase 4: g ← g + U ((f(σ) − 1) ∘ Uᵀg) per layer, then one step of the inner optimizer with each group's learning rate:
 * one program with the loss and the gradient.
 */
export class Steps {
  readonly #task: TrainingTask;
  readonly #layers: readonly Layer[];
  readonly #rank: number;
  readonly #rules: readonly UpdateRule[];
  readonly #program: StepProgram<StepInputs>;

  private constructor(
    task: TrainingTask,
    layers: readonly Layer[],
    rank: number,
    rules: readonly UpdateRule[],
    step: StepProgram<StepInputs>,
  ) {
    this.#task = task;
    this.#layers = layers;
    this.#rank = rank;
    this.#rules = rules;
    this.#program = step;
  }

  /** Compiles the step's program. Each group has its own copy of the inner optimizer, for a learning rate of its own. */
  static async compile(
    task: TrainingTask,
    network: NetworkState,
    layers: Layers,
    options: StepOptions,
  ): Promise<Steps> {
    const { inner, innerHyperparameters, rank, weightDecay, measuresDrift } = options;
    const { problem, stepsPerEpoch } = task;
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
      return new UpdateRule(inner, innerHyperparameters, bound, groups.length === 1 ? '' : `${group}/`);
    });
    if (rules.some((rule) => rule.evaluationPoint() !== null)) {
      throw new ConfigurationError(
        'the inner optimizer of a preconditioner evaluates at another point than it trains, expected one that does not',
      );
    }
    const inputs = {
      parameters: layers.list.map(({ parameter }) => parameter),
      network: network.inputs,
      inner: rules.map(({ state }) => state),
    };
    const step = await StepProgram.compile<StepInputs>(task, inputs, (recorder) => {
      recorder.counts.gradients += 1;
      const parameters: Tensor[] = [...inputs.parameters];
      const states = rules.map((rule, group) => {
        const members = at(groups, group);
        const result = rule.apply(recorder, {
          updates: members.map(([index, layer]) => preconditioned(at(gradient, index), layer, rank)),
          loss,
          gradients: members.map(([index]) => at(gradient, index)),
        });
        for (const [place, [index]] of members.entries()) parameters[index] = at(result.parameters, place);
        return result.state;
      });
      const drift = measuresDrift ? driftOutputs(layers.list, gradient, weightDecay) : [];
      return {
        next: { parameters, network: network.next, inner: states },
        results: { numbers: packed([loss, ...drift]) },
      };
    });
    return new Steps(task, layers.list, rank, rules, step);
  }

  get compileSeconds(): number {
    return this.#program.compileSeconds;
  }

  /** The inner optimizer's state before its first step from these parameters, in each group. */
  async initialState(parameters: readonly Value[]): Promise<Tree<Value>[]> {
    const { engine, random } = this.#task;
    const feeds = Object.fromEntries(this.#layers.map(({ input }, index) => [input, at(parameters, index)]));
    const states: Tree<Value>[] = [];
    for (const rule of this.#rules) states.push(await rule.initialState(engine, feeds, random));
    return states;
  }

  /**
   * U and f(σ) − 1 of every layer as inputs of the step's program; zeros for a layer without a factor. Nothing where
   * nothing is preconditioned.
   */
  preconditioners(
    factors: readonly FactorOrNot[],
    groups: readonly GroupEstimate[],
    scaling: Scaling,
  ): Record<string, Value> {
    const feeds: Record<string, Value> = {};
    for (const [index, layer] of this.#layers.entries()) {
      const rows = rankOf(layer, this.#rank);
      if (rows <= 0) continue;
      const factor = factors[index];
      const change = new Float64Array(rows);
      let u: Value | null = null;
      if (factor !== undefined && !('leftOut' in factor)) {
        u = factor.u;
        const { alpha } = at(groups, layer.group);
        for (const [row, place] of factor.directed.entries()) change[row] = scaling(at(factor.sigma, place), alpha) - 1;
      }
      const shape = [rows, layer.size];
      feeds[`u/${layer.name}`] = u ?? this.#task.engine.upload(new Float32Array(rows * layer.size), shape);
      feeds[`change/${layer.name}`] = this.#task.engine.upload(change, [1, rows]);
    }
    return feeds;
  }

  /**
   * One step. `others`: the minibatch, the preconditioners and the drift statistic's reference; `lr`: each group's. Returns
   * the values afterwards, and as numbers the loss, followed by the drift statistic's products. The given values are spent.
   */
  async take(
    values: StepValues,
    others: BatchFeeds,
    number: StepNumber,
    lr: readonly number[],
  ): Promise<StepResults<StepInputs> & { readonly numbers: Unpacking }> {
    const { engine } = this.#task;
    const rates = this.#rules.map((rule, group) => rule.learningRate(engine, at(lr, group)));
    const taken = await this.#program.take(number, { ...values }, { ...others, ...Object.assign({}, ...rates) });
    return { ...taken, numbers: await unpack(engine, taken.results) };
  }
}

function preconditioned(gradient: Tensor, layer: Layer, rank: number): Tensor {
  const rows = rankOf(layer, rank);
  if (rows <= 0) return gradient;
  const u = input(`u/${layer.name}`, [rows, layer.size]);
  const row = asRow(gradient);
  const components = multiply(innerProducts(row, u), input(`change/${layer.name}`, [1, rows]));
  return reshape(add(matmul(components, u), row), layer.shape);
}
