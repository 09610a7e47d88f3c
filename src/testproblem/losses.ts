import { argmax, equal, mean, softmaxCrossEntropy as perExample, type Tensor, toFloat } from '../tensor/index.js';

/** What a loss makes of a network's outputs: means over the batch. */
export interface LossAndAccuracy {
  readonly loss: Tensor;
  readonly accuracy: Tensor | null;
}

/** A loss on a network's outputs [n, classes] and integer labels [n]. */
export interface Loss {
  apply(outputs: Tensor, labels: Tensor): LossAndAccuracy;
  /** How many classes the outputs tell apart, so that labels are 0 … classes − 1; absent where labels are no classes. */
  classes?(outputs: Tensor): number;
}

/** Mean softmax cross entropy of logits; accuracy is the fraction whose largest logit (the first on ties) is the label's. */
export function softmaxCrossEntropy(): Loss {
  return {
    apply: (logits, labels) => ({
      loss: mean(perExample(logits, labels)),
      accuracy: mean(toFloat(equal(argmax(logits), labels))),
    }),
    classes: ({ shape }) => shape[1] ?? 1,
  };
}
