import type { Engine, Executable, Value } from '../../engine/index.js';
import { add, gradients, input, matmul, multiply, program, reshape, type Tensor } from '../../tensor/index.js';
import type { BatchFeeds, Hyperparameters, TrainingTask } from '../training.js';
import { at } from '../transformation.js';
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

/**
 * Phase 4: g ← g + U ((f(σ) − 1) ∘ Uᵀg) per layer, then one step of the inner optimizer with each group's learning rate:
 * one program with the loss and the gradient.
 */
export class Steps {
  readonly #engine: Engine;
  readonly #layers: readonly Layer[];
  readonly #rank: number;
  readonly #rules: readonly UpdateRule[];
  readonly #executable: Executable;

  private constructor(
    engine: Engine,
    layers: readonly Layer[],
    rank: number,
    rules: readonly UpdateRule[],
    executable: Executable,
  ) {
    this.#engine = engine;
    this.#layers = layers;
    this.#rank = rank;
    this.#rules = rules;
    this.#executable = executable;
  }

  /** Compiles the step's program. Each group has its own copy of the inner optimizer, for a learning rate of its own. */
  static async compile({ engine, problem }: TrainingTask, layers: Layers, options: StepOptions): Promise<Steps> {
    const { inner, innerHyperparameters, rank, weightDecay, measuresDrift } = options;
    const gradient = gradients(problem.loss, problem.parameters);
    const rules: UpdateRule[] = [];
    const updates: Record<string, Tensor> = {};
    for (const group of layers.groups.keys()) {
      const members = [...layers.list.entries()].filter(([, layer]) => layer.group === group);
      const parameters = members.map(([, { parameter }]) => parameter);
      const prefix = layers.groups.length === 1 ? '' : `${group}/`;
      const rule = new UpdateRule(inner, innerHyperparameters, parameters, prefix);
      Object.assign(
        updates,
        rule.apply(members.map(([index, layer]) => preconditioned(at(gradient, index), layer, rank))),
      );
      rules.push(rule);
    }
    const drift = measuresDrift ? driftOutputs(layers.list, gradient, weightDecay) : [];
    const outputs = { numbers: packed([problem.loss, ...drift]), ...updates };
    return new Steps(engine, layers.list, rank, rules, await engine.compile(program(outputs)));
  }

  get compileSeconds(): number {
    return this.#executable.compileSeconds;
  }

  /** The inner optimizer's state before its first step. */
  async initialState(): Promise<Record<string, Value>> {
    const states: Record<string, Value>[] = [];
    for (const rule of this.#rules) states.push(await rule.initialState(this.#engine));
    return Object.assign({}, ...states);
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
      feeds[`u/${layer.name}`] = u ?? this.#engine.upload(new Float32Array(rows * layer.size), shape);
      feeds[`change/${layer.name}`] = this.#engine.upload(change, [1, rows]);
    }
    return feeds;
  }

  /**
   * One step, the t-th since the inner optimizer's state was made. `values` are parameters and state, `others` the
   * minibatch, the preconditioners and the drift statistic's reference; `lr` is each group's. Returns the values
   * afterwards, and as numbers the loss, followed by the drift statistic's products. The given values are spent.
   */
  async take(
    values: Readonly<Record<string, Value>>,
    others: BatchFeeds,
    t: number,
    lr: readonly number[],
  ): Promise<{ readonly values: Record<string, Value>; readonly numbers: Unpacking }> {
    const settings = this.#rules.map((rule, group) => rule.settings(this.#engine, t, at(lr, group)));
    const feeds = { ...others, ...Object.assign({}, ...settings), ...values };
    const outputs = await this.#executable.run(feeds, Object.values(values));
    const { numbers: _, ...next } = outputs;
    return { values: next, numbers: await unpack(this.#engine, outputs) };
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
