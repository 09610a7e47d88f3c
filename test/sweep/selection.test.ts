import { expect, test } from 'vitest';
import { parseCondition } from '../../src/condition.js';
import { plannedRuns, planOf, selectRuns } from '../../src/sweep/index.js';
import type { PlannedState, PlannedStatus } from '../../src/sweep/status.js';

const text = `
testproblems: [quadratic_deep, mnist_logreg]
optimizers:
  - { name: sgd, settings: { lr: [0.1, 0.01] } }
  - { name: adaptive-sgd }
seeds: 42-43
options: { data: synthetic, synthetic_size: 300 }
`;
const runs = await plannedRuns(planOf('plan.yaml', text));
const STATES: readonly PlannedState[] = ['completed', 'failed', 'missing'];
const statuses = runs.map(
  (run, index): PlannedStatus => ({
    run,
    state: STATES[index % 3] ?? 'missing',
    path: null,
    epoch: null,
    reason: null,
    fault: null,
  }),
);

function selected(...conditions: string[]): number[] {
  const parsed = conditions.map((text) => parseCondition(text) ?? (['', ''] as const));
  return selectRuns(statuses, parsed, '--only').map(({ run }) => run.index);
}

// Two test problems, in each sgd with two rates and adaptive-sgd, in each two seeds: 12 runs.
test.each<[string[], number[]]>([
  [[], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
  [
    ['optimizer=sgd', 'testproblem=mnist_logreg'],
    [6, 7, 8, 9],
  ],
  [['optimizer=AdaptiveSGD'], [4, 5, 10, 11]],
  // Several values of one name are alternatives, with commas or as conditions of their own.
  [
    ['lr=0.1,1e-2', 'testproblem=quadratic_deep'],
    [0, 1, 2, 3],
  ],
  [
    ['lr=1e-1', 'lr=0.01', 'seed=43'],
    [1, 3, 7, 9],
  ],
  // AdaptiveSGD has a rate for the first epoch, which nobody gave.
  [['lr=null'], [4, 5, 10, 11]],
  [
    ['seed=42-43', 'state=failed'],
    [1, 4, 7, 10],
  ],
  [
    ['state=failed,missing', 'optimizer=sgd'],
    [1, 2, 7, 8],
  ],
])('%j selects the runs %j', (conditions, indices) => {
  expect(selected(...conditions)).toEqual(indices);
});

test.each([
  ['optimzer=sgd', /^--only: found the name "optimzer", expected one of .*did you mean optimizer\?/],
  ['momentum=0.9', /^--only: found the name "momentum", expected one of testproblem, optimizer, seed, state, lr/],
  ['state=done', /^--only state=done: found "done", expected one of completed, diverged, /],
  ['seed=x', /^--only seed=x: found "x", expected seeds from 0/],
  ['lr=7', /^--only lr=7: no run of the plan matches$/],
])('%s is refused in one line', (condition, message) => {
  expect(() => selected(condition)).toThrow(message);
});
