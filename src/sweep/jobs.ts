import { availableParallelism } from 'node:os';
import { checkBoundedByCores } from '../bounded-by-cores.js';
import { ConfigurationError } from '../errors.js';
import { observationColumns } from '../optimizer/index.js';
import { configurationVersion } from '../results/index.js';
import { inWords, leastMemory, memoryLimit, resolveConfiguration } from '../run/index.js';
import { option, say, switchedOff } from '../words.js';
import type { Plan } from './plan.js';
import { atPlace } from './plan-errors.js';
import type { PlannedRun } from './planned-runs.js';

/**
 * Throws ConfigurationError for a number of runs at the same time that cannot help here. Runs are processes of a hundred
 * megabytes and more: far more of them than cores only take memory from each other. 32 are always accepted: a plan may have
 * been made for a larger machine, and runs may wait for a slow disk.
 */
export function checkJobs(jobs: number, cores = availableParallelism()): void {
  checkBoundedByCores(jobs, { option: 'jobs', perCore: 4, fewest: 32 }, cores);
}

/**
 * What the command line says of jobs or threads, else the plan, else undefined, after a check, whose error names the line of the
 * plan where that states it.
 */
export function statedResource(
  plan: Plan,
  name: 'jobs' | 'threads',
  stated: number | undefined,
  check: (value: number) => void,
): number | undefined {
  const value = stated ?? plan.resources[name];
  try {
    if (value !== undefined) check(value);
  } catch (error) {
    throw stated === undefined ? atPlace(error, plan.source.place(['resources', name])) : error;
  }
  return value;
}

/**
 * Throws ConfigurationError where so many of the runs together need more memory than there is, and says how many fit. Of runs that
 * are different the largest count, since they may come together; one that does not fit alone is left to its own check.
 */
export async function checkMemoryOfJobs(
  runs: readonly PlannedRun[],
  jobs: number,
  { bytes, whose } = memoryLimit(),
): Promise<void> {
  if (jobs < 2) return;
  const needs = (await memoryOf(runs)).filter((need) => need <= bytes).sort((left, right) => right - left);
  let needed = 0;
  let fitting = 0;
  for (const need of needs.slice(0, jobs)) {
    needed += need;
    if (needed <= bytes) fitting += 1;
  }
  if (needed <= bytes) return;
  throw new ConfigurationError({
    subject: option('jobs', jobs),
    found: `${inWords(bytes)}, ${whose}`,
    expected: `at least ${inWords(needed)} for so many of these runs at the same time`,
    remedy: say`${option('jobs', fitting)} fits, ${switchedOff('resource_check', 'checkResources')} runs anyway`,
  });
}

/** What each run needs at least. A plan's runs differ in little that matters for memory, so few of them are looked at. */
async function memoryOf(runs: readonly PlannedRun[]): Promise<number[]> {
  const known = new Map<string, number>();
  const needs: number[] = [];
  for (const { request, configuration } of runs) {
    const { testproblem, batchSize, optimizer } = configuration;
    const key = JSON.stringify([
      ...[
        testproblem,
        request.testproblem,
        configurationVersion(configuration),
        batchSize,
        optimizer.name,
        observationColumns(optimizer.hyperparameters),
      ],
    ]);
    const need = known.get(key) ?? leastMemory(await resolveConfiguration(request));
    known.set(key, need);
    needs.push(need);
  }
  return needs;
}
