import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CURVATURE_FIGURES, type CurvatureFigure } from '../../src/report/figures/index.js';
import { figureFile } from '../../src/report/figures/rendering/files.js';
import { drawFigure } from '../../src/report/figures/rendering/svg.js';
import { report, withPosterior, withPreconditioner } from './curvature-report.js';

const paper = { width: 468, fontSize: 8, dpi: 150, outlines: false } as const;
const pictures = process.env.PROBPREC_FIGURES_DIR;

const kinds = Object.keys(CURVATURE_FIGURES) as CurvatureFigure[];
const cases = {
  along: withPosterior(report(['all'], [0, 100, 200])),
  single: report(['all'], [0]),
  preconditioned: withPreconditioner(report(['all'], [0])),
  layers: report(['dense1.weight', '<script>"&', 'ü'.repeat(60)], [0, 50]),
};

describe.each(Object.entries(cases))('%s', (name, measured) => {
  test.each(kinds)('%s is drawn within its width, or has nothing to draw', async (kind) => {
    const figure = CURVATURE_FIGURES[kind](measured);
    if (figure.records.length === 0) {
      expect([
        ['along', 'curvature-blocks'],
        ['single', 'curvature-blocks'],
        ['preconditioned', 'curvature-blocks'],
        ['single', 'overlap'],
        ['preconditioned', 'overlap'],
        ['preconditioned', 'calibration'],
        ['layers', 'edge-of-stability'],
        ['single', 'calibration'],
        ['layers', 'calibration'],
      ]).toContainEqual([name, kind]);
      return;
    }
    const { svg, width, height } = await drawFigure(figure, paper);
    expect(width).toBeGreaterThan(200);
    expect(width).toBeLessThan(paper.width + 8);
    expect(height).toBeGreaterThan(50);
    expect(/NaN|Infinity|undefined|<script/.exec(svg)?.[0]).toBeUndefined();
    if (pictures !== undefined) {
      mkdirSync(pictures, { recursive: true });
      writeFileSync(join(pictures, `curvature ${name} ${kind}.png`), await figureFile(figure, 'png', paper));
    }
  });
});

test('every caption says what trained the network', () => {
  const drawn = kinds.flatMap((kind) => Object.values(cases).map((measured) => CURVATURE_FIGURES[kind](measured)));
  for (const { caption } of drawn) expect(caption[0]).toMatch(/^.* seed \d+, trained by sgd$/);
});

test('what is drawn is what was measured', () => {
  const values = (kind: CurvatureFigure, of: string) =>
    CURVATURE_FIGURES[kind](cases.along)
      .records.filter((record) => record.of === of)
      .map(({ x, y }) => [x, y]);
  expect(values('edge-of-stability', 'λ₁')).toEqual([
    [0, 9],
    [100, 18],
    [200, 27],
  ]);
  expect(values('edge-of-stability', '2/η')).toEqual([
    [0, 20],
    [100, 20],
    [200, 20],
  ]);
  expect(values('scree', 'step 100').slice(0, 2)).toEqual([
    [1, 18],
    [2, 16],
  ]);
  expect(CURVATURE_FIGURES.scree(cases.along).records.filter(({ hollow }) => hollow === 1)).toHaveLength(3);
  const beside = CURVATURE_FIGURES.scree(cases.preconditioned).records;
  const of = (key: string) => beside.filter((record) => record.of === key).map(({ x, y }) => [x, y]);
  expect(of('no preconditioner').slice(0, 2)).toEqual([
    [1, 9],
    [2, 8],
  ]);
  expect(of('P of krylov, rank 9')).toEqual([
    [1, 2],
    [2, 1.5],
  ]);
  const blocks = CURVATURE_FIGURES['curvature-blocks'](cases.layers).records;
  expect(blocks).toHaveLength(6);
  expect(blocks[3]).toEqual({ step: 50, block: 'dense1.weight', lambda1: 13.5, two_over_alpha: 12 });
  expect(CURVATURE_FIGURES.overlap(cases.along).records.map(({ x, y }) => [x, y])).toEqual([
    [100, 0.8],
    [200, 0.8],
  ]);
  // Sorted, against the quantiles at 1/8, 3/8, 5/8 and 7/8; scores that are not finite are not drawn.
  const along = values('calibration', 'step 0, λ from scatter');
  expect(along.map(([, y]) => y)).toEqual([-4.5, -0.6, 1.5, 3].map((y) => expect.closeTo(y, 9)));
  expect(along.map(([x]) => x)).toEqual([-1.15035, -0.31864, 0.31864, 1.15035].map((x) => expect.closeTo(x, 4)));
  expect(values('calibration', 'step 0, λ as published')).toHaveLength(8);
});
