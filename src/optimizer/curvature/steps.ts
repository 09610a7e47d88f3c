import type { Engine, Executable, Value } from '../../engine/index.js';
import { add, gradients, input, matmul, multiply, program, reshape, type Tensor } from '../../tensor/index.js';
import type { BatchFeeds, Hyperparameters, TrainingTask } from '../training.js';
import { at } from '../transformation.js';
import { type TransformationFactory, UpdateRule } from '../update-rule.js';
import { driftOutputs } from './drift.js';
import { rankOf } from './factor.js';
import { innerProducts, packed, type Unpacking, unpack } from './inner-products.js';
import { asRow, type Layer, type Layers } from './layers.js';
import { take } from './prior.js';

/** The preconditioner of one layer: U as rows [r, N], and f(σ) − 1 for each row, [1, r]. */
export interface LayerPreconditioner {
  readonly u: Value;
  readonly change: Value;
}

/** What a step needs besides the minibatch and the parameters. */
export interface StepFeeds {
  /** Learning rate of each group. */
  readonly lr: readonly number[];
  /** Empty where nothing is preconditioned; an entry for each layer of rank ≥ 1 otherwise. */
  readonly preconditioners: BatchFeeds;
  /** Reference vectors of the drift statistic, or nothing. */
  readonly reference: BatchFeeds;
}

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
  readonly #rules: readonly UpdateRule[];
  readonly #executable: Executable;

  private constructor(engine: Engine, layers: readonly Layer[], rules: readonly UpdateRule[], executable: Executable) {
    this.#engine = engine;
    this.#layers = layers;
    this.#rules = rules;
    this.#executable = executable;
  }

  /** Compiles the step's program. Each group has its own copy of the inner optimizer, for a learning rate of its own. */
  static async compile({ engine, problem }: TrainingTask, layers: Layers, options: StepOptions): Promise<Steps> {
    const { inner, innerHyperparameters, rank, weightDecay, measuresDrift } = options;
    const gradient = gradients(problem.loss, problem.parameters);
    const rules: UpdateRule[] = [];
    const updates: Record<string, Tensor> = {};
    for (const [group] of layers.groups.entries()) {
      const members = layers.list.flatMap((layer, index) => (layer.group === group ? [{ layer, index }] : []));
      const parameters = members.map(({ layer }) => layer.parameter);
      const prefix = layers.groups.length === 1 ? '' : `${group}/`;
      const rule = new UpdateRule(inner, innerHyperparameters, parameters, prefix);
      const preconditioned = members.map(({ layer, index }) => withPreconditioner(at(gradient, index), layer, rank));
      Object.assign(updates, rule.apply(preconditioned));
      rules.push(rule);
    }
    const drift = measuresDrift ? driftOutputs(layers.list, gradient, weightDecay) : [];
    const outputs = { numbers: packed([problem.loss, ...drift]), ...updates };
    return new Steps(engine, layers.list, rules, await engine.compile(program(outputs)));
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
   * One step, the t-th since the inner optimizer's state was made; `values` are parameters and state. Returns them
   * afterwards, and the loss followed by the drift statistic's products.
   */
  async take(
    batch: BatchFeeds,
    values: Readonly<Record<string, Value>>,
    t: number,
    { lr, preconditioners, reference }: StepFeeds,
  ): Promise<{ readonly values: Record<string, Value>; readonly numbers: Unpacking }> {
    const settings = this.#rules.map((rule, group) => rule.settings(this.#engine, t, at(lr, group)));
    const { numbers, ...next } = await this.#executable.run({
      ...batch,
      ...Object.assign({}, ...settings),
      ...preconditioners,
      ...reference,
      ...values,
    });
    return { values: next, numbers: await unpack(this.#engine, take({ ...(numbers && { numbers }) }, 'numbers')) };
  }

  /** The preconditioners as inputs of the program; a layer without one gets zeros. */
  feeds(preconditioners: readonly (LayerPreconditioner | null)[], rank: number): Record<string, Value> {
    const feeds: Record<string, Value> = {};
    for (const [index, layer] of this.#layers.entries()) {
      const rows = rankOf(layer, rank);
      if (rows <= 0) continue;
      const own = at(preconditioners, index);
      const zeros = (shape: readonly [number, number]) =>
        this.#engine.upload(new Float32Array(shape[0] * shape[1]), shape);
      feeds[`u/${layer.name}`] = own?.u ?? zeros([rows, layer.size]);
      feeds[`change/${layer.name}`] = own?.change ?? zeros([1, rows]);
    }
    return feeds;
  }
}

function withPreconditioner(gradient: Tensor, layer: Layer, rank: number): Tensor {
  const rows = rankOf(layer, rank);
  if (rows <= 0) return gradient;
  const u = input(`u/${layer.name}`, [rows, layer.size]);
  const components = multiply(innerProducts(asRow(gradient), u), input(`change/${layer.name}`, [1, rows]));
  return add(gradient, reshape(matmul(components, u), layer.shape));
}
