import type { Departure } from './expectation.js';

/** What the chart remembers: plain data. */
export interface UncertaintyState {
  readonly count: number;
  /** Mean of uᵀv over the steps that calibrate. */
  readonly mean: number;
  /** uᵀv of the step before. */
  readonly last: number;
  /** Sum of the squares of its changes from step to step. */
  readonly squares: number;
  /** Exponential means of what was not expected, and of how uncertain that was. */
  readonly residual: number;
  readonly deviation: number;
}

/** Constants of the chart. */
export const uncertaintyChart = {
  /** Steps that only calibrate: mean and noise of the gradient along u. */
  calibration: 20,
  /** Weight of the newest step in the exponential means. */
  weight: 0.1,
} as const;

/** Before the first step. */
export const calmState: UncertaintyState = { count: 0, mean: 0, last: 0, squares: 0, residual: 0, deviation: 0 };

/**
 * Compares the gradient along u with what the posterior expects of it. For a quadratic, uᵀv_t = c + uᵀB(θ_t − p) + noise,
 * where p is the mean of the parameters of the first 20 steps and c the mean of their uᵀv. The residual e_t = uᵀv_t − c −
 * uᵀB̂(θ_t − p) is known to √Var(uᵀB(θ_t − p)), and has the noise of one minibatch and a twentieth of it from c. The noise
 * is that of the changes from one step to the next (von Neumann 1941), which a slow drift hardly adds to. An exponential
 * mean (Roberts 1959) of e against that of its deviations, which bounds the deviation of the mean, is the statistic.
 */
export function withDeparture(
  state: UncertaintyState,
  { gradient, expected, deviation }: Departure,
): { readonly state: UncertaintyState; readonly statistic: number } {
  if (![gradient, expected, deviation].every(Number.isFinite)) return { state, statistic: 0 };
  const { calibration, weight } = uncertaintyChart;
  const { count, mean, last, squares } = state;
  const next = {
    ...state,
    count: count + 1,
    last: gradient,
    squares: count === 0 ? 0 : squares + (gradient - last) ** 2,
  };
  if (count < calibration) return { state: { ...next, mean: mean + (gradient - mean) / (count + 1) }, statistic: 0 };
  const residual = (1 - weight) * state.residual + weight * (gradient - mean - expected);
  const uncertain = (1 - weight) * state.deviation + weight * deviation;
  const seen = count + 1 - calibration;
  const left = (1 - weight) ** seen;
  const noise = squares / (2 * (count - 1));
  const ofNoise = noise * ((weight / (2 - weight)) * (1 - left ** 2) + (1 - left) ** 2 / calibration);
  const spread = Math.sqrt(uncertain ** 2 + ofNoise);
  return {
    state: { ...next, residual, deviation: uncertain },
    statistic: residual === 0 ? 0 : residual / spread,
  };
}
