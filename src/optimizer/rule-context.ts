import type { Tensor } from '../tensor/index.js';
import type { ParameterKind } from '../testproblem/index.js';
import { symbolicMinibatch } from './minibatch.js';
import type { StepRecorder } from './step-recorder.js';
import type { InitContext, UpdateContext } from './update-context.js';

/** The parameters that a rule trains, and what it may know of them. */
export interface RuleParameters {
  readonly parameters: readonly Tensor[];
  readonly names: readonly string[];
  readonly kinds: readonly ParameterKind[];
  readonly stepsPerEpoch: number;
}

/** What a step gives to a rule. */
export interface StepMaterials {
  /** What the rule transforms: the gradients, or what something before it has made of them. */
  readonly updates: readonly Tensor[];
  /** The minibatch's loss and its gradients. */
  readonly loss: Tensor;
  readonly gradients: readonly Tensor[];
}

/** What a rule's `init` may look at. */
export function initContext(
  recorder: StepRecorder,
  { names, kinds, stepsPerEpoch }: Omit<RuleParameters, 'parameters'>,
): InitContext {
  return { names, kinds, stepsPerEpoch, random: recorder.random.bind(recorder) };
}

/** What a rule's `update` may look at and ask for; the recorder keeps what it has asked for. */
export function updateContext<S>(
  recorder: StepRecorder,
  rule: RuleParameters,
  { loss, gradients }: Omit<StepMaterials, 'updates'>,
  { state, learningRate }: { readonly state: S; readonly learningRate: Tensor | null },
): UpdateContext<S> {
  const { lossAt, gradientsAt, hessianVectorProduct } = symbolicMinibatch(
    loss,
    rule.parameters,
    gradients,
    recorder.counts,
  );
  return {
    ...initContext(recorder, rule),
    state,
    parameters: rule.parameters,
    loss,
    step: recorder.scalar((t) => t),
    learningRate,
    scalar: recorder.scalar.bind(recorder),
    when: recorder.when.bind(recorder),
    onHost: recorder.onHost.bind(recorder),
    log: (name, scalar, per = 'epoch') => recorder.log(name, scalar, per),
    lossAt,
    gradientsAt,
    hessianVectorProduct,
  };
}
