import { describeError, display, type UserCode } from '../user-file/user-code.js';
import type { OptimizerDefinition } from './define-optimizer.js';
import type { BatchFeeds, Training, TrainingState, TrainingTask } from './training.js';

/** The definition with its functions guarded: what a user's code throws is called the user's, and values are checked. */
export function guarded(definition: OptimizerDefinition, code: UserCode): OptimizerDefinition {
  const { minimumStepsPerEpoch, whenDiverged, schedule } = definition;
  const guard = new Guard(code);
  return {
    ...definition,
    minimumStepsPerEpoch: (hyperparameters) =>
      guard.call('minimumStepsPerEpoch', () => minimumStepsPerEpoch?.(hyperparameters)) ?? {
        steps: 1,
        why: 'one step',
      },
    ...(schedule && {
      schedule: (progress, hyperparameters) => {
        const factor: unknown = guard.call('schedule', () => schedule(progress, hyperparameters));
        if (typeof factor === 'number' && Number.isFinite(factor) && factor >= 0) return factor;
        const found = typeof factor === 'number' ? String(factor) : display(factor);
        throw guard.fault('schedule', `returns ${found} in step ${progress.step}, expected a factor, a number ≥ 0`);
      },
    }),
    whenDiverged: (hyperparameters) => guard.call('whenDiverged', () => whenDiverged?.(hyperparameters)) ?? null,
    start: async (task, hyperparameters) => {
      const training = await guard.wait('start', () => definition.start(task, hyperparameters));
      guard.checkTraining(training);
      return withTheRest(new UserTraining(training, task, guard), training, guard);
    },
  };
}

/** What a training must have, and must give. */
class Guard {
  readonly #code: UserCode;

  constructor(code: UserCode) {
    this.#code = code;
  }

  call<T>(part: string, body: () => T): T {
    return this.#code.call(part, body);
  }

  wait<T>(part: string, body: () => T | Promise<T>): Promise<T> {
    return this.#code.wait(part, body);
  }

  fault(part: string, text: string): Error {
    return this.#code.fault(part, text);
  }

  checkJson(part: string, value: unknown): void {
    try {
      JSON.stringify(value);
    } catch (cause) {
      throw this.fault(part, `returns a value that JSON cannot hold: ${describeError(cause)}`);
    }
  }

  checkTraining(training: unknown): void {
    if (typeof training !== 'object' || training === null) {
      throw this.fault(
        'start',
        `returns ${display(training)}, expected a training (${METHODS.join(', ')}, parameters)`,
      );
    }
    const missing = METHODS.find((name) => typeof (training as Record<string, unknown>)[name] !== 'function');
    if (missing !== undefined)
      throw this.fault('start', `returns a training without ${missing}(), expected ${METHODS.join(', ')}`);
  }
}

const METHODS = ['beginEpoch', 'step', 'endEpoch', 'note', 'save', 'restore'] as const;

/** A training that a user's code does. */
class UserTraining implements Training {
  readonly #training: Training;
  readonly #task: TrainingTask;
  readonly #guard: Guard;

  constructor(training: Training, task: TrainingTask, guard: Guard) {
    this.#training = training;
    this.#task = task;
    this.#guard = guard;
  }

  get compileSeconds(): number {
    const seconds = this.#guard.call('compileSeconds', () => this.#training.compileSeconds);
    return typeof seconds === 'number' && seconds >= 0 ? seconds : 0;
  }

  get parameters(): Training['parameters'] {
    const parameters = this.#guard.call('parameters', () => this.#training.parameters);
    const { parameterNames, initialParameters } = this.#task;
    if (!Array.isArray(parameters) || parameters.length !== parameterNames.length) {
      const found = Array.isArray(parameters) ? `${parameters.length} values` : display(parameters);
      throw this.#guard.fault('parameters', `are ${found}, expected ${parameterNames.length} values`);
    }
    for (const [index, name] of parameterNames.entries()) {
      const [found, expected] = [parameters[index]?.shape, initialParameters[index]?.shape].map(String);
      if (found === expected) continue;
      throw this.#guard.fault('parameters', `have the shape [${found}] for ${name}, expected [${expected}]`);
    }
    return parameters;
  }

  async beginEpoch(epoch: number, lrFactor: number): Promise<void> {
    await this.#guard.wait('beginEpoch', () => this.#training.beginEpoch(epoch, lrFactor));
  }

  async step(batch: BatchFeeds): Promise<number> {
    const loss: unknown = await this.#guard.wait('step', () => this.#training.step(batch));
    if (typeof loss === 'number') return loss;
    throw this.#guard.fault('step', `returns ${display(loss)}, expected the loss of the minibatch, a number`);
  }

  async endEpoch(): Promise<Readonly<Record<string, unknown>> | null> {
    const log = (await this.#guard.wait('endEpoch', () => this.#training.endEpoch())) ?? null;
    if (log === null) return null;
    const isRecord = typeof log === 'object' && !Array.isArray(log);
    if (!isRecord) throw this.#guard.fault('endEpoch', `returns ${display(log)}, expected an object or null`);
    this.#guard.checkJson('endEpoch', log);
    return log;
  }

  note(): string | null {
    const note: unknown = this.#guard.call('note', () => this.#training.note());
    return note === null || note === undefined ? null : String(note);
  }

  async save(): Promise<TrainingState> {
    const state = await this.#guard.wait('save', () => this.#training.save());
    const { arrays, values } = (state ?? {}) as Partial<TrainingState>;
    const isRecord = (value: unknown) => typeof value === 'object' && value !== null;
    if (!isRecord(arrays) || !isRecord(values)) {
      throw this.#guard.fault('save', `returns ${display(state)}, expected { arrays: { … }, values: { … } }`);
    }
    const wrong = Object.entries(arrays ?? {}).find(([, array]) => !isSavable(array));
    if (wrong !== undefined) {
      throw this.#guard.fault(
        'save',
        `returns ${display(wrong[1])} as ${wrong[0]}, expected a Float32Array, Float64Array or Int32Array`,
      );
    }
    this.#guard.checkJson('save', values);
    return state;
  }

  async restore(state: TrainingState): Promise<void> {
    await this.#guard.wait('restore', () => this.#training.restore(state));
  }
}

/** What a training has besides, such as methods of its own: as it is, but with its errors called the user's. */
function withTheRest(checked: UserTraining, training: Training, guard: Guard): Training {
  return new Proxy(checked, {
    get(target, name) {
      const isChecked = name in target;
      const value: unknown = isChecked
        ? Reflect.get(target, name, target)
        : guard.call(String(name), () => Reflect.get(training, name));
      if (typeof value !== 'function') return value;
      const method = value as (...given: unknown[]) => unknown;
      if (isChecked) return method.bind(target);
      return (...given: unknown[]) => {
        const result = guard.call(String(name), () => method.apply(training, given));
        return result instanceof Promise ? guard.wait(String(name), () => result) : result;
      };
    },
  });
}

function isSavable(array: unknown): boolean {
  return array instanceof Float32Array || array instanceof Float64Array || array instanceof Int32Array;
}
