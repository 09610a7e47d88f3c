/** How often a training has evaluated the loss of a minibatch: what its steps cost. */
export interface EvaluationCounts {
  /** Gradients, with the losses that come with them. */
  gradients: number;
  /** Products of the Hessian with a vector. */
  products: number;
  /** Losses alone. */
  losses: number;
}

/** Nothing evaluated yet. */
export function noEvaluations(): EvaluationCounts {
  return { gradients: 0, products: 0, losses: 0 };
}

/** Adds to the counts so far. */
export function count(total: EvaluationCounts, more: Readonly<Partial<EvaluationCounts>>): void {
  total.gradients += more.gradients ?? 0;
  total.products += more.products ?? 0;
  total.losses += more.losses ?? 0;
}
