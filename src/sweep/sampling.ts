import { at } from '../expect.js';
import { randomStream } from '../random/index.js';

/** How the points of sampled hyperparameters are placed. */
export interface Sampling {
  readonly method: 'random' | 'halton';
  /** Points of each block of settings. */
  readonly samples: number;
  /** Of the points alone; the runs have their own seeds. */
  readonly seed: number;
}

/**
 * The coordinates in [0, 1) of one hyperparameter for all samples. `random`: a stream of the seed and the
 * hyperparameter's name, so that neither other hyperparameters nor more samples change what was drawn. `halton`: the
 * radical inverses of 1, 2, 3, … in the base that belongs to `dimension` (Halton 1960); a seed other than 0 shifts them
 * around the circle (Cranley and Patterson 1976).
 */
export function coordinates({ method, samples, seed }: Sampling, name: string, dimension: number): number[] {
  const stream = randomStream(seed, 'sweep', name);
  if (method === 'random') return Array.from({ length: samples }, () => stream.uniform());
  const base = nthPrime(dimension);
  const shift = seed === 0 ? 0 : stream.uniform();
  return Array.from({ length: samples }, (_, index) => (radicalInverse(index + 1, base) + shift) % 1);
}

/** The digits of n in `base`, mirrored at the point. */
function radicalInverse(n: number, base: number): number {
  let numerator = 0;
  let denominator = 1;
  for (let rest = n; rest > 0; rest = Math.floor(rest / base)) {
    numerator = numerator * base + (rest % base);
    denominator *= base;
  }
  return numerator / denominator;
}

function nthPrime(n: number): number {
  const primes: number[] = [];
  for (let candidate = 2; primes.length <= n; candidate++) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return at(primes, n);
}
