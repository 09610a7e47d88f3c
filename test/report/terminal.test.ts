import { describe, expect, test } from 'vitest';
import { quantitiesOf } from '../../src/analysis/index.js';
import { curveText } from '../../src/report/terminal/curve-text.js';
import { runList } from '../../src/report/terminal/run-list.js';
import { runText } from '../../src/report/terminal/run-text.js';
import { rangeOf, sparkline } from '../../src/report/terminal/sparkline.js';
import { curves, exampleRun } from '../analysis/example.js';
import { CASES, diverged, HOSTILE } from './figure-cases.js';

const style = (width: number) => ({ width, heading: (text: string) => text });
const line = (values: readonly (number | null)[], width = 40) => sparkline(values, width, rangeOf(values));

describe('sparklines', () => {
  test('eight heights from the least to the largest value', () => {
    expect(line([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
    expect(line([7, 0])).toBe('█▁');
    expect(line([3, 3])).toBe('▅▅');
  });

  test('a wide range is logarithmic, and what is not finite is marked and in no mean', () => {
    expect(line([1, 10, 100])).toBe('▁▅█');
    expect(line([1, 2, null, Number.NaN])).toBe('▁█××');
    expect(line([null, null])).toBe('××');
    expect(line([])).toBe('');
  });

  test('more values than characters: means of neighbours, and a lost value is not averaged away', () => {
    const values: (number | null)[] = Array.from({ length: 100 }, (_, index) => index);
    expect(line(values, 8)).toBe('▁▂▃▄▅▆▇█');
    values[99] = null;
    expect(line(values, 8)).toBe('▁▂▃▄▅▆▇×');
  });
});

describe('one run in the terminal', () => {
  const log = [
    { groups: [{ name: 'all', step: 3, alpha: 0.5, sigma: { [HOSTILE[0]]: [2, 1] } }] },
    { groups: [{ name: 'all', step: 3, alpha: 0.25 }], events: [{ step: 4, event: 'restart', reason: HOSTILE[3] }] },
  ];

  test.each([80, 40])('curves and quantities within %i columns', (width) => {
    const run = exampleRun({ curves: curves([0.1, 0.7, 0.6]), hyperparameters: { lr: 0.1, momentum: null } });
    const lines = runText(run, quantitiesOf(log, 25), style(width));
    const text = lines.join('\n');
    expect(text).toContain('completed, 2 of 2 epochs');
    expect(text).toContain('hyperparameters: lr 0.1\n');
    expect(lines.find((each) => each.startsWith('test accuracies'))).toMatch(/0\.6 +.?▁█.$/u);
    expect(lines.find((each) => each.startsWith('alpha (all)'))).toContain('0.25  █▁');
    expect(text.replaceAll('\n  ', ' ')).toContain('1 × restart (ריצה \\u202eabc');
    if (width === 80) {
      expect(lines.find((each) => each.startsWith('test accuracies'))).toContain('0.7 (1)');
      const own = lines.filter((each) => !each.includes(HOSTILE[0]) && !each.startsWith('file'));
      expect(own.filter((each) => [...each].length > width)).toEqual([]);
    }
  });

  test('a diverged run says where and why', () => {
    const text = runText(diverged({}), { points: [], events: [] }, style(80)).join('\n');
    expect(text).toContain('diverged, 1 of 2 epochs and 3 steps: the loss is not finite');
  });
});

test.each([80, 200])('a list of runs of any name in %i columns has a line for each', (width) => {
  const runs = [exampleRun({ seed: 42 }), diverged({ seed: 43 }), exampleRun({ optimizer: HOSTILE[5], seed: 44 })];
  const lines = runList(runs, null, style(width));
  expect(lines.filter((each) => /completed|diverged/.test(each))).toHaveLength(3);
  expect(lines.join('')).not.toContain('\u001b');
});

test('last accuracies of a list have the same decimals, losses four digits', () => {
  const runs = [exampleRun({ curves: curves([0.1, 0.875]) }), exampleRun({ curves: curves([0.1, 0.91661]) })];
  expect(runList(runs, null, style(200)).join('\n')).toMatch(/ 0\.8750 .* 0\.9166 /s);
  expect(runList(runs, 'test_losses', style(200)).join('\n')).toMatch(/ 0\.125 .* 0\.08339 /s);
});

test.each([20, 40, 63])('a list of runs with long names fits %i columns and leaves out no run', (width) => {
  const name = 'a'.repeat(60);
  const runs = [exampleRun({ seed: 42 }), exampleRun({ optimizer: name, testproblem: name, seed: 43 })];
  const lines = runList(runs, null, style(width)).flatMap((each) => each.split('\n'));
  for (const each of lines) expect([...each].length).toBeLessThanOrEqual(width);
  expect(lines.join(' ')).toMatch(/42\b.*43\b/);
});

test('the curves of a comparison stand on one scale', () => {
  const [table] = CASES['one optimizer']?.().tables ?? [];
  if (table === undefined) throw new Error('found no table');
  const lines = curveText(table, style(60));
  expect(lines[0]).toMatch(/^mean test accuracies over epochs, 0\.\d+ to 0\.\d+$/);
  expect(lines).toHaveLength(table.rows.length + 2);
  expect(lines.filter((each) => [...each].length > 60)).toEqual([]);
});
