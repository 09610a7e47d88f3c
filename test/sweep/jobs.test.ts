import { describe, expect, test } from 'vitest';
import { leastMemory, resolveConfiguration } from '../../src/run/index.js';
import { checkJobs, checkMemoryOfJobs, statedResource } from '../../src/sweep/jobs.js';
import { planOf } from '../../src/sweep/plan.js';
import { plannedRuns } from '../../src/sweep/planned-runs.js';

const PLAN = `testproblems: [mnist_logreg, mnist_2c2d]
optimizers: { name: sgd, settings: { lr: [0.1, 0.2] } }
seeds: 1-3
options: { data: synthetic, synthetic_size: 600, batch_size: 100 }
resources: { jobs: 400, threads: 300 }
`;

describe('the memory of runs at the same time', () => {
  const whose = 'the memory of this machine';

  test('is that of the largest ones together, and what fits is said', async () => {
    const runs = await plannedRuns(planOf('plan.yaml', PLAN));
    const [small = 0, large = 0] = await Promise.all(
      [runs[0], runs[6]]
        .flatMap((run) => run ?? [])
        .map(async ({ request }) => leastMemory(await resolveConfiguration(request))),
    );
    expect(large).toBeGreaterThan(small);
    await checkMemoryOfJobs(runs, 8, { bytes: 6 * large + 2 * small, whose });
    await expect(checkMemoryOfJobs(runs, 8, { bytes: 6 * large + 2 * small - 1, whose })).rejects.toThrow(
      /^jobs 8: found \d\.\d GB, the memory of this machine, expected at least \d\.\d GB for so many of these runs at the same time; jobs 7 fits, checkResources: false runs anyway$/,
    );
    // One at a time is looked at by the run itself, and so is one that does not fit at all.
    await checkMemoryOfJobs(runs, 1, { bytes: 1, whose });
    await checkMemoryOfJobs(runs, 8, { bytes: 1, whose });
  });
});

test('a number of the plan that cannot help here is named with its line', () => {
  const plan = planOf('plan.yaml', PLAN);
  expect(() => statedResource(plan, 'jobs', undefined, (jobs) => checkJobs(jobs, 2))).toThrow(
    'plan.yaml:5: jobs: found 400, expected a whole number from 1 to 32',
  );
  expect(() => statedResource(plan, 'jobs', 400, (jobs) => checkJobs(jobs, 2))).toThrow(/^jobs: found 400/);
  expect(statedResource(plan, 'threads', 2, () => undefined)).toBe(2);
});
