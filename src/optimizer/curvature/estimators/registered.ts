import type { Estimator } from './estimator.js';
import { paperEstimator } from './paper.js';
import { thesisEstimator } from './thesis.js';

/** Every estimator by the value of the hyperparameter `estimator`. */
export const estimators = { thesis: thesisEstimator, paper: paperEstimator } satisfies Record<string, Estimator>;

/** A value of the hyperparameter `estimator`. */
export type EstimatorName = keyof typeof estimators;
