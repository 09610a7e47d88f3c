import { availableParallelism } from 'node:os';
import { ConfigurationError } from '../errors.js';

/** Runs are processes of a hundred megabytes and more: far more of them than cores only take memory from each other. */
const JOBS_PER_CORE = 4;
/** So many are always accepted: a plan may have been made for a larger machine, and runs may wait for a slow disk. */
const FEWEST_JOBS = 32;

/** Throws ConfigurationError for a number of runs at the same time that cannot help here. */
export function checkJobs(jobs: number, cores = availableParallelism()): void {
  const most = Math.max(FEWEST_JOBS, JOBS_PER_CORE * cores);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= most) return;
  throw new ConfigurationError(
    `--jobs: found ${jobs}, expected a whole number from 1 to ${most}; this process may use ${cores} ${cores === 1 ? 'core' : 'cores'}`,
  );
}
