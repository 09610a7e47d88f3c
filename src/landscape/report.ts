import { z } from 'zod';

/** Version of the layout of what `probprec curvature --json` prints. */
export const CURVATURE_VERSION = 1;

const number = z.number().nullable();
const count = z.int().nonnegative();

const estimateSchema = z.strictObject({
  value: number,
  /** Null of a single probe. */
  standard_error: number,
  degrees_of_freedom: count,
});

const eigenvalueSchema = z.strictObject({
  value: number,
  /** ‖Hy − θy‖: some eigenvalue is at most this far away. */
  residual: number,
  /** What is not converged is an approximation and no eigenvalue. */
  converged: z.boolean(),
});

/** Far beyond what a network has, and far enough from where squares and ranges overflow. */
const ritzValue = z.number().min(-1e150).max(1e150);

const quadratureSchema = z
  .strictObject({ values: z.array(ritzValue).min(1), weights: z.array(z.number().nonnegative()) })
  .refine(({ values, weights }) => values.length === weights.length, { error: 'a weight for each value' });

const blockSchema = z.strictObject({
  name: z.string(),
  /** Number of parameters. */
  size: count,
  largest: z.array(eigenvalueSchema),
  smallest: eigenvalueSchema,
  /** λ₁ / λ_min; null where the smallest value is not positive, or not known to 1 %. */
  condition_number: number.optional(),
  trace: estimateSchema,
  /** ‖H‖_F². */
  squared_frobenius: estimateSchema,
  effective_rank: number,
  /** Eigenvalues above these parts of the largest one. */
  above: z.array(z.strictObject({ fraction: z.number(), count: estimateSchema })),
  /** By the largest gap; null where no two values could be compared. */
  outliers: z.strictObject({ count, gap: number, next: number, next_converged: z.boolean() }).nullable(),
  /** λ₁ / λ_{k+1}: what is left when the k largest eigenvalues are taken out perfectly; converged ones only. */
  deflated: z.array(z.strictObject({ rank: count, ratio: number })),
  /** ‖UᵀV‖² / k of the space of the `rank` largest eigenvectors with that of the point before; null without one. */
  overlap_with_previous: z.strictObject({ rank: count, value: number }).nullable(),
  /** The same with the first point's; null at the first one. */
  overlap_with_first: z.strictObject({ rank: count, value: number }).nullable().optional(),
  /** α of the block's own part of the gradients and products, and times its λ₁; null without minibatches for it. */
  alpha: number.optional(),
  alpha_lambda1: number.optional(),
  /** σ of the spectral density that these Ritz values allow. */
  resolution: number,
  /** Ritz values and weights of each Lanczos run: everything that a density is made of. */
  quadratures: z.array(quadratureSchema).min(1),
  products: count,
  seconds: z.number().nonnegative(),
});

const stepSizeSchema = z.strictObject({
  /** Minibatches that it is measured on. */
  batches: count,
  /** Σ gᵀHg / Σ ‖Hg‖². */
  alpha: number,
  /** Σ gᵀHg / Σ ‖g‖². */
  gradient_curvature: number,
  /** α λ₁: gradient descent with step size α is stable on a quadratic below 2. */
  alpha_lambda1: number,
  /** √(mean ‖gᵢ − ḡ‖²) / ‖ḡ‖ over the minibatches. */
  gradient_noise: number,
  /** √(mean ‖(Hᵢ − H̄)ḡ‖²) / ‖H̄ḡ‖ over the minibatches. */
  product_noise: number,
});

const scoreSchema = z.strictObject({
  /** (observed − expected) / √(deviation² + variance between minibatches). */
  z: number,
  /** uᵀHv of a fresh minibatch. */
  observed: number,
  /** uᵀB̂v. */
  expected: number,
  /** √Var(uᵀBv). */
  deviation: number,
});

const posteriorSchema = z.strictObject({
  /** Products that the posterior is made of, and minibatches that its scalars are measured on. */
  observations: count,
  batches: count,
  alpha: number,
  w: number,
  /** As published, and from the scatter of products of one vector. */
  lambda: number,
  scatter: number,
  scores: z.array(
    z.strictObject({
      /** Which noise the posterior has. */
      lambda: z.enum(['published', 'scatter']),
      /** u = v, the gradient of a fresh minibatch; or u at a right angle to it. */
      along: z.array(scoreSchema),
      across: z.array(scoreSchema),
    }),
  ),
});

/** What a preconditioner P makes of the matrix H: √P H √P, which has the eigenvalues of P H. */
const preconditionedSchema = z.strictObject({
  /** `own`, or the estimator. */
  name: z.string(),
  /** The rank that was asked for, and the directions of all blocks that P changes. */
  rank: count,
  directions: count,
  largest: z.array(eigenvalueSchema),
  smallest: eigenvalueSchema,
  condition_number: number,
  /** λ₁ of H over λ₁ of √P H √P: by so much a step may be longer. */
  fall: number,
  /** ‖Uv‖² of each of the largest eigenvectors v of H that is converged: 1 where it lies in the span of P's directions. */
  shares: z.array(number),
  /** η of the steps with P, and η λ₁ of √P H √P. */
  learning_rate: number,
  eta_lambda1: number,
  /** What the estimate took; null of a preconditioner that the training held. */
  estimate: z.strictObject({ minibatches: count, gradients: count, products: count, losses: count }).nullable(),
  /** Of Lanczos' method. */
  products: count,
  seconds: z.number().nonnegative(),
});

const pointSchema = z.strictObject({
  /** Steps since the initial parameters. */
  step: count,
  /** Epochs that are finished. */
  epoch: count,
  /** Mean over the minibatches of the matrix, the L2 term included. */
  loss: number,
  gradient_norm: number,
  /** gᵀHg / gᵀg and the cosine with the first eigenvector; null where the blocks are not the whole. */
  gradient_curvature: number,
  cos_gradient_v1: number,
  learning_rate: number,
  /** η λ₁, and the largest stable step of gradient descent on a quadratic. */
  eta_lambda1: number,
  two_over_lambda1: number,
  step_size: stepSizeSchema.nullable(),
  /** Where it is asked for; null where α is no step size. */
  posterior: posteriorSchema.nullable().optional(),
  blocks: z.array(blockSchema),
  /** Where it is asked for. */
  preconditioned: z.array(preconditionedSchema).optional(),
  products: count,
  gradients: count,
  seconds: z.number().nonnegative(),
});

/** What `probprec curvature --json` prints. Numbers that are not finite are null. */
export const curvatureReportSchema = z.strictObject({
  kind: z.literal('probprec curvature'),
  curvature_version: z.literal(CURVATURE_VERSION),
  suite_version: z.string(),
  testproblem: z.string(),
  /** Where there is something to choose. */
  variant: z.string().nullable(),
  init: z.string().nullable(),
  parameters: count,
  /** Classes of the labels; null where there are none. */
  classes: count.nullable(),
  matrix: z.enum(['hessian', 'gauss-newton']),
  mode: z.enum(['train', 'eval']),
  by: z.enum(['layer', 'group', 'all']),
  l2_reg: z.number().nullable(),
  seed: count,
  data: z.strictObject({ source: z.string(), verified: z.boolean(), split: z.enum(['train', 'valid']) }),
  batch_size: z.int().positive(),
  /** Minibatches over whose mean loss the matrix is taken, and their examples of so many. */
  batches: count,
  examples: count,
  of_examples: count,
  lanczos_steps: count,
  probes: count,
  trace_probes: count,
  trace_method: z.enum(['hutchinson', 'hutch++']),
  /** The relative residual up to which a value is an eigenvalue. */
  tolerance: z.number(),
  /** What trained to the points; null where only initial parameters were looked at. */
  optimizer: z.strictObject({ name: z.string(), hyperparameters: z.record(z.string(), z.json()) }).nullable(),
  engine: z.strictObject({ name: z.string(), device: z.string(), threads: count }),
  /** False where it was interrupted, or training diverged: the points so far. */
  complete: z.boolean(),
  points: z.array(pointSchema),
});

/** A measurement of curvature at some points. */
export type CurvatureReport = z.infer<typeof curvatureReportSchema>;

/** What was measured at a point. */
export type PointReport = CurvatureReport['points'][number];

/** What was measured of a block of parameters. */
export type BlockReport = PointReport['blocks'][number];

/** A value of Lanczos' method. */
export type EigenvalueReport = BlockReport['smallest'];

/** What a preconditioner makes of the matrix at a point. */
export type PreconditionedReport = NonNullable<PointReport['preconditioned']>[number];

/** A condition number is said where the residual of the smallest value is at most this part of it. */
export const CONDITION_TOLERANCE = 0.01;

/** λ₁ / λ_min; null where one is not converged, or the smallest one is not positive or not known well enough. */
export function conditionNumber(largest: EigenvalueReport | undefined, smallest: EigenvalueReport): number | null {
  const { value, residual, converged } = smallest;
  if (largest?.value == null || !largest.converged || !converged || value === null || residual === null) return null;
  return residual <= CONDITION_TOLERANCE * value ? finite(largest.value / value) : null;
}

/** A number, or null where it is not finite. */
export function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
