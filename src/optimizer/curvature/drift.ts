import { at } from '../../expect.js';
import { add, type Tensor } from '../../tensor/index.js';
import type { Layer } from './layers.js';
import type { Sums } from './prior.js';
import { asRow, decayed, innerProducts } from './rows.js';

/**
 * The two products of the drift statistic (docs/preconditioner.md): ḡᵀv_t, the measured gradient v_t = g_t + μθ_t along
 * the mean gradient of phase 1, and h̄ᵀθ_t. By the symmetry of the Hessian, ḡᵀH(θ_t − θ₀) = h̄ᵀ(θ_t − θ₀): the estimate
 * predicts that their difference stays constant but for minibatch noise. Summed over all layers, since H couples them.
 * The sums are n ḡ and n h̄.
 */
export function driftOutputs(
  layers: readonly Layer[],
  gradient: readonly Tensor[],
  sums: Sums<Tensor>,
  weightDecay: number,
): Tensor[] {
  const products = layers.map(({ parameter }, index) => {
    const measured = decayed(asRow(at(gradient, index)), asRow(parameter), weightDecay);
    return {
      measured: innerProducts(at(sums.v, index), measured),
      predicted: innerProducts(at(sums.h, index), asRow(parameter)),
    };
  });
  return [
    products.map(({ measured }) => measured).reduce((total, term) => add(total, term)),
    products.map(({ predicted }) => predicted).reduce((total, term) => add(total, term)),
  ];
}

/** What a monitor remembers: plain data. */
export interface DriftState {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly squares: number;
  readonly upper: number;
  readonly lower: number;
}

/** Constants of the control chart. */
export const driftChart = {
  /** Residuals that only calibrate mean and noise. */
  calibration: 20,
  /** Deviations below this many standard deviations do not count: half of the shift that is to be found fastest. */
  allowance: 0.5,
  /** A single residual counts at most this many standard deviations. */
  clip: 3,
  /** Sum at which the chart signals. Without drift, once in about 70,000 residuals (Siegmund 1985). */
  limit: 10,
} as const;

/**
 * A self-starting two-sided cumulative sum chart (Page 1954; Hawkins 1987) of the residuals r_t = n (ḡᵀv_t − h̄ᵀθ_t): each
 * is compared with mean and standard deviation of those before it, so that neither has to be known. Without drift the
 * scores are independent standard normal numbers whatever the noise level is.
 */
export class DriftMonitor {
  #state: DriftState;

  constructor(state: DriftState = { count: 0, mean: 0, squares: 0, upper: 0, lower: 0 }) {
    this.#state = state;
  }

  get state(): DriftState {
    return this.#state;
  }

  /** The larger of the two sums, to be compared with the chart's limit. */
  get statistic(): number {
    return Math.max(this.#state.upper, this.#state.lower);
  }

  /** Takes the next residual; true when the chart signals. What is not finite is passed over. */
  add(residual: number): boolean {
    if (!Number.isFinite(residual)) return false;
    const { count, mean, squares, upper, lower } = this.#state;
    const deviation = residual - mean;
    const spread = Math.sqrt(squares / (count - 1));
    const score = count < driftChart.calibration ? 0 : standardised(deviation, spread, count);
    this.#state = {
      count: count + 1,
      mean: mean + deviation / (count + 1),
      squares: squares + (deviation ** 2 * count) / (count + 1),
      upper: Math.max(0, upper + score - driftChart.allowance),
      lower: Math.max(0, lower - score - driftChart.allowance),
    };
    return this.statistic > driftChart.limit;
  }
}

/** Student's t of a new residual, made a normal deviate of the same probability (Wallace 1959), and clipped. */
function standardised(deviation: number, spread: number, count: number): number {
  if (deviation === 0) return 0;
  const t = (deviation / spread) * Math.sqrt(count / (count + 1));
  const freedom = count - 1;
  const deviate = Math.sqrt(freedom * Math.log1p(t ** 2 / freedom)) * ((8 * freedom + 1) / (8 * freedom + 3));
  const score = Math.sign(t) * deviate;
  return Math.max(-driftChart.clip, Math.min(driftChart.clip, score));
}
