import { expect, test } from 'vitest';
import { expectGoldenRun, goldenRuns } from './golden-runs.js';

test('the table has nine test problems and twelve optimizers', () => {
  expect(Object.values(goldenRuns).map((row) => Object.keys(row).length)).toEqual(Array(9).fill(12));
});

// The others train at night (golden-runs.nightly.test.ts): these take a second or two together.
test.each(['sgd', 'adam', 'adaptive-sgd', 'preconditioned-sgd', 'preconditioned-tuned-sgd'])(
  'quadratic_deep with %s has the numbers that it always had',
  (optimizer) => expectGoldenRun('quadratic_deep', optimizer),
);
test.each(['nesterov', 'preconditioned-sgd'])('mnist_logreg with %s, too', (optimizer) =>
  expectGoldenRun('mnist_logreg', optimizer),
);
