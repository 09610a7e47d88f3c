import { describe, test } from 'vitest';
import { expectGoldenRun, goldenRuns } from './golden-runs.js';

describe.each(Object.entries(goldenRuns))('%s has the numbers that it always had', (testproblem, runs) => {
  test.each(Object.keys(runs))('with %s', (optimizer) => expectGoldenRun(testproblem, optimizer), 120_000);
});
