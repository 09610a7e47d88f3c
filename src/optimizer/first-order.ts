import type { Executable, TensorData, Value } from '../engine/index.js';
import { gradients, program } from '../tensor/index.js';
import { inputNames } from '../testproblem/index.js';
import type { BatchFeeds, Hyperparameters, Training, TrainingState, TrainingTask } from './training.js';
import { at } from './transformation.js';
import { type TransformationFactory, UpdateRule } from './update-rule.js';

/** Starts a first-order optimizer: loss, gradients and update are one program. */
export async function startFirstOrder(
  task: TrainingTask,
  hyperparameters: Hyperparameters,
  create: TransformationFactory,
): Promise<Training> {
  const { engine, problem } = task;
  const rule = new UpdateRule(create, hyperparameters, problem.parameters);
  const outputs = rule.apply(gradients(problem.loss, problem.parameters));
  const executable = await engine.compile(program({ loss: problem.loss, ...outputs }));
  return new FirstOrderTraining(task, rule, executable, await rule.initialState(engine), hyperparameters);
}

class FirstOrderTraining implements Training {
  readonly compileSeconds: number;
  readonly #task: TrainingTask;
  readonly #rule: UpdateRule;
  readonly #executable: Executable;
  readonly #learningRate: number | undefined;
  /** Parameters and state, by the name of their input. */
  #values: Record<string, Value>;
  #steps = 0;
  #lrFactor = 1;

  constructor(
    task: TrainingTask,
    rule: UpdateRule,
    executable: Executable,
    state: Readonly<Record<string, Value>>,
    { lr }: Hyperparameters,
  ) {
    this.#task = task;
    this.#rule = rule;
    this.#executable = executable;
    this.compileSeconds = executable.compileSeconds;
    this.#learningRate = typeof lr === 'number' ? lr : undefined;
    const parameters = task.parameterNames.map((name, index) => [
      inputNames.parameter(name),
      at(task.initialParameters, index),
    ]);
    this.#values = { ...Object.fromEntries(parameters), ...state };
  }

  get parameters(): readonly Value[] {
    return this.#task.parameterNames.map((name) => this.#value(inputNames.parameter(name)));
  }

  #value(name: string): Value {
    const value = this.#values[name];
    if (value === undefined) throw new RangeError(`the training has no value ${name}`);
    return value;
  }

  async beginEpoch(_epoch: number, lrFactor: number): Promise<void> {
    this.#lrFactor = lrFactor;
  }

  async step(batch: BatchFeeds): Promise<number> {
    const { engine, constants } = this.#task;
    const lr = this.#learningRate === undefined ? undefined : this.#learningRate * this.#lrFactor;
    this.#steps += 1;
    const settings = this.#rule.settings(engine, this.#steps, lr);
    const spent = this.#values;
    const feeds = { ...constants, ...batch, ...settings, ...spent };
    const { loss, ...values } = await this.#executable.run(feeds, Object.values(spent));
    this.#values = values;
    if (loss === undefined) throw new RangeError('the training step returned no loss');
    return (await engine.download(loss))[0] ?? Number.NaN;
  }

  async endEpoch(): Promise<null> {
    return null;
  }

  note(): null {
    return null;
  }

  async save(): Promise<TrainingState> {
    const arrays: Record<string, TensorData> = {};
    for (const [name, value] of Object.entries(this.#values)) arrays[name] = await this.#task.engine.download(value);
    return { arrays, values: { steps: this.#steps } };
  }

  async restore({ arrays, values }: TrainingState): Promise<void> {
    const restored: Record<string, Value> = {};
    for (const [name, { shape }] of Object.entries(this.#values)) {
      const data = arrays[name];
      if (data === undefined) throw new RangeError(`the saved state has no ${name}`);
      restored[name] = this.#task.engine.upload(data, shape);
    }
    this.#values = restored;
    this.#steps = Number(values.steps);
  }
}
