/**
 * The preconditioner turns g into g + U ((f(σ) − 1) ∘ Uᵀg). f by the value of the hyperparameter `scaling`:
 * - `sqrt`: 1/√σ, P of de Roos & Hennig 2019, eq. 17, applied once, as the published code does;
 * - `inverse`: 1/σ, P² of eq. 17 with β = 1, as the paper's update uses it;
 * - `relative`: 1/(ασ), P² relative to the prior mean 1/α: with lr α a Newton step along U, and no change where σ = 1/α;
 * - `shorten`: min(1, 1/(2ασ)): with lr α half a Newton step along U where α is longer than that, and no step gets longer.
 */
export const scalings = {
  sqrt: (sigma: number) => 1 / Math.sqrt(sigma),
  inverse: (sigma: number) => 1 / sigma,
  relative: (sigma: number, alpha: number) => 1 / (alpha * sigma),
  shorten: (sigma: number, alpha: number) => Math.min(1, 1 / (2 * alpha * sigma)),
} satisfies Record<string, (sigma: number, alpha: number) => number>;

/** A value of the hyperparameter `scaling`. */
export type ScalingName = keyof typeof scalings;
