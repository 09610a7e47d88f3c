import { availableParallelism } from 'node:os';
import { checkBoundedByCores } from '../bounded-by-cores.js';

/**
 * Throws ConfigurationError for a number of runs at the same time that cannot help here. Runs are processes of a hundred
 * megabytes and more: far more of them than cores only take memory from each other. 32 are always accepted: a plan may have
 * been made for a larger machine, and runs may wait for a slow disk.
 */
export function checkJobs(jobs: number, cores = availableParallelism()): void {
  checkBoundedByCores(jobs, { option: '--jobs', perCore: 4, fewest: 32 }, cores);
}
