import { compileFunction, type Engine, uploadScalar, type Value } from '../engine/index.js';
import { at } from '../expect.js';
import { input, subtract, type Tensor } from '../tensor/index.js';
import { inputNames } from '../testproblem/index.js';
import { checkCounts, restoreTree, saveTree } from './saved-tree.js';
import { StepProgram } from './step-program.js';
import type { Training, TrainingState, TrainingTask } from './training.js';
import type { Transformation } from './transformation.js';
import { UpdateRule } from './update-rule.js';

/** A wrapper around the steps of a training. */
export interface AroundSteps {
  readonly wrap: (inner: Transformation) => Transformation;
  /** Whether the parameters are where the wrapper says after a step, and not where the inner training went. */
  readonly moves: boolean;
  /** The inner training's own learning rate, or null. */
  readonly lr: number | null;
}

/** In the place of the inner optimizer: its step has been taken. */
const taken: Transformation = { init: () => [], update: (updates) => ({ updates, state: [] }) };

/**
 * A training that takes its steps itself, with a wrapper behind them: the wrapper is given θ before the step, and where the step has
 * led minus θ as the update of a gradient transformation.
 */
export async function startAroundSteps(
  task: TrainingTask,
  inner: Training,
  { wrap, moves, lr }: AroundSteps,
): Promise<Training> {
  const { engine, parameterNames: names, kinds, stepsPerEpoch } = task;
  const { parameters } = task.problem;
  const bound = { parameters, names, kinds, stepsPerEpoch };
  const rule = new UpdateRule(() => wrap(taken), {}, bound, { scheduled: lr !== null, prefix: 'around/' });
  const after = parameters.map(({ shape }, index) => input(`after/${index}`, shape));
  const loss = input('around/loss', []);
  const step = await StepProgram.compile(task, { state: rule.state }, (recorder) => {
    const updates = after.map((tensor, index) => subtract(tensor, at(parameters, index)));
    const next = rule.apply(recorder, { updates, loss, gradients: updates });
    return { next: { state: next.state }, results: moves ? numbered(next.parameters) : {} };
  });
  const point = rule.evaluationPoint();
  const evaluation = point === null ? null : await compileFunction(engine, {}, point);
  const feedsOf = (values: readonly Value[]) =>
    Object.fromEntries(names.map((name, index) => [inputNames.parameter(name), at(values, index)]));

  let carried = { state: await rule.initialState(engine, feedsOf(inner.parameters), task.stream) };
  let steps = 0;
  let lrFactor = 1;
  const moveTo = inner.moveTo?.bind(inner);
  const { continueEpoch, scaleLearningRate, preconditioner, evaluationPoint } = inner;
  const ownPoint = async (): Promise<readonly Value[]> => {
    const feeds = { ...feedsOf(inner.parameters), ...rule.stateFeeds(carried.state) };
    return evaluation === null ? inner.parameters : evaluation.run({}, feeds);
  };
  return {
    get parameters() {
      return inner.parameters;
    },
    get modelStates() {
      return inner.modelStates ?? {};
    },
    get compileSeconds() {
      return inner.compileSeconds + step.compileSeconds + (evaluation?.compileSeconds ?? 0);
    },
    get evaluations() {
      return inner.evaluations ?? { gradients: 0, products: 0, losses: 0 };
    },
    ...(evaluation !== null
      ? { evaluationPoint: ownPoint }
      : evaluationPoint && { evaluationPoint: () => evaluationPoint.call(inner) }),
    ...(preconditioner && { preconditioner: () => preconditioner.call(inner) }),
    ...(moveTo && { moveTo }),
    beginEpoch: (epoch, factor) => {
      lrFactor = factor;
      return inner.beginEpoch(epoch, factor);
    },
    ...(continueEpoch && {
      continueEpoch: (epoch: number, factor: number) => {
        lrFactor = factor;
        return continueEpoch.call(inner, epoch, factor);
      },
    }),
    ...(scaleLearningRate && {
      scaleLearningRate: (factor: number) => {
        lrFactor = factor;
        scaleLearningRate.call(inner, factor);
      },
    }),
    step: async (batch) => {
      // Steps may write into the memory of the values that they replace.
      const before = moves ? await copies(engine, inner.parameters) : null;
      const found = await inner.step(batch);
      steps += 1;
      const there = inner.parameters;
      const { carried: next, results } = await step.take({ t: steps }, carried, {
        ...feedsOf(before ?? there),
        ...Object.fromEntries(there.map((value, index) => [`after/${index}`, value])),
        'around/loss': uploadScalar(engine, found),
        ...(lr === null ? {} : rule.learningRate(engine, lr * lrFactor)),
      });
      carried = next;
      if (moves) moveTo?.(names.map((_, index) => at(Object.values(results), index)));
      return found;
    },
    endEpoch: () => inner.endEpoch(),
    note: () => inner.note(),
    save: async () => {
      const [of, own] = [await inner.save(), await saveTree(engine, { carried, steps })];
      return {
        arrays: { ...prefixed('inner/', of.arrays), ...prefixed('around/', own.arrays) },
        values: { inner: of.values, around: own.values },
      };
    },
    restore: async ({ arrays, values }) => {
      const part = (name: 'inner' | 'around'): TrainingState => ({
        arrays: withoutPrefix(`${name}/`, arrays),
        values: values[name] as TrainingState['values'],
      });
      await inner.restore(part('inner'));
      const restored = restoreTree(engine, part('around')) as { carried: typeof carried; steps: number };
      checkCounts({ steps: restored.steps });
      ({ carried, steps } = restored);
    },
  };
}

function numbered(tensors: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(tensors.entries());
}

async function copies(engine: Engine, values: readonly Value[]): Promise<Value[]> {
  const made: Value[] = [];
  for (const value of values) made.push(engine.upload((await engine.download(value)).slice(), value.shape));
  return made;
}

type Arrays = TrainingState['arrays'];

function prefixed(prefix: string, arrays: Arrays): Arrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, data]) => [prefix + name, data]));
}

function withoutPrefix(prefix: string, arrays: Arrays): Arrays {
  const own = Object.entries(arrays).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, data]) => [name.slice(prefix.length), data]));
}
