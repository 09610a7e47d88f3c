/** What can be observed along a training. */
export const QUANTITY_NAMES = [
  'lambda_max',
  'trace',
  'alpha_lambda',
  'eta_lambda',
  'gradient_norm',
  'gradient_noise',
  'gradient_curvature',
  'distance_from_start',
  'overlap',
] as const;

/** Something that can be observed. */
export type QuantityName = (typeof QUANTITY_NAMES)[number];
