export { type FoundCheckpoint, readCheckpointHeader } from './checkpoint.js';
export type { CheckpointHeader } from './checkpoint-header.js';
export * from './configuration.js';
export { type Crash, readCrash, writeCrash } from './crash.js';
export type { Measurement, RunEvent } from './events.js';
export {
  findKeptParameters,
  type KeepParameters,
  type KeptParameters,
  loadKeptParameters,
} from './kept-parameters.js';
export { readRunLock } from './lock.js';
export { describeHolder, type LockHolder } from './lock-file.js';
export { markPruned } from './mark-pruned.js';
export type { MinibatchValues } from './minibatch-values.js';
export { QUANTITY_NAMES, type QuantityName } from './observers/names.js';
export { type ObservationRequest, parseObservations } from './observers/schedule.js';
export { runPlace } from './place.js';
export {
  type Examples,
  networkProblem,
  openProblem,
  type ParameterArrays,
  type ProblemFunctions,
} from './problem-functions.js';
export { inWords, leastMemory, memoryLimit } from './resources.js';
export { executeRun } from './run.js';
export type { RunOptions, RunOutcome } from './run-attempt.js';
export { filesOfRun, moveRun, type RunFileSet, removeRun } from './run-files.js';
