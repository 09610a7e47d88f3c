import type { Engine, Value } from '../../engine/index.js';
import type { GroupPrior, PriorSums } from './group-prior.js';

/**
 * The scalars of the first author's implementation (F. de Roos, fderoos/probabilistic_hessian, 2019), over n minibatches:
 * α = √(Σ vᵀh / Σ ‖h‖²), w = |Σ vᵀh / Σ ‖v‖²|, and λ, the largest variance of a coordinate of the gradient, divided by
 * √(Σ ‖v‖²) / n. α is not finite where the curvature along the gradients is negative. It has the unit of 1/√curvature: no
 * step size, although it stands where one should.
 */
export function authorPrior({ sts, stas, staas }: PriorSums, largestVariance: number, minibatches: number): GroupPrior {
  return {
    alpha: Math.sqrt(stas / staas),
    w: Math.abs(stas / sts),
    lambda: largestVariance / (Math.sqrt(sts) / minibatches),
  };
}

/** The largest |(Σv/n)² − Σv²/n| over the coordinates of each layer, in double precision. */
export async function largestVariances(
  engine: Engine,
  v: readonly Value[],
  squares: readonly Value[],
  minibatches: number,
): Promise<number[]> {
  const largest: number[] = [];
  for (const [index, value] of squares.entries()) {
    const [sums, squared] = [
      v[index] === undefined ? [] : await engine.download(v[index]),
      await engine.download(value),
    ];
    let most = 0;
    for (let i = 0; i < squared.length; i++) {
      const variance = Math.abs(((sums[i] ?? 0) / minibatches) ** 2 - (squared[i] as number) / minibatches);
      // NaN is kept.
      if (!(variance <= most)) most = variance;
    }
    largest.push(most);
  }
  return largest;
}
