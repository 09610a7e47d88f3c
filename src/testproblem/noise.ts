/**
 * How the numbers of a noise are distributed: uniform in [0, 1), standard normal, or `value` with probability `keep` and 0
 * otherwise.
 */
export type Distribution =
  | { readonly kind: 'uniform' }
  | { readonly kind: 'normal' }
  | { readonly kind: 'bernoulli'; readonly keep: number; readonly value: number };
