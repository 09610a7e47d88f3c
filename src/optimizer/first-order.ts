import { compileFunction, type Value } from '../engine/index.js';
import { at } from '../expect.js';
import { gradients } from '../tensor/index.js';
import { inputNames } from '../testproblem/index.js';
import { count, noEvaluations } from './evaluation-counts.js';
import { networkState } from './network-state.js';
import { type CollectedLogs, RuleLog } from './rule-log.js';
import { checkCounts, restoreTree, saveTree } from './saved-tree.js';
import { StepProgram } from './step-program.js';
import type { Hyperparameters, Training, TrainingTask } from './training.js';
import { type TransformationFactory, UpdateRule } from './update-rule.js';

/** What makes a first-order optimizer. */
export interface FirstOrder {
  readonly transformation: TransformationFactory;
  /** Name of the hyperparameter that the schedule scales; null without one. */
  readonly learningRate: string | null;
}

/** Starts a first-order optimizer: loss, gradients and update are one program, in parts where the host computes in between. */
export async function startFirstOrder(
  task: TrainingTask,
  hyperparameters: Hyperparameters,
  { transformation, learningRate }: FirstOrder,
): Promise<Training> {
  const { engine, problem, parameterNames: names, kinds, stepsPerEpoch, constants } = task;
  const { parameters, loss } = problem;
  const rate = learningRate === null ? null : hyperparameters[learningRate];
  const lr = typeof rate === 'number' ? rate : null;
  const bound = { parameters, names, kinds, stepsPerEpoch };
  const rule = new UpdateRule(transformation, hyperparameters, bound, { scheduled: lr !== null });
  const network = networkState(problem);
  const inputs = { parameters, network: network.inputs, state: rule.state };
  const step = await StepProgram.compile(task, inputs, (recorder) => {
    recorder.counts.gradients += 1;
    const gradient = gradients(loss, parameters);
    const next = rule.apply(recorder, { updates: gradient, loss, gradients: gradient });
    return { next: { ...next, network: network.next }, results: { loss } };
  });
  const point = rule.evaluationPoint();
  const evaluation = point === null ? null : await compileFunction(engine, {}, point);
  const parameterFeeds = (values: readonly Value[]) =>
    Object.fromEntries(names.map((name, index) => [inputNames.parameter(name), at(values, index)]));

  const log = new RuleLog(engine);
  let carried = {
    parameters: task.initialParameters,
    network: network.initial(engine),
    state: await rule.initialState(engine, parameterFeeds(task.initialParameters), task.stream),
  };
  let steps = 0;
  let epoch = 0;
  let lrFactor = 1;
  let evaluations = noEvaluations();
  return {
    get compileSeconds() {
      return step.compileSeconds + (evaluation?.compileSeconds ?? 0);
    },
    get parameters() {
      return carried.parameters;
    },
    get modelStates() {
      return network.feeds(carried.network);
    },
    get evaluations() {
      return evaluations;
    },
    ...(evaluation !== null && {
      evaluationPoint: () =>
        evaluation.run({}, { ...parameterFeeds(carried.parameters), ...rule.stateFeeds(carried.state) }),
    }),
    beginEpoch: async (next, factor) => {
      epoch = next;
      lrFactor = factor;
      carried = { ...carried, network: network.atEpoch(engine, carried.network) };
    },
    continueEpoch: async (same, factor) => {
      epoch = same;
      lrFactor = factor;
    },
    scaleLearningRate: (factor) => {
      lrFactor = factor;
    },
    step: async (batch) => {
      steps += 1;
      const rates = lr === null ? {} : rule.learningRate(engine, lr * lrFactor);
      const taken = await step.take({ t: steps }, carried, { ...constants, ...batch, ...rates });
      carried = taken.carried;
      count(evaluations, taken.counts);
      log.add(taken.logs);
      const { loss: value } = taken.results;
      return value === undefined ? Number.NaN : at(await engine.download(value), 0);
    },
    endEpoch: () => log.take(epoch),
    note: () => null,
    save: () => saveTree(engine, { carried, steps, evaluations, log: log.collected }),
    restore: async (saved) => {
      const restored = restoreTree(engine, saved) as {
        carried: typeof carried;
        steps: number;
        evaluations: typeof evaluations;
        log: CollectedLogs;
      };
      checkCounts({ steps: restored.steps, ...restored.evaluations });
      ({ carried, steps, evaluations } = restored);
      log.collected = restored.log;
    },
  };
}
