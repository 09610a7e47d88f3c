export { scalarFault } from './check-hyperparameters.js';
export { checkTransformation } from './check-transformation.js';
export { definePreconditioner, type PreconditionerDefinition } from './curvature/define-preconditioner.js';
export * from './define-optimizer.js';
export * from './hyperparameters.js';
export {
  isOptimizerFile,
  type LoadedOptimizer,
  loadOptimizer,
  loadOptimizerAndSource,
  optimizerNames,
} from './registry.js';
export { type OptimizerSource, optimizerSource, optimizerVersion } from './source-identity.js';
export * from './training.js';
export { type TrainingRandom, TrainingStreams } from './training-random.js';
export {
  chain,
  type Setting,
  type State,
  stateless,
  type Transformation,
  type UpdateContext,
} from './transformation.js';
export * from './transformations/add-decayed-weights.js';
export * from './transformations/scale-by-adam.js';
export * from './transformations/scale-by-learning-rate.js';
export * from './transformations/trace.js';
