import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CurvatureReport, curvatureReportSchema, type PointReport } from '../../src/landscape/index.js';
import { CURVATURE_FIGURES, type CurvatureFigure } from '../../src/report/figures/index.js';
import { figureFile } from '../../src/report/figures/rendering/files.js';
import { drawFigure } from '../../src/report/figures/rendering/svg.js';

const paper = { width: 468, fontSize: 8, dpi: 150, outlines: false } as const;
const pictures = process.env.PROBPREC_FIGURES_DIR;

const estimate = { value: 3, standard_error: 0.5, degrees_of_freedom: 3 };

/** A block whose eigenvalues are `scale` times 9, 8, …, 1 and 0.1; the last of the largest ones is not converged. */
function block(name: string, scale: number, overlap: number | null): PointReport['blocks'][number] {
  const values = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0.1].map((value) => value * scale);
  return {
    name,
    size: 1000,
    largest: values.map((value, index) => ({ value, residual: 1e-6, converged: index < 9 })),
    smallest: { value: -scale, residual: 1e-3, converged: true },
    trace: estimate,
    squared_frobenius: estimate,
    effective_rank: 2,
    above: [{ fraction: 0.1, count: estimate }],
    outliers: { count: 9, gap: 10, next: 0.1 * scale, next_converged: false },
    deflated: [{ rank: 1, ratio: 9 / 8 }],
    alpha: 0.25 / scale,
    overlap_with_previous: overlap === null ? null : { rank: 9, value: overlap },
    resolution: 0.3,
    quadratures: [{ values: [-scale, ...values], weights: values.map(() => 1 / 11).concat(1 / 11) }],
    products: 70,
    seconds: 1,
  };
}

function point(step: number, names: readonly string[]): PointReport {
  const scale = 1 + step / 100;
  return {
    step,
    epoch: 0,
    loss: 1,
    gradient_norm: 1,
    gradient_curvature: 2,
    cos_gradient_v1: 0.5,
    learning_rate: 0.1,
    eta_lambda1: 0.9 * scale,
    two_over_lambda1: 2 / (9 * scale),
    step_size: {
      batches: 10,
      alpha: 0.15 / scale,
      gradient_curvature: 2,
      alpha_lambda1: 1.35,
      gradient_noise: 1,
      product_noise: 1,
    },
    blocks: names.map((name) => block(name, scale, step === 0 ? null : 0.8)),
    products: 100,
    gradients: 10,
    seconds: 1,
  };
}

/** Scores of a posterior that is too sure of itself by the factor of its λ. */
function posterior(): NonNullable<PointReport['posterior']> {
  const scores = (factor: number) =>
    [-1.5, 0.5, 1, -0.2].map((z) => ({ z: factor * z, observed: 1, expected: 2, deviation: 3 }));
  return {
    observations: 10,
    batches: 10,
    alpha: 0.1,
    w: 1,
    lambda: 1,
    scatter: 0.1,
    scores: [
      { lambda: 'published', along: scores(1), across: scores(2) },
      { lambda: 'scatter', along: scores(3), across: scores(4).map((score) => ({ ...score, z: null })) },
    ],
  };
}

function report(names: readonly string[], steps: readonly number[]): CurvatureReport {
  return curvatureReportSchema.parse({
    kind: 'probprec curvature',
    curvature_version: 1,
    suite_version: '0',
    testproblem: 'mnist_mlp',
    variant: null,
    init: null,
    parameters: 1000,
    classes: 10,
    matrix: 'hessian',
    mode: 'train',
    by: names.length > 1 ? 'layer' : 'all',
    l2_reg: null,
    seed: 42,
    data: { source: 'real', verified: true, split: 'train' },
    batch_size: 128,
    batches: 1,
    examples: 128,
    of_examples: 50_000,
    lanczos_steps: 60,
    probes: 1,
    trace_probes: 4,
    trace_method: 'hutchinson',
    tolerance: 1e-3,
    optimizer: { name: 'sgd', hyperparameters: { lr: 0.1 } },
    engine: { name: 'onnxruntime', device: 'cpu', threads: 1 },
    complete: true,
    points: steps.map((step) => point(step, names)),
  });
}

function withPosterior(measured: CurvatureReport): CurvatureReport {
  return { ...measured, points: measured.points.map((own) => ({ ...own, posterior: posterior() })) };
}

function withPreconditioner(measured: CurvatureReport): CurvatureReport {
  const eigenvalue = (value: number) => ({ value, residual: 1e-6, converged: true });
  const own = (name: string, rank: number) => ({
    name,
    rank,
    directions: rank,
    largest: [2, 1.5].map(eigenvalue),
    smallest: eigenvalue(-1),
    condition_number: null,
    fall: 4.5,
    shares: [1, 0.5],
    learning_rate: 0.1,
    eta_lambda1: 0.2,
    estimate: { minibatches: 30, gradients: 30, products: 30, losses: 0 },
    products: 60,
    seconds: 1,
  });
  const preconditioned = [own('paper', 2), own('krylov', 9)];
  return curvatureReportSchema.parse({
    ...measured,
    points: measured.points.map((point) => ({ ...point, preconditioned })),
  });
}

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
