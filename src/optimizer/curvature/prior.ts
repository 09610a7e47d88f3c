import type { Engine, Executable, Value } from '../../engine/index.js';
import {
  add,
  gradients,
  hessianVectorProduct,
  input,
  multiply,
  negate,
  program,
  stopGradient,
  type Tensor,
} from '../../tensor/index.js';
import type { BatchFeeds, TrainingTask } from '../training.js';
import { at } from '../transformation.js';
import type { Layer } from './layers.js';
import { packed, take, unpack } from './outputs.js';
import { asRow, decayed, innerProducts, inverseLength } from './rows.js';

/** What phase 1 accumulates: Σ v and Σ h of each layer on the engine, inner products per layer on the host. */
export interface PriorState {
  minibatches: number;
  sumsV: readonly Value[];
  /** Empty where nothing is built on them. */
  sumsH: readonly Value[];
  /** For each layer Σ ‖v‖², Σ vᵀh, Σ ‖h‖². */
  moments: Float64Array;
}

/** The first column of S and Y of each layer, [1, N], not yet divided by anything else than the direction's length. */
export interface FirstColumn {
  readonly s: Value | null;
  readonly y: Value | null;
  /** ‖Σ v‖². */
  readonly total: number;
  /** s₀ᵀy₀ and ‖y₀‖². */
  readonly sy: number;
  readonly yy: number;
}

/**
 * Phase 1: on each of n minibatches the gradient g, the direction v = g + μθ and the product h = H·v + μv with the
 * Hessian of that minibatch's loss, in one program; no parameter update.
 */
export class Prior {
  readonly #engine: Engine;
  readonly #layers: readonly Layer[];
  readonly #observes: boolean;
  readonly #accumulate: Executable;
  readonly #finish: Executable;

  private constructor(
    engine: Engine,
    layers: readonly Layer[],
    observes: boolean,
    accumulate: Executable,
    finish: Executable,
  ) {
    this.#engine = engine;
    this.#layers = layers;
    this.#observes = observes;
    this.#accumulate = accumulate;
    this.#finish = finish;
  }

  /** Compiles the phase's programs. With `observes`, Σ h is kept for the first column of phase 2. */
  static async compile(
    { engine, problem }: TrainingTask,
    layers: readonly Layer[],
    { weightDecay, observes }: { readonly weightDecay: number; readonly observes: boolean },
  ): Promise<Prior> {
    const accumulate = accumulation(problem.loss, layers, weightDecay, observes);
    const finish = finishing(layers, observes);
    return new Prior(
      engine,
      layers,
      observes,
      await engine.compile(program(accumulate)),
      await engine.compile(program(finish)),
    );
  }

  get compileSeconds(): number {
    return this.#accumulate.compileSeconds + this.#finish.compileSeconds;
  }

  begin(): PriorState {
    const zeros = () => this.#layers.map(({ size }) => this.#engine.upload(new Float32Array(size), [1, size]));
    return {
      minibatches: 0,
      sumsV: zeros(),
      sumsH: this.#observes ? zeros() : [],
      moments: new Float64Array(3 * this.#layers.length),
    };
  }

  /** Uses one minibatch; returns its loss. The sums so far are spent, and so are values that an earlier phase has left. */
  async use(state: PriorState, feeds: BatchFeeds, left: readonly Value[] = []): Promise<number> {
    const sums = this.sums(state);
    const outputs = await this.#accumulate.run({ ...feeds, ...sums }, [...Object.values(sums), ...left]);
    const numbers = await unpack(this.#engine, outputs);
    const loss = numbers.next();
    for (const [index, moment] of numbers.take(state.moments.length).entries()) {
      state.moments[index] = (state.moments[index] ?? 0) + moment;
    }
    state.sumsV = this.#layers.map(({ name }) => take(outputs, `sum-v/${name}`));
    if (this.#observes) state.sumsH = this.#layers.map(({ name }) => take(outputs, `sum-h/${name}`));
    state.minibatches += 1;
    return loss;
  }

  /** The first direction −αḡ and observation −αh̄ of each layer, both divided by ‖αḡ‖. */
  async finish(state: PriorState): Promise<FirstColumn[]> {
    const outputs = await this.#finish.run(this.sums(state));
    const numbers = await unpack(this.#engine, outputs);
    return this.#layers.map(({ name }) => ({
      s: outputs[`s/${name}`] ?? null,
      y: outputs[`y/${name}`] ?? null,
      total: numbers.next(),
      sy: this.#observes ? numbers.next() : Number.NaN,
      yy: this.#observes ? numbers.next() : Number.NaN,
    }));
  }

  /** Σ v and Σ h as inputs of programs. */
  sums({ sumsV, sumsH }: PriorState): Record<string, Value> {
    const feeds: Record<string, Value> = {};
    for (const [index, { name }] of this.#layers.entries()) {
      feeds[`sum-v/${name}`] = at(sumsV, index);
      if (this.#observes) feeds[`sum-h/${name}`] = at(sumsH, index);
    }
    return feeds;
  }
}

function accumulation(
  loss: Tensor,
  layers: readonly Layer[],
  weightDecay: number,
  observes: boolean,
): Record<string, Tensor> {
  const parameters = layers.map(({ parameter }) => parameter);
  const gradient = gradients(loss, parameters);
  const directions = gradient.map((g, index) => stopGradient(decayed(g, at(parameters, index), weightDecay)));
  const products = hessianVectorProduct(gradient, parameters, directions);
  const outputs: Record<string, Tensor> = {};
  const numbers: Tensor[] = [loss];
  for (const [index, { name, size }] of layers.entries()) {
    const v = asRow(at(directions, index));
    const h = asRow(decayed(at(products, index), at(directions, index), weightDecay));
    numbers.push(innerProducts(v, v), innerProducts(v, h), innerProducts(h, h));
    outputs[`sum-v/${name}`] = add(input(`sum-v/${name}`, [1, size]), v);
    if (observes) outputs[`sum-h/${name}`] = add(input(`sum-h/${name}`, [1, size]), h);
  }
  return { numbers: packed(numbers), ...outputs };
}

/** s₀ = −Σv / ‖Σv‖ and y₀ = −Σh / ‖Σv‖: the factors α and 1/n cancel. Zeros where Σv = 0. */
function finishing(layers: readonly Layer[], observes: boolean): Record<string, Tensor> {
  const outputs: Record<string, Tensor> = {};
  const numbers: Tensor[] = [];
  for (const { name, size } of layers) {
    const sumV = input(`sum-v/${name}`, [1, size]);
    const total = innerProducts(sumV, sumV);
    numbers.push(total);
    if (!observes) continue;
    const factor = negate(inverseLength(total));
    const s = multiply(sumV, factor);
    const y = multiply(input(`sum-h/${name}`, [1, size]), factor);
    numbers.push(innerProducts(s, y), innerProducts(y, y));
    outputs[`s/${name}`] = s;
    outputs[`y/${name}`] = y;
  }
  return { numbers: packed(numbers), ...outputs };
}
