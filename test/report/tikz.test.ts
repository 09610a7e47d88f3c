import { describe, expect, test } from 'vitest';
import { COMPARISON_FIGURES, type ComparisonFigure, DEFAULT_OPTIONS } from '../../src/report/figures/index.js';
import { toTikz } from '../../src/report/figures/rendering/tikz/tikz.js';
import { CASES, ordinary } from './figure-cases.js';

const paper = { width: 468, fontSize: 8, dataFile: 'figure.tikz.csv' } as const;
const kinds = Object.keys(COMPARISON_FIGURES) as ComparisonFigure[];

/** The columns of a CSV file of numbers by name, without what fills them up. */
function columnsOf(csv: string): Map<string, number[]> {
  const [head = '', ...lines] = csv.trim().split('\n');
  const cells = lines.map((line) => line.split(','));
  for (const row of cells) for (const cell of row) expect(cell).toMatch(/^(nan|-?\d+(\.\d+)?(e[+-]?\d+)?)$/);
  return new Map(
    head.split(',').map((name, index) => [
      name,
      cells
        .map((row) => row[index] ?? '')
        .filter((cell) => cell !== 'nan')
        .map(Number),
    ]),
  );
}

/** What LaTeX would stumble over, whatever it reads: groups and environments that do not close, letters without a glyph. */
function expectWellFormed(tex: string): void {
  const code = tex.replace(/^%.*$/gm, '').replace(/\\[\\{}%&#$_]/g, '');
  let depth = 0;
  for (const letter of code) {
    if (letter === '{') depth++;
    if (letter === '}') depth--;
    expect(depth).toBeGreaterThanOrEqual(0);
  }
  expect(depth).toBe(0);
  expect((code.match(/\$/g) ?? []).length % 2).toBe(0);
  for (const name of ['tikzpicture', 'groupplot']) {
    expect(code.split(`\\begin{${name}}`)).toHaveLength(2);
    expect(code.split(`\\end{${name}}`)).toHaveLength(2);
  }
  expect(/[^\n\x20-\x7eÀ-ÿ]|[#&]|(?<!\\addplot.*)\^\^/.exec(code)?.[0]).toBeUndefined();
}

describe.each(['ordinary', 'hostile names'])('%s', (name) => {
  const comparison = (CASES[name] ?? ordinary)();
  test.each(kinds)('%s: every column that the picture names is in its data, and the other way round', async (kind) => {
    const figure = COMPARISON_FIGURES[kind](comparison, { ...DEFAULT_OPTIONS, seeds: name === 'ordinary' });
    const { tex, csv } = await toTikz(figure, paper);
    expectWellFormed(tex);
    const named = [...tex.matchAll(/(?:[xy]|meta)=([A-Z]+[a-z]+)\b/g)].map(([, column = '']) => column);
    expect([...new Set(named)].sort()).toEqual(csv === '' ? [] : [...columnsOf(csv).keys()].sort());
    expect(tex.includes('pgfplotstableread')).toBe(csv !== '');
    expect(tex).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });
});

test('curves: the numbers of the figure, with every digit, and a panel and a legend entry for each', async () => {
  const figure = COMPARISON_FIGURES['learning-curves'](ordinary(), DEFAULT_OPTIONS);
  const { tex, csv } = await toTikz(figure, paper);
  expect(tex.match(/\\nextgroupplot/g)).toHaveLength(2);
  expect(tex).toContain('PreconditionedSGD (n = 2, 1 diverged)');
  expect(tex).toContain('title={mnist\\_logreg}');
  expect(tex).toContain('95 \\% interval of the mean');
  const columns = columnsOf(csv);
  for (const optimizer of ['Momentum', 'SGD (others)']) {
    const points = figure.records.filter((row) => row.optimizer === optimizer && row.testproblem === 'mnist_logreg');
    const [, own = ''] = tex.split(`% ${optimizer}\n\\addplot[color`);
    const [, x = '', y = ''] = /table\[x=(\w+), y=(\w+)\]/.exec(own) ?? [];
    expect(columns.get(x)).toEqual(points.filter((row) => 'value' in row).map(({ epochs }) => epochs));
    expect(columns.get(y)).toEqual(points.filter((row) => 'value' in row).map(({ value }) => value));
  }
});

test('a run that diverged stands at the bad edge; a seed is a line of its own', async () => {
  const figure = COMPARISON_FIGURES['learning-curves'](ordinary(), { ...DEFAULT_OPTIONS, seeds: true });
  const { tex, csv } = await toTikz(figure, paper);
  const [, x = '', y = ''] = /mark=x,.*table\[x=(\w+), y=(\w+)\]/.exec(tex) ?? [];
  const least = Number(/ymin=([-\d.e]+)/.exec(tex)?.[1]);
  expect([columnsOf(csv).get(x), columnsOf(csv).get(y)]).toEqual([[1], [least]]);
  expect(tex).toContain('unbounded coords=jump');
});
