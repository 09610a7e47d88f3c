export { measuredEpoch } from './measured-epochs.js';
export { type QueuedRun, slurmQueue } from './queue.js';
export type { RerunChain, SlurmOptions } from './script-context.js';
export { type SlurmFile, slurmScripts } from './scripts.js';
export { maxArraySize } from './site.js';
export { ASSUMED_EPOCH, checkTaskTime, type EpochEstimate, inHours, secondsOfRun } from './time-limit.js';
