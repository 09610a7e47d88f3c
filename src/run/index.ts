export { type CheckpointHeader, checkpointPath, readCheckpointHeader } from './checkpoint.js';
export * from './configuration.js';
export { type Crash, crashPath, readCrash, writeCrash } from './crash.js';
export type { Measurement, RunEvent } from './events.js';
export { type LockHolder, readRunLock, runLockPath } from './lock.js';
export type { MinibatchValues } from './minibatch-values.js';
export {
  type Examples,
  networkProblem,
  openProblem,
  type ParameterArrays,
  type ProblemFunctions,
} from './problem-functions.js';
export { executeRun, type RunOptions, type RunOutcome } from './run.js';
