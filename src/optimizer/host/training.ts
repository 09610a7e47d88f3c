import type { Value } from '../../engine/index.js';
import { sizeOf } from '../../tensor/index.js';
import { noEvaluations } from '../evaluation-counts.js';
import { networkState } from '../network-state.js';
import { randomArray } from '../random-tensors.js';
import { type CollectedLogs, RuleLog } from '../rule-log.js';
import { checkCounts, restoreTree, saveTree } from '../saved-tree.js';
import type { Training, TrainingTask } from '../training.js';
import type { HostContext, HostRule } from './host-rule.js';
import { minibatchFunctions } from './minibatch.js';
import { vectorAlgebra } from './vectors.js';

/** Starts an optimizer whose steps are written as a function on the host. `lr`: its learning rate, where it has one. */
export async function startHostOptimizer<S>(
  task: TrainingTask,
  rule: HostRule<S>,
  lr: number | null,
): Promise<Training> {
  const { engine, problem, parameterNames: names, kinds, stepsPerEpoch, constants } = task;
  let compileSeconds = 0;
  const compiled = (seconds: number) => {
    compileSeconds += seconds;
  };
  const network = networkState(problem);
  const vectors = vectorAlgebra(engine, problem.parameters, compiled);
  const minibatches = minibatchFunctions(task, network, compiled);
  const log = new RuleLog(engine);
  let steps = 0;
  let epoch = 0;
  let lrFactor = 1;
  let evaluations = noEvaluations();
  let parameters = task.initialParameters;
  let networkValues = network.initial(engine);
  const context = (): HostContext => ({
    vectors,
    names,
    kinds,
    stepsPerEpoch,
    parameters,
    t: steps,
    learningRate: lr === null ? null : lr * lrFactor,
    random: (name, distribution) =>
      problem.parameters.map(({ shape }, index): Value => {
        const stream = task.stream(name).child(steps).child(index);
        return engine.upload(randomArray(stream, distribution, sizeOf(shape)), shape);
      }),
    log: (name, value, per = 'epoch') => log.add([{ name, value, per }]),
  });
  let state: S | undefined = await rule.init?.(context());
  return {
    get compileSeconds() {
      return compileSeconds;
    },
    get parameters() {
      return parameters;
    },
    get modelStates() {
      return network.feeds(networkValues);
    },
    get evaluations() {
      return evaluations;
    },
    ...(rule.evaluationPoint && {
      evaluationPoint: async () => rule.evaluationPoint?.(context(), state as S) ?? parameters,
    }),
    beginEpoch: async (next, factor) => {
      epoch = next;
      lrFactor = factor;
      networkValues = network.atEpoch(engine, networkValues);
    },
    continueEpoch: async (same, factor) => {
      epoch = same;
      lrFactor = factor;
    },
    scaleLearningRate: (factor) => {
      lrFactor = factor;
    },
    moveTo: (values) => {
      parameters = values;
    },
    step: async (batch) => {
      steps += 1;
      const feeds = { ...constants, ...batch, ...network.feeds(networkValues) };
      const minibatch = minibatches.on(feeds, evaluations);
      const next = await rule.step({ ...context(), minibatch }, state as S);
      networkValues = { ...networkValues, ...(await minibatches.nextState(parameters, feeds)) };
      parameters = next.parameters;
      state = next.state;
      return next.loss;
    },
    endEpoch: () => log.take(epoch),
    note: () => null,
    save: () =>
      saveTree(engine, {
        parameters,
        network: networkValues,
        state: state ?? null,
        steps,
        evaluations,
        log: log.collected,
      }),
    restore: async (saved) => {
      const restored = restoreTree(engine, saved) as {
        parameters: typeof parameters;
        network: typeof networkValues;
        state: typeof state;
        steps: number;
        evaluations: typeof evaluations;
        log: CollectedLogs;
      };
      checkCounts({ steps: restored.steps, ...restored.evaluations });
      ({ parameters, network: networkValues, state, steps, evaluations } = restored);
      log.collected = restored.log;
    },
  };
}
