export { checkTransformation } from './check-transformation.js';
export { definePreconditioner, type PreconditionerDefinition } from './curvature/define-preconditioner.js';
export { observationColumns } from './curvature/settings.js';
export * from './define-optimizer.js';
export { defineWrapper, type WrapperDefinition, wrapOptimizer } from './define-wrapper.js';
export * from './evaluation-counts.js';
export * from './host/define-host-optimizer.js';
export * from './host/host-rule.js';
export type { Minibatch } from './host/minibatch.js';
export type { Vector, VectorAlgebra } from './host/vectors.js';
export type { HostFunction, HostTensor } from './host-function.js';
export * from './hyperparameters.js';
/** Small dense matrices on the host: `linearAlgebra.power`, `linearAlgebra.qr`, … */
export * as linearAlgebra from './linear-algebra.js';
export { optimizerFileOf, parseOptimizer, withOptimizerFile, writeOptimizer } from './optimizer-expression.js';
export {
  OPTIMIZER_GROUPS,
  type OptimizerGroup,
  type OptimizerProfile,
  type WrapperProfile,
} from './profile.js';
export {
  loadOptimizer,
  loadOptimizerAndSource,
  loadWrapper,
  optimizerNames,
  optimizerOfClass,
  wrapperNames,
} from './registry.js';
export * from './training.js';
export type { TrainingRandom } from './training-random.js';
export * from './training-task.js';
export {
  chain,
  type Setting,
  type State,
  stateful,
  stateless,
  type Transformation,
  type Update,
} from './transformation.js';
export * from './transformations/add-decayed-weights.js';
export * from './transformations/average-parameters.js';
export * from './transformations/clip-by-global-norm.js';
export * from './transformations/clip-by-value.js';
export * from './transformations/decay-weights.js';
export * from './transformations/elementwise.js';
export * from './transformations/lookahead.js';
export * from './transformations/masked.js';
export * from './transformations/scale-by-adam.js';
export * from './transformations/scale-by-learning-rate.js';
export * from './transformations/scale-by-trust-ratio.js';
export * from './transformations/trace.js';
export type { InitContext, LossAndGradients, ProbeDistribution, UpdateContext } from './update-context.js';
