import { argmax, equal, mean, softmaxCrossEntropy as perExample, type Tensor, toFloat } from '../tensor/index.js';

/** A minibatch as the inputs of a program. */
export interface SymbolicBatch {
  readonly size: number;
  /** [size, …inputShape], float or int as the test problem says. */
  readonly inputs: Tensor;
  /** Integers, [size, …labelShape]. */
  readonly labels: Tensor;
}

/** What a loss makes of a network's outputs: scalars, means over the batch. */
export interface LossValues {
  /** What is minimised; the L2 term is added to it. */
  readonly loss: Tensor;
  readonly accuracy?: Tensor | null;
  /** Further quantities to report, by name, such as the terms of a loss. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

/** A loss on a network's outputs; it sees the whole batch. */
export type Loss = (outputs: Tensor, batch: SymbolicBatch) => LossValues;

/**
 * Mean softmax cross entropy of logits [n, classes] with labels [n]; accuracy is the fraction whose largest logit (the first
 * on ties) is the label's.
 */
export function softmaxCrossEntropy(): Loss {
  return (logits, { labels }) => ({
    loss: mean(perExample(logits, labels)),
    accuracy: mean(toFloat(equal(argmax(logits), labels))),
  });
}
