import { type CurvatureReport, curvatureReportSchema, type PointReport } from '../../src/landscape/index.js';

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

/** A measurement of these blocks at these steps. */
export function report(names: readonly string[], steps: readonly number[]): CurvatureReport {
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

/** The same with a posterior at every point. */
export function withPosterior(measured: CurvatureReport): CurvatureReport {
  return { ...measured, points: measured.points.map((own) => ({ ...own, posterior: posterior() })) };
}

/** The same with two preconditioners at every point. */
export function withPreconditioner(measured: CurvatureReport): CurvatureReport {
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
