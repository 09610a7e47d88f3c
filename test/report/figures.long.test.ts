import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logger, None } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Comparison, compare } from '../../src/analysis/index.js';
import {
  COMPARISON_FIGURES,
  type ComparisonFigure,
  DEFAULT_OPTIONS,
  type Figure,
  measuredRuntime,
  quantities,
} from '../../src/report/figures/index.js';
import { figureCsv, figureFile } from '../../src/report/figures/rendering/files.js';
import { measureText } from '../../src/report/figures/rendering/font.js';
import { toPdf } from '../../src/report/figures/rendering/pdf.js';
import { withOutlines } from '../../src/report/figures/rendering/png.js';
import { drawFigure, drawSpec } from '../../src/report/figures/rendering/svg.js';
import { comparisonJson } from '../../src/report/index.js';
import { exampleRuns } from '../analysis/example.js';
import { CASES, HOSTILE, ordinary } from './figure-cases.js';

const kinds = Object.keys(COMPARISON_FIGURES) as ComparisonFigure[];
const paper = { width: 468, fontSize: 8, dpi: 150, outlines: false } as const;

/** A folder for the pictures, for people who want to look at them. */
const pictures = process.env.PROBPREC_FIGURES_DIR;

async function look(name: string, figure: Figure): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  writeFileSync(join(pictures, `${name}.png`), await figureFile(figure, 'png', paper));
}

describe.each(Object.keys(CASES))('%s', (name) => {
  let comparison: Comparison;
  beforeAll(() => {
    comparison = (CASES[name] ?? ordinary)();
  });

  test.each(kinds)('%s is drawn within its width, or has nothing to draw', async (kind) => {
    const figure = COMPARISON_FIGURES[kind](comparison, DEFAULT_OPTIONS);
    if (figure.records.length === 0) {
      expect(['sensitivity', 'heatmap', 'best-of-k', 'differences', 'profiles', 'runtime']).toContain(kind);
      return;
    }
    const { svg, width, height, spec } = await drawFigure(figure, paper);
    expect(width).toBeGreaterThan(200);
    expect(width).toBeLessThan(paper.width + 8);
    expect(height).toBeGreaterThan(50);
    expect(/NaN|Infinity|undefined/.exec(svg)?.[0]).toBeUndefined();
    expect(spec.$schema).toBe('https://vega.github.io/schema/vega-lite/v6.json');
    await look(`${name} ${kind}`, figure);
  });
});

describe('the numbers of a figure are those of compare --format json', () => {
  const json = () => JSON.parse(comparisonJson(ordinary()));

  test('learning curves', () => {
    const { records } = COMPARISON_FIGURES['learning-curves'](ordinary(), DEFAULT_OPTIONS);
    const [table] = json().tables;
    expect(table.testproblem).toBe('mnist_logreg');
    for (const row of table.rows) {
      const label = row.origin === 'results' ? row.name : `${row.name} (${row.origin})`;
      const points = records.filter(
        (record) => record.optimizer === label && record.testproblem === 'mnist_logreg' && 'value' in record,
      );
      const curve = row.detail.curves.test_accuracies;
      expect(points.map(({ epochs, value, low, high, n }) => [epochs, value, low, high, n])).toEqual(
        curve.map(
          (point: { epoch: number; mean: number; n: number; interval: { low: number; high: number } | null }) => [
            point.epoch,
            point.mean,
            point.interval?.low ?? null,
            point.interval?.high ?? null,
            point.n,
          ],
        ),
      );
      expect(curve.at(-1).mean).toBe(row.final.mean);
      expect(curve.at(-1).interval).toEqual(row.interval);
      expect(curve.at(-1).n).toBe(row.final.n);
    }
  });

  test('finals, differences and profiles', () => {
    const { tables, profiles } = json();
    const finals = COMPARISON_FIGURES.finals(ordinary(), DEFAULT_OPTIONS).records.filter(({ seed }) => seed === null);
    const rows = tables.flatMap((table: { rows: object[] }) => table.rows);
    expect(finals.map(({ value, low, high }) => [value, low, high])).toEqual(
      rows.map((row: { final: { mean: number }; interval: { low: number; high: number } | null }) => [
        row.final.mean,
        row.interval?.low ?? null,
        row.interval?.high ?? null,
      ]),
    );
    const differences = COMPARISON_FIGURES.differences(ordinary(), DEFAULT_OPTIONS).records;
    const paired = rows.flatMap((row: { difference: object | null }) => row.difference ?? []);
    expect(paired.length).toBeGreaterThan(0);
    expect(
      differences.filter(({ seed }) => seed === null).map(({ difference, p_holm }) => [difference, p_holm]),
    ).toEqual(paired.map(({ mean, holm_p }: { mean: number; holm_p: number }) => [mean, holm_p]));
    expect(differences.filter(({ seed }) => seed !== null).map(({ difference }) => difference)).toEqual(
      paired.flatMap(({ values }: { values: number[] }) => values),
    );
    expect(profiles).toHaveLength(3);
    const { description } = COMPARISON_FIGURES.profiles(ordinary(), DEFAULT_OPTIONS);
    for (const { score } of profiles) expect(description).toContain(`score ${score.toFixed(3)}`);
  });

  test('eight seeds: the last band of the curve is the bootstrap interval of the table', () => {
    const comparison = compare(exampleRuns([0.8, 0.81, 0.82, 0.85, 0.86, 0.87, 0.9, 0.93]), { details: true });
    const [row] = comparison.tables[0]?.rows ?? [];
    expect(row?.interval?.method).toBe('bootstrap-t');
    expect(row?.detail?.curves.test_accuracies?.at(-1)?.interval).toEqual(row?.interval);
  });
});

test('diverged runs are in the legend and marked, and no number stands for them', async () => {
  const figure = COMPARISON_FIGURES['learning-curves'](ordinary(), DEFAULT_OPTIONS);
  expect(figure.records.filter(({ state }) => state === 'diverged')).toEqual([
    {
      testproblem: 'mnist_logreg',
      metric: 'test_accuracies',
      optimizer: 'PreconditionedSGD',
      epochs: 1,
      seed: 50,
      state: 'diverged',
    },
  ]);
  const { svg } = await drawFigure(figure, paper);
  expect(svg).toContain('PreconditionedSGD (n = 2, 1 diverged)');
  expect(svg).toContain('95 % interval');
  const sensitivity = COMPARISON_FIGURES.sensitivity(ordinary(), DEFAULT_OPTIONS).records;
  const lost = sensitivity.filter(({ x }) => x === 1);
  expect(lost).toHaveLength(6);
  expect(lost.every(({ value }) => value === null)).toBe(true);
});

test('over gradient equivalents: what the run files count, a product for two gradients and a loss for a third', () => {
  const counted = (optimizer: string, evaluations: { gradients: number; products: number; losses: number }) =>
    exampleRuns([0.8, 0.82], { optimizer, evaluations });
  const comparison = compare(
    [
      ...counted('SGD', { gradients: 100, products: 0, losses: 0 }),
      ...counted('Newton', { gradients: 100, products: 40, losses: 30 }),
      ...exampleRuns([0.8], { optimizer: 'Unknown' }),
    ],
    { details: true, targets: { mnist_logreg: 0.79 } },
  );
  const options = { ...DEFAULT_OPTIONS, over: 'gradients' } as const;
  const { records, caption } = COMPARISON_FIGURES['learning-curves'](comparison, options);
  const of = (name: string) => records.filter(({ optimizer }) => optimizer === name).map(({ gradients }) => gradients);
  expect(of('SGD')).toEqual([0, 50, 100]);
  expect(of('Newton')).toEqual([0, 95, 190]);
  expect(of('Unknown')).toEqual([]);
  expect(caption.join()).toContain('a Hessian-vector product 2');
  const target = COMPARISON_FIGURES['time-to-target'](comparison, options).records;
  const reached = target.filter(({ optimizer, share }) => optimizer === 'Newton' && share === 1);
  expect(reached[0]?.gradients).toBe(190);
  expect(target.filter(({ optimizer }) => optimizer === 'Unknown')).toEqual([]);
});

test('baselines are dashed, own results solid', async () => {
  const { spec } = await drawFigure(COMPARISON_FIGURES['learning-curves'](ordinary(), DEFAULT_OPTIONS), paper);
  const text = JSON.stringify(spec);
  const scale =
    /"field":"key","type":"nominal","scale":(\{"domain":\[[^\]]*\],"range":\[\[.*?\]\]\})/.exec(text)?.[1] ?? '{}';
  const { domain, range } = JSON.parse(scale) as { domain: string[]; range: number[][] };
  expect(domain).toContain('SGD (others)');
  for (const [index, name] of domain.entries()) expect((range[index] ?? []).length > 0).toBe(name === 'SGD (others)');
});

test('names are data: no expression of the drawn specification has a part of one', () => {
  const comparison = (CASES['hostile names'] ?? ordinary)();
  const layout = {
    width: 468,
    panelWidth: 200,
    legendWidth: 400,
    fontSize: 8,
    measure: measureText,
    ink: '#222222',
    grid: '#cccccc',
  };
  for (const kind of kinds) {
    const figure = COMPARISON_FIGURES[kind](comparison, DEFAULT_OPTIONS);
    const { spec } = compile(figure.draw(layout) as unknown as TopLevelSpec, { logger: logger(None) });
    const expressions: string[] = [];
    JSON.stringify(spec, (key, value) => {
      if (/^(signal|expr|update|test|init|events|href|url)$/.test(key) && typeof value === 'string')
        expressions.push(value);
      return value;
    });
    const suspicious = /alert|script|img|momentum|Optimizer|aaaa|u202e|[^\x20-\x7e]/;
    expect(expressions.filter((text) => suspicious.test(text))).toEqual([]);
    expect(figure.records.length === 0 || expressions.length > 0).toBe(true);
  }
});

test('hostile names are text in an SVG', async () => {
  const comparison = (CASES['hostile names'] ?? ordinary)();
  const svg = String(await figureFile(COMPARISON_FIGURES.finals(comparison, DEFAULT_OPTIONS), 'svg', paper));
  expect(svg).not.toMatch(/<img|<script/);
  expect(svg).toContain('&lt;img');
  expect(HOSTILE.length).toBe(9);
});

describe('files', () => {
  const figure = () => COMPARISON_FIGURES.finals(ordinary(), DEFAULT_OPTIONS);

  test('PNG has the pixels of its width', async () => {
    const png = Buffer.from(await figureFile(figure(), 'png', paper));
    expect(png.toString('latin1', 1, 4)).toBe('PNG');
    expect(Math.abs(png.readUInt32BE(16) - (468 * 150) / 72)).toBeLessThan(4);
  });

  test('PDF is one page of vectors with a title, the same every time', async () => {
    const pdf = Buffer.from(await figureFile(figure(), 'pdf', paper));
    const text = pdf.toString('latin1');
    expect(text.startsWith('%PDF-1.4')).toBe(true);
    expect(text).toMatch(/\/MediaBox \[0 0 46\d(\.\d+)? \d+(\.\d+)?\]/);
    expect(text).not.toContain('/Font');
    expect(Number(/startxref\n(\d+)/.exec(text)?.[1])).toBe(text.indexOf('xref\n0 6'));
    expect(Buffer.from(await figureFile(figure(), 'pdf', paper)).equals(pdf)).toBe(true);
  });

  test('a drawing becomes the operators that the specification of PDF names', () => {
    const svg = withOutlines(
      '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="20"><path d="M1,2L3,4" stroke="#ff0000" stroke-width="2" stroke-dasharray="1 2" fill="none"/></svg>',
    );
    const pdf = Buffer.from(toPdf(svg, { width: 10, height: 20, title: 'λ' }));
    expect(pdf.toString('latin1')).toContain('/Title <FEFF03BB>');
    expect(pdf.toString('latin1')).toContain('/MediaBox [0 0 10 20]');
  });

  test('the specification alone draws the same picture', async () => {
    const spec = JSON.parse(String(await figureFile(figure(), 'json', paper)));
    const { svg } = await drawFigure(figure(), paper);
    expect((await drawSpec(spec)).svg.length).toBeGreaterThan(svg.length * 0.95);
  });

  test('the data are in long form, with every digit', () => {
    const [header, first] = figureCsv(figure()).split('\n');
    expect(header).toBe('testproblem,metric,optimizer,seed,value,low,high,state');
    const [record] = figure().records;
    expect(first?.split(',')[4]).toBe(String(record?.value));
  });
});

test('quantities: a line for each run, events marked', async () => {
  const figure = quantities(
    [42, 43].map((seed) => ({
      testproblem: 'mnist_mlp',
      optimizer: 'PreconditionedSGD',
      seed,
      points: [0, 1, 2].map((epoch) => ({
        quantity: 'alpha',
        where: 'all',
        epoch,
        step: epoch * 10,
        value: 0.1 * (epoch + 1),
      })),
      events: [{ event: 'drift', where: 'all', reason: 'it departs', epoch: 1.5, step: 15 }],
    })),
    DEFAULT_OPTIONS,
  );
  expect(figure.records).toHaveLength(6);
  const { svg } = await drawFigure(figure, paper);
  expect(svg).toContain('all (n = 2)');
  expect(svg).toContain('event: restart');
  await look('quantities', figure);
});

test('run times from a file of probprec runtime: ratios with intervals, a diverged optimizer marked', async () => {
  const measure = (ratio: object | null) => [
    { scope: 'whole', clock: 'wall', seconds: [2, 2.2], ratio: ratio as never },
  ];
  const figure = measuredRuntime({
    testproblem: 'mnist_mlp',
    batch_size: 128,
    num_epochs: 5,
    repeats: 2,
    reference: 'sgd',
    method: 'how',
    optimizers: [
      { class_name: 'SGD', diverged: null, measures: measure(null) },
      {
        class_name: 'Adam',
        diverged: null,
        measures: measure({ values: [1.1, 1.3], mean: 1.2, median: 1.2, interval: [1.05, 1.4] }),
      },
      { class_name: 'Bad', diverged: 'the loss is not finite', measures: [] },
    ],
  });
  expect(figure.records).toContainEqual({
    measure: 'wall time, whole run (sgd = 1)',
    optimizer: 'Adam',
    repeat: null,
    value: 1.2,
    low: 1.05,
    high: 1.4,
  });
  const { svg } = await drawFigure(figure, paper);
  expect(svg).toContain('Bad (diverged)');
  await look('runtime measured', figure);
});

test('names of 60 characters leave the panels of a column most of their width, and n in one piece', async () => {
  const names = ['a', 'b'].map((letter) => letter.repeat(60));
  const runs = names.flatMap((optimizer, index) => exampleRuns([0.8, 0.82 + index / 50, 0.84], { optimizer }));
  for (const kind of ['differences', 'finals', 'runtime'] as const) {
    const figure = COMPARISON_FIGURES[kind](compare(runs, { details: true }), DEFAULT_OPTIONS);
    const { spec, width } = await drawFigure(figure, { width: 234, fontSize: 8 });
    expect(width).toBeLessThan(242);
    const [{ concat }] = spec.vconcat as [{ concat: readonly { width: number }[] }];
    for (const panel of concat) expect(panel.width).toBeGreaterThan(100);
    expect(JSON.stringify(spec)).toContain('n = 3');
  }
});
