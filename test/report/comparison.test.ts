import { describe, expect, test } from 'vitest';
import { compare } from '../../src/analysis/index.js';
import {
  comparisonColumns,
  comparisonCsv,
  comparisonJson,
  comparisonLatex,
  comparisonMarkdown,
  comparisonText,
  layoutTable,
  type TableChoice,
  wrapText,
} from '../../src/report/index.js';
import { numberFormat } from '../../src/report/numbers.js';
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
    const { marked, ...texts } = comparisonColumns(table);
    expect({ ...texts, marked: [...marked] }).toMatchSnapshot();
    const [plain] = compare([exampleRun({ curves: lossCurves([3, 2, 0.000012345]), timing: null })]).tables;
    if (plain === undefined) throw new Error('no table');
    expect(comparisonColumns(plain)).toMatchObject({
      columns: ['optimizer', 'setting', 'runs', 'mean ± std', 'best (epoch)'].map((title) => ({ title })),
      rows: [['SGD', 'lr 0.1', '1', '1.234e-5', '1.234e-5 (2)']],
    });
  });

  test('markdown', () => expect(comparisonMarkdown(comparison)).toMatchSnapshot());
  test('latex', () => expect(comparisonLatex(comparison)).toMatchSnapshot());

  test('chosen columns in the order that was asked for, and several metrics side by side', () => {
    const [table] = compare(runs, { targets: { mnist_logreg: 0.83 }, details: true }).tables;
    if (table === undefined) throw new Error('no table');
    const choice = {
      columns: ['runs', 'optimizer', 'mean', 'interval'],
      metrics: ['test_losses', 'test_accuracies'],
    } as const satisfies TableChoice;
    const { columns, rows, marked } = comparisonColumns(table, choice);
    expect(columns.map(({ title }) => title)).toEqual([
      'runs',
      'optimizer',
      'test losses, mean ± std',
      'test losses, 95 % interval',
      'test accuracies, mean ± std',
      'test accuracies, 95 % interval',
    ]);
    const [row] = table.rows;
    const last = row?.detail?.curves.test_losses?.at(-1);
    expect(Number(rows[0]?.[2]?.split(' ')[0])).toBeCloseTo(last?.mean ?? Number.NaN, 2);
    expect(rows[0]?.slice(4)).toEqual(['0.8600 ± 0.0100', '[0.8352, 0.8848]']);
    // The intervals [0.8352, 0.8848] and [0.7703, 0.8697] overlap.
    expect([...marked].filter((place) => place.endsWith(':4'))).toEqual(['0:4', '1:4']);
    const latex = comparisonLatex({ tables: [table], profiles: [] }, choice);
    expect(latex).toContain('\\begin{tabular}{rlrrrr}');
    expect(latex).toContain('n = 3 completed runs (seeds), 1 diverged.');
    expect(latex.match(/\\textbf/g)).toHaveLength(marked.size);
  });

  test('a mean whose interval lies apart from that of the best is not marked, nor is a table of one row', () => {
    const apart = [
      ...exampleRuns([0.8, 0.81, 0.82]),
      ...exampleRuns([0.95, 0.951, 0.952], { optimizer: 'Best' }),
      ...exampleRuns([0.953], { optimizer: 'Single' }),
    ];
    const marks = (optimizers: readonly string[]) => {
      const [table] = compare(apart, { optimizers }).tables;
      if (table === undefined) throw new Error('no table');
      const { marked, columns, rows } = comparisonColumns(table);
      return [...marked].map((place) => {
        const [row, column] = place.split(':').map(Number);
        expect(columns[column ?? 0]?.title).toBe('mean ± std');
        return rows[row ?? 0]?.[0];
      });
    };
    expect(marks(['SGD', 'Best'])).toEqual(['Best']);
    expect(marks(['SGD'])).toEqual([]);
    // Of one run nothing is known but its value.
    expect(marks(['SGD', 'Best', 'Single'])).toEqual(['Single']);
  });

  test('csv has the columns with the names that were asked for', () => {
    const [header, first] = comparisonCsv(comparison, ['mean', 'optimizer']).split('\n');
    expect([header, first]).toEqual(['mean,optimizer', expect.stringMatching(/^0\.86\d*,My_Adam$/)]);
  });

  test('csv has every number in full and quotes what needs it', () => {
    const [header = '', first = '', ...rest] = comparisonCsv(comparison).split('\n');
    expect(rest).toHaveLength(1);
    expect(header.split(',').slice(0, 5)).toEqual(['testproblem', 'conditions', 'metric', 'optimizer', 'name']);
    expect(first).toContain('"2 epochs, batch size 128, real data, protocol probprec"');
    expect(first).toContain('"{""lr"":0.11288378916846883,""beta_1"":0.9}"');
    expect(first.match(/"(?:[^"]|"")*"|[^,]+|(?<=,)(?=,)/g)?.length).toBeGreaterThan(30);
  });

  test('csv has the schedule in words, too', () => {
    const scheduled = exampleRun({ trainingParameters: { schedule: 'cosine', warmup: 0.05 } });
    const stepped = exampleRun({
      optimizer: 'Adam',
      trainingParameters: { lr_sched_epochs: [1], lr_sched_factors: [0.1] },
    });
    const [header = '', ...rows] = comparisonCsv(compare([scheduled, stepped])).split('\n');
    const place = header.split(',').indexOf('schedule');
    expect(place).toBeGreaterThan(0);
    expect(rows.join('\n')).toContain(',"cosine, 5 % warm-up",');
    expect(rows.join('\n')).toContain(',×0.1 from epoch 1,');
    // A constant rate has none.
    const [, constant = ''] = comparisonCsv(comparison).split('\n');
    expect(constant).toMatch(/\}",,\d/);
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

describe('texts of other people’s files', () => {
  const hostile =
    '\u001b[2J\u009b31m=HYPERLINK("x") <img src=x onerror=alert(1)>\n[click](javascript:alert(1)) a|b $x_1$ \u202eabc';
  const [table] = compare(exampleRuns([0.8, 0.9], { optimizer: hostile, testproblem: 'a\nb' })).tables;
  if (table === undefined) throw new Error('no table');
  const written = { tables: [table], profiles: [] };

  test('reach no terminal as control characters', () => {
    const lines = comparisonText(written, { width: 400, heading: (text) => text });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(lines.join()).toContain('\\u001b[2J');
  });

  test('are no markup in Markdown and LaTeX and no formula in CSV', () => {
    const markdown = comparisonMarkdown(written);
    expect(markdown).toContain('\\<img src=x onerror=alert(1)\\>');
    expect(markdown).toContain('[click\\](javascript:alert(1))');
    expect(markdown).toContain('a\\|b');
    const latex = comparisonLatex(written);
    expect(latex).toContain('\\$x\\_1\\$');
    expect(latex.split('\n').filter((line) => line.startsWith('% '))).toEqual([]);
    expect(latex).toContain('\\label{tab:a-b}');
    const own = comparisonLatex(written, {}, { label: 'tab:mine', caption: 'As in \\cite{a}.' });
    expect(own).toContain('\\caption{As in \\cite{a}.}\n\\label{tab:mine}\n');
    expect(
      own
        .split('\n')
        .filter((line) => line.startsWith('% '))
        .join('\n'),
    ).toContain('completed run');
    const formula = compare(exampleRuns([0.8], { optimizer: '=1+1' }));
    expect(comparisonCsv(formula).split('\n')[1]?.split(',')).toContain("'=1+1");
  });
});

describe('the layout of a table', () => {
  const columns = [
    { title: 'name', align: 'left', dropOrder: null, wraps: false },
    { title: 'setting', align: 'left', dropOrder: null, wraps: true },
    { title: 'mean', align: 'right', dropOrder: null, wraps: false },
    { title: 'first to go', align: 'right', dropOrder: 1, wraps: false },
  ] as const;
  const rows = [
    ['Adam', 'lr 0.1, momentum 0.9, scaling relative', '0.9', '1'],
    ['SGD', 'lr 1', '10.25', '2'],
  ];

  test('is as wide as its texts where there is room', () => {
    expect(layoutTable(columns, rows, 200)).toMatchObject({
      header: 'name  setting                                  mean  first to go',
      lines: [
        'Adam  lr 0.1, momentum 0.9, scaling relative    0.9            1',
        'SGD   lr 1                                    10.25            2',
      ],
      dropped: [],
    });
  });

  test('breaks a title behind an underscore before it breaks a name', () => {
    const metrics = [
      { title: 'setting', align: 'left', dropOrder: null, wraps: false },
      { title: 'valid_accuracies', align: 'right', dropOrder: null, wraps: false },
    ] as const;
    const laid = layoutTable(metrics, [['lr=0.048329', '0.9188']], 23);
    expect([...laid.header.split('\n'), ...laid.lines]).toEqual([
      'setting          valid_',
      '             accuracies',
      'lr=0.048329      0.9188',
    ]);
  });

  test('wraps first, then leaves columns out', () => {
    const { header, lines, dropped } = layoutTable(columns, rows, 40);
    expect(dropped).toEqual(['first to go']);
    expect([header, ...lines]).toEqual([
      'name  setting                       mean',
      'Adam  lr 0.1, momentum 0.9,          0.9',
      '      scaling relative',
      'SGD   lr 1                         10.25',
    ]);
  });

  test('then breaks names, and at last gives each row a paragraph: nothing is wider than asked for', () => {
    const { header, lines } = layoutTable(columns, rows, 24);
    expect([...header.split('\n'), ...lines]).toEqual([
      'name  setting       mean',
      'Adam  lr 0.1,        0.9',
      '      momentum',
      '      0.9,',
      '      scaling',
      '      relative',
      'SGD   lr 1         10.25',
    ]);
    expect(layoutTable(columns, rows, 20)).toMatchObject({
      header: 'name',
      lines: [
        'Adam',
        '  setting lr 0.1,',
        '  momentum 0.9,',
        '  scaling relative,',
        '  mean 0.9, first to',
        '  go 1',
        'SGD',
        '  setting lr 1, mean',
        '  10.25, first to go',
        '  2',
      ],
      dropped: [],
    });
    // What a row does not have, its paragraph does not say.
    expect(layoutTable(columns, [['SGD', '', '-', '2']], 16).lines).toEqual(['SGD', '  first to go 2']);
    for (let width = 12; width < 90; width++) {
      const laid = layoutTable(columns, rows, width);
      for (const line of [...laid.header.split('\n'), ...laid.lines]) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  test('wrapped text loses no character and keeps its indentation', () => {
    const text = `a bb ccc ${'x'.repeat(25)} d`;
    expect(wrapText(text, 10, '  ', '    ')).toEqual([
      '  a bb ccc',
      `    ${'x'.repeat(6)}`,
      ...Array(3).fill(`    ${'x'.repeat(6)}`),
      '    x d',
    ]);
    expect(wrapText('', 10)).toEqual(['']);
  });
});

test.each<[number | null, number | null, boolean, string]>([
  [0.924516, 0.000262, true, '0.92452'],
  [0.92, 0.0058, true, '0.9200'],
  [0.92, 0.058, true, '0.920'],
  [0.8405, null, true, '0.8405'],
  [0.8405, 0, true, '0.8405'],
  [0.78, 6e-17, true, '0.7800'],
  [38.456, 3.743, false, '38.5'],
  [39.575, null, false, '39.58'],
  [353.926, 0.00001, false, '353.926000'],
  [3.3175e31, 1e30, false, '3.318e+31'],
  [0.0000123, null, false, '1.230e-5'],
  [0, null, false, '0.000'],
])('%s with the standard error %s', (value, error, accuracy, text) => {
  expect(numberFormat(value, error, accuracy)(value ?? 0)).toBe(text);
});
