import { dense, flatten, relu, sequential } from '../layers/index.js';
import type { Layer } from '../scope.js';

/** Dense layers of these numbers of units with ReLUs between them, then one unit per class; on flattened examples. */
export function multilayerPerceptron(hidden: readonly number[], classes: number): Layer {
  return sequential([
    flatten(),
    ...hidden.flatMap((units) => [dense(units), relu()]),
    dense(classes, { output: true }),
  ]);
}

/** Multinomial logistic regression: one dense layer on flattened examples. */
export function logisticRegression(classes: number): Layer {
  return multilayerPerceptron([], classes);
}
