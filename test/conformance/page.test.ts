import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DEVIATIONS } from '../../src/conformance/deviations.js';
import { drawnByRule, drawnL2Term, expectedL2Term } from '../../src/conformance/initial-values.js';
import { measurementsFolder, readMeasured } from '../../src/conformance/measured.js';
import { conformancePage } from '../../src/conformance/page.js';
import { spreadOf, standardErrorsApart } from '../../src/conformance/spread.js';
import { STATED } from '../../src/conformance/stated.js';
import { FileError } from '../../src/errors.js';
import { loadTestProblem, testProblemNames } from '../../src/testproblem/index.js';
import { loadedCommand } from '../cli/loaded-command.js';

const measured = readMeasured(measurementsFolder());

test('docs/conformance.md is what the command prints', async () => {
  const committed = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8');
  expect(`${await conformancePage()}\n`).toBe(committed);
});

describe.each(STATED)('$name', ({ name, batchSize, numEpochs, l2Reg, lines }) => {
  test('has DeepOBS’ parameters, settings and expected L2 term', async () => {
    const problem = await loadTestProblem(name);
    expect(problem.defaults.batchSize).toBe(batchSize ?? problem.defaults.batchSize);
    expect(problem.defaults.numEpochs).toBe(numEpochs ?? problem.defaults.numEpochs);
    expect(problem.defaults.l2Reg).toBe(l2Reg);
    for (const [variant, line] of Object.entries(lines)) {
      const own = problem.choose({ variant: variant === 'tf' ? 'tf' : 'pytorch' });
      expect(own.parameterCount).toBe(line.parameters);
      const decimals = line.l2Term?.split('.')[1]?.length ?? 0;
      if (line.l2Term !== null) expect(expectedL2Term(own, line.initial).toFixed(decimals)).toBe(line.l2Term);
    }
  });
});

test.each(['mnist_logreg', 'svhn_3c3d', 'quadratic_deep', 'tolstoi_char_rnn', 'two_d_beale'])(
  '%s: what is stored is what is drawn',
  async (name) => {
    const rows = measured.beforeTraining.initial.filter(({ testproblem }) => testproblem === name);
    expect(rows.length).toBeGreaterThan(0);
    for (const { variant, seed, rules } of rows) {
      const problem = (await loadTestProblem(name)).choose(variant === null ? {} : { variant });
      const { lines } = STATED.find((stated) => stated.name === name) ?? {};
      const initial = (lines?.[variant ?? 'pytorch'] ?? lines?.tf)?.initial;
      expect(initial && drawnByRule(problem, initial, seed)).toEqual(rules);
      const terms = measured.beforeTraining.l2_terms.find((row) => row.testproblem === name && row.variant === variant);
      if (problem.defaults.l2Reg !== null) expect(drawnL2Term(problem, 42)).toBe(terms?.terms[0]);
    }
  },
);

test.each(measured.twoD.rows.map((row) => ({ ...row, title: `${row.testproblem}, ${row.optimizer}` })))(
  '$title: runs end where a second implementation ends',
  ({ testproblem, optimizer, lr, n, epochs, mean, std }) => {
    const runs = measured.curves.runs.filter((run) => run.testproblem === testproblem && run.optimizer === optimizer);
    expect(runs.map(({ hyperparameters }) => hyperparameters.lr)).toEqual([lr, lr, lr, lr, lr]);
    for (const [index, epoch] of epochs.entries()) {
      const here = spreadOf(runs.map(({ test_losses }) => test_losses[epoch] ?? Number.NaN));
      const [expected, spread] = [mean[index] ?? Number.NaN, std[index] ?? Number.NaN];
      // Five standard errors of a mean of five beside one of forty, and what single precision loses over 10,000 steps.
      const tolerance = 5 * spread * Math.sqrt(1 / runs.length + 1 / n) + 1e-5 * expected;
      expect(Math.abs(here.mean - expected), `after ${epoch} epochs`).toBeLessThan(tolerance);
    }
  },
);

test('what is drawn has the scale and the shape that DeepOBS states', () => {
  const off = measured.beforeTraining.initial.flatMap(({ testproblem, rules }) =>
    rules
      .filter(({ scale, kurtosis, largest, rule, numbers }) => {
        if (scale === null || kurtosis === null) return largest > 1e-7;
        const [stated, bound] = rule.includes('uniform')
          ? [1.8, 1.7321]
          : rule.includes('trunc')
            ? [2.3655, 2.2737]
            : [3, 9];
        // Four standard errors of an estimate from so many numbers.
        const allowed = 4 * Math.sqrt(24 / numbers);
        return Math.abs(scale - 1) > allowed || Math.abs(kurtosis - stated) > allowed || largest > bound;
      })
      .map(({ rule }) => `${testproblem}: ${rule}`),
  );
  expect(off).toEqual([]);
});

test('losses before training lie within four standard errors of the published ones', async () => {
  const page = await conformancePage();
  const section = page.slice(page.indexOf('## Loss before training'), page.indexOf('## Learning curves'));
  const apart = section.split('\n').flatMap((line) => {
    const cell = line.split(' | ')[4] ?? '';
    return /^-?[\d.]+$/.test(cell) ? [Number(cell)] : [];
  });
  expect(apart.length).toBeGreaterThan(0);
  expect(apart.filter((errors) => Math.abs(errors) > 4)).toEqual([]);
});

test('the distance of two means in standard errors', () => {
  const [one, other] = [spreadOf([1, 2, 3, 4]), spreadOf([2, 4, 6, 8])];
  // Sample variances 5/3 and 20/3 over four numbers each, by hand.
  expect(standardErrorsApart(one, other)).toBeCloseTo(-2.5 / Math.sqrt(25 / 12), 12);
  expect(standardErrorsApart(spreadOf([1, 1]), spreadOf([2, 2]))).toBeNull();
});

test('deviations are of test problems that there are', () => {
  const known = testProblemNames();
  const named = DEVIATIONS.flatMap(({ testproblems }) => (testproblems === 'all' ? [] : testproblems));
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

test('a measurement that is not as its script writes it is named', () => {
  expect(() => readMeasured(new URL('../../src', import.meta.url).pathname)).toThrow(FileError);
});

test.each([
  { args: ['optimizers'], found: 'the list of optimizers' },
  { args: ['testproblems', './mine.js'], found: 'the argument "./mine.js"' },
  { args: ['testproblems', '--json'], found: '--json' },
])('list $args --conformance: one line', async ({ args, found }) => {
  const { code, stderr, stdout } = await loadedCommand(['list', ...args, '--conformance']);
  expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
  expect(stderr).toContain(`--conformance: found ${found}, expected `);
});
