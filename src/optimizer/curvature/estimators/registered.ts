import type { Estimator } from './estimator.js';
import { paperEstimator } from './paper.js';
import { thesisEstimator } from './thesis.js';

/**
 * The estimators of active probabilistic inference, by the value of the hyperparameter `estimator`. `author` has the algebra
 * of the paper with other scalars and another first column (author-prior.ts).
 */
export const publishedEstimators = {
  thesis: thesisEstimator,
  paper: paperEstimator,
  author: paperEstimator,
} satisfies Record<string, Estimator>;

/** Every value of the hyperparameter `estimator`: also those that take Ritz vectors of a Krylov space. */
export const estimatorNames = ['thesis', 'paper', 'author', 'krylov', 'oracle'] as const;

/** A value of the hyperparameter `estimator`. */
export type EstimatorName = (typeof estimatorNames)[number];

/** Whether it is one of active probabilistic inference. */
export function isPublished(name: EstimatorName): name is keyof typeof publishedEstimators {
  return name in publishedEstimators;
}
