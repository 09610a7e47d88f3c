import { describe, expect, test } from 'vitest';
import { compare } from '../../src/analysis/index.js';
import {
  comparisonColumns,
  comparisonCsv,
  comparisonJson,
  comparisonLatex,
  comparisonMarkdown,
} from '../../src/report/index.js';
import { divergedRun, exampleRun, exampleRuns, lossCurves } from '../analysis/example.js';

const runs = [
  ...exampleRuns([0.8, 0.82, 0.84]),
  divergedRun({ seed: 50 }),
  ...exampleRuns([0.85, 0.86, 0.87], {
    optimizer: 'My_Adam',
    hyperparameters: { lr: 0.11288378916846883, beta_1: 0.9 },
  }),
];
const comparison = compare(runs, { targets: { mnist_logreg: 0.83 } });

describe('the formats of a comparison', () => {
  test('columns as texts; those without content are left out', () => {
    const [table] = comparison.tables;
    if (table === undefined) throw new Error('no table');
    expect(comparisonColumns(table)).toMatchSnapshot();
    const [plain] = compare([exampleRun({ curves: lossCurves([3, 2, 0.000012345]), timing: null })]).tables;
    if (plain === undefined) throw new Error('no table');
    expect(comparisonColumns(plain)).toMatchObject({
      header: ['optimizer', 'setting', 'runs', 'mean ± std', 'best (epoch)'],
      rows: [['SGD', 'lr 0.1', '1', '0.00001234', '0.00001234 (2)']],
    });
  });

  test('markdown', () => expect(comparisonMarkdown(comparison)).toMatchSnapshot());
  test('latex', () => expect(comparisonLatex(comparison)).toMatchSnapshot());

  test('csv has every number in full and quotes what needs it', () => {
    const [header = '', first = '', ...rest] = comparisonCsv(comparison).split('\n');
    expect(rest).toHaveLength(1);
    expect(header.split(',').slice(0, 5)).toEqual(['testproblem', 'conditions', 'metric', 'optimizer', 'from']);
    expect(first).toContain('"2 epochs, batch size 128, real data, protocol probprec"');
    expect(first).toContain('"{""lr"":0.11288378916846883,""beta_1"":0.9}"');
    expect(first.match(/"(?:[^"]|"")*"|[^,]+|(?<=,)(?=,)/g)?.length).toBeGreaterThan(30);
  });

  test('json is strict and has snake_case keys; hyperparameters keep their names', () => {
    const content = JSON.parse(comparisonJson(comparison));
    expect(content.tables[0].rows[0]).toMatchObject({
      optimizer: 'My_Adam',
      hyperparameters: { lr: 0.11288378916846883, beta_1: 0.9 },
      final: { sample_std: expect.closeTo(0.01, 6) },
      difference: { p_value: 0.25, holm_p: 0.25, smallest_possible: 0.25, method: 'sign-flip exact' },
      target: { reached: 3, missed: 0, median_epoch: 2 },
    });
  });
});
