import { type Engine, uploadScalar, type Value } from '../engine/index.js';
import { at, present } from '../expect.js';
import type { RandomStream } from '../random/index.js';
import {
  add,
  constantOperation,
  input,
  inputOperation,
  leavesOf,
  mapLeaves,
  program,
  sizeOf,
  type Tensor,
  type Tree,
} from '../tensor/index.js';
import { drawn } from './random-tensors.js';
import { initContext, type RuleParameters, type StepMaterials, updateContext } from './rule-context.js';
import { StepRecorder } from './step-recorder.js';
import type { Hyperparameters } from './training.js';
import type { State, Transformation } from './transformation.js';

/** Makes the transformation of a first-order optimizer from its hyperparameters and its scheduled learning rate. */
export type TransformationFactory = (hyperparameters: Hyperparameters, learningRate: Tensor | null) => Transformation;

/** How a rule is bound to its parameters. */
export interface RuleOptions {
  /** Whether there is a learning rate; default yes. */
  readonly scheduled?: boolean;
  /** Of the rule's inputs in the step's program; default none. */
  readonly prefix?: string;
}

/**
 * A gradient transformation bound to parameters: its part of a training step's program, and the values that part needs.
 * Two rules in one program have different prefixes, so that each can have its own learning rate.
 */
export class UpdateRule {
  readonly #transformation: Transformation;
  readonly #bound: RuleParameters;
  readonly #learningRate: Tensor | null;
  readonly #prefix: string;
  /** The state's initial values as functions of the parameters, and the random numbers among what they need. */
  readonly #initial: State;
  readonly #initialRandoms: StepRecorder;
  /** The state as inputs of programs. */
  readonly state: State;

  constructor(
    create: TransformationFactory,
    hyperparameters: Hyperparameters,
    bound: RuleParameters,
    { scheduled = true, prefix = '' }: RuleOptions = {},
  ) {
    this.#prefix = prefix;
    this.#bound = bound;
    this.#learningRate = scheduled ? input(this.#learningRateName, []) : null;
    this.#transformation = create(hyperparameters, this.#learningRate);
    this.#initialRandoms = new StepRecorder(0);
    this.#initial = this.#transformation.init(bound.parameters, initContext(this.#initialRandoms, bound));
    this.state = mapLeaves(this.#initial, ({ shape, dtype }, path) => input(this.#stateName(path), shape, dtype));
  }

  get #learningRateName(): string {
    return `setting/${this.#prefix}lr`;
  }

  #stateName(path: string): string {
    return `state/${this.#prefix}${path}`;
  }

  /** The new parameters and the new state of one update. */
  apply(recorder: StepRecorder, materials: StepMaterials): { parameters: Tensor[]; state: State } {
    const context = updateContext(recorder, this.#bound, materials, {
      state: this.state,
      learningRate: this.#learningRate,
    });
    const { updates, state } = this.#transformation.update(materials.updates, context);
    const parameters = this.#bound.parameters.map((parameter, index) => add(parameter, at(updates, index)));
    return { parameters, state };
  }

  /** The state before the first step; `parameters` are the values of the parameters then, by the names of their inputs. */
  async initialState(
    engine: Engine,
    parameters: Readonly<Record<string, Value>>,
    stream: (name: string) => RandomStream,
  ): Promise<Tree<Value>> {
    const initial = leavesOf<Tensor>(this.#initial);
    const state: Record<string, Value> = {};
    const computed = initial.filter(
      ([, { operation }]) => operation !== inputOperation && operation !== constantOperation,
    );
    const feeds = { ...parameters, ...drawn(engine, this.#initialRandoms.randoms, stream, 0) };
    if (computed.length > 0) {
      const executable = await engine.compile(program(Object.fromEntries(computed)));
      Object.assign(state, await executable.run(feeds));
    }
    // Zeros and the like come from here: an engine's program would keep a copy of them as long as it lives.
    for (const [path, { operation, attributes, shape, dtype }] of initial) {
      if (operation !== constantOperation) continue;
      const value = Number(attributes.value);
      const Numbers = Math.fround(value) === value ? Float32Array : Float64Array;
      state[path] = engine.upload(new Numbers(sizeOf(shape)).fill(value), shape, dtype);
    }
    // A state that starts as the parameters themselves is a copy of its own: steps write into the memory of spent values.
    for (const [path, { operation, attributes, shape }] of initial) {
      const value = feeds[String(attributes.name)];
      if (operation !== inputOperation || value === undefined) continue;
      state[path] = engine.upload((await engine.download(value)).slice(), shape);
    }
    return mapLeaves(this.state, (_, path) => present(state[path], `the initial state's ${path}`));
  }

  /** The state's values as feeds of programs. */
  stateFeeds(values: Tree<Value>): Record<string, Value> {
    return Object.fromEntries(leavesOf<Value>(values).map(([path, value]) => [this.#stateName(path), value]));
  }

  /** The learning rate as the value of its input. */
  learningRate(engine: Engine, lr: number): Record<string, Value> {
    return { [this.#learningRateName]: uploadScalar(engine, lr) };
  }

  /** The point at which the run evaluates, as a function of state and parameters; null where it is the training point. */
  evaluationPoint(): readonly Tensor[] | null {
    return this.#transformation.evaluationPoint?.(this.state, this.#bound.parameters) ?? null;
  }
}
