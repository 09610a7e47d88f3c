import { type Engine, uploadScalar, type Value } from '../engine/index.js';
import { add, input, program, type Tensor } from '../tensor/index.js';
import type { Hyperparameters } from './training.js';
import { at, type State, type SymbolicSetting, type Transformation } from './transformation.js';

/** Makes the transformation of a first-order optimizer from its settings. */
export type TransformationFactory = (settings: Readonly<Record<string, SymbolicSetting>>) => Transformation;

/**
 * A gradient transformation bound to parameters: its part of a training step's program, and the values that part needs.
 * Two rules in one program have different prefixes, so that each can have its own learning rate.
 */
export class UpdateRule {
  readonly #transformation: Transformation;
  readonly #parameters: readonly Tensor[];
  readonly #numbers: Readonly<Record<string, number>>;
  readonly #settings: Readonly<Record<string, Tensor>>;
  readonly #state: State;
  readonly #prefix: string;

  constructor(
    create: TransformationFactory,
    hyperparameters: Hyperparameters,
    parameters: readonly Tensor[],
    prefix = '',
  ) {
    this.#prefix = prefix;
    this.#parameters = parameters;
    const numbers = Object.entries(hyperparameters).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number',
    );
    this.#numbers = Object.fromEntries(numbers);
    const settings = Object.fromEntries(numbers.map(([name]) => [name, this.#settingInput(name)]));
    this.#transformation = create({ ...hyperparameters, ...settings });
    const hostScalars = Object.keys(this.#transformation.hostScalars?.(1, this.#numbers) ?? {});
    this.#settings = {
      ...settings,
      ...Object.fromEntries(hostScalars.map((name) => [name, this.#settingInput(name)])),
    };
    this.#state = Object.fromEntries(
      Object.entries(this.#transformation.init(parameters)).map(([name, { shape, dtype }]) => [
        name,
        input(this.#stateName(name), shape, dtype),
      ]),
    );
  }

  #settingInput(name: string): Tensor {
    return input(`setting/${this.#prefix}${name}`, []);
  }

  #stateName(name: string): string {
    return `state/${this.#prefix}${name}`;
  }

  /** Outputs of a program that do one update: new parameters and new state under the names of the inputs they replace. */
  apply(gradients: readonly Tensor[]): Record<string, Tensor> {
    const context = { state: this.#state, parameters: this.#parameters, settings: this.#settings };
    const { updates, state } = this.#transformation.update(gradients, context);
    const outputs: Record<string, Tensor> = {};
    for (const [index, parameter] of this.#parameters.entries()) {
      outputs[String(parameter.attributes.name)] = add(parameter, at(updates, index));
    }
    for (const [name, tensor] of Object.entries(state)) outputs[this.#stateName(name)] = tensor;
    return outputs;
  }

  /** The state before the first step, by the name of its input. */
  async initialState(engine: Engine): Promise<Record<string, Value>> {
    const initial = Object.entries(this.#transformation.init(this.#parameters));
    if (initial.length === 0) return {};
    const executable = await engine.compile(
      program(Object.fromEntries(initial.map(([name, tensor]) => [this.#stateName(name), tensor]))),
    );
    return executable.run({});
  }

  /** The settings' values for step t = 1, 2, …, by the name of their input; `lr` replaces the hyperparameter's. */
  settings(engine: Engine, t: number, lr?: number): Record<string, Value> {
    const numbers = lr === undefined ? this.#numbers : { ...this.#numbers, lr };
    const all = { ...numbers, ...this.#transformation.hostScalars?.(t, numbers) };
    return Object.fromEntries(
      Object.entries(all).map(([name, value]) => [`setting/${this.#prefix}${name}`, uploadScalar(engine, value)]),
    );
  }
}
