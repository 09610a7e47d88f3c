/** The groups of optimizers, in the order of `list optimizers`. */
export const OPTIMIZER_GROUPS = {
  classical: 'classical: a learning rate to tune, first derivatives',
  'tuning-free': 'tuning-free: step sizes that need no tuning, or little',
  'second-order': 'second-order: curvature by products with the Hessian, or by matrices per layer',
  own: "this project's: curvature by active probabilistic inference",
} as const;

/** One of these groups. */
export type OptimizerGroup = keyof typeof OPTIMIZER_GROUPS;

/**
 * What a benchmark has to know of an optimizer besides its rule, with its default hyperparameters. A test compares costs and
 * memory with what training counts and keeps.
 */
export interface OptimizerProfile {
  readonly group: OptimizerGroup;
  /** Gradients of the minibatch's loss that one step evaluates, on average. */
  readonly gradients: number;
  /** Products of the Hessian with a vector in one step, on average; default 0. */
  readonly products?: number;
  /** Products in each epoch besides, for what is estimated once per epoch; default 0. */
  readonly productsPerEpoch?: number;
  /** Losses alone in one step, on average; default 0. */
  readonly losses?: number;
  /** Whether products and losses are the most that a step evaluates: it decides itself how many. Default no. */
  readonly atMost?: boolean;
  /** What it keeps between steps besides the parameters, in vectors of their size. */
  readonly memory: number;
  /** What it keeps that is not measured so, in a few words, such as `2 square matrices per layer`. */
  readonly furtherMemory?: string;
  /** The hyperparameters that a benchmark has to tune for each problem; the others stay at their defaults. */
  readonly tune: readonly string[];
}

/** What a wrapper adds to the profile of the optimizer that it is put around. */
export interface WrapperProfile {
  /** Gradients in each step besides; default 0. */
  readonly gradients?: number;
  /** Vectors of the parameters' size that it keeps; default 0. */
  readonly memory?: number;
  /** Those of its hyperparameters that a benchmark has to tune; default none. */
  readonly tune?: readonly string[];
}

/** The profile of a wrapped optimizer. */
export function wrappedProfile(inner: OptimizerProfile, added: WrapperProfile): OptimizerProfile {
  return {
    ...inner,
    gradients: inner.gradients + (added.gradients ?? 0),
    memory: inner.memory + (added.memory ?? 0),
    tune: [...inner.tune, ...(added.tune ?? [])],
  };
}
