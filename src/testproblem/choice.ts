/** DeepOBS' two lines, its PyTorch and its TensorFlow code: some of their networks differ. The first is the default. */
export const VARIANTS = ['pytorch', 'tf'] as const;

/** One of DeepOBS' two lines. */
export type Variant = (typeof VARIANTS)[number];

/**
 * What a network starts with: what DeepOBS says for it, or what PyTorch's layers start with when nobody says anything, as in
 * the thesis' experiment on initialisation. The first is the default.
 */
export const INITIALISATIONS = ['deepobs', 'pytorch'] as const;

/** One of the two ways to initialise a network. */
export type Initialisation = (typeof INITIALISATIONS)[number];

/** Which version of a test problem; what is absent is the default. */
export interface ProblemChoice {
  readonly variant?: Variant;
  readonly init?: Initialisation;
}
