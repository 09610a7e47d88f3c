import type { Tensor } from '../tensor/index.js';
import * as ops from '../tensor/index.js';

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
  /** The fraction of labels that are predicted right. */
  readonly accuracy?: Tensor | null;
  /** Further quantities to report, by name, such as the terms of a loss. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
  /** Labels are 0 … classes − 1; absent where the loss takes any whole number, or none. */
  readonly classes?: number;
  /**
   * What the loss compares with the data, for Gauss-Newton products: all that it sees of the parameters but the L2 term, none
   * of them depending on another. Absent: the outputs of a network that is given as layers, else none.
   */
  readonly outputs?: readonly Tensor[];
}

/** A loss on a network's outputs; it sees the whole batch. */
export type Loss = (outputs: Tensor, batch: SymbolicBatch) => LossValues;

/**
 * Mean softmax cross entropy of logits [n, classes] with labels [n], or of logits [n, positions, classes] with labels
 * [n, positions], over all positions. Accuracy is the fraction whose largest logit (the first on ties) is the label's.
 * With label smoothing ε the target is (1 − ε) at the label plus ε / classes at every class (Szegedy et al. 2016).
 */
export function softmaxCrossEntropy({ labelSmoothing = 0 }: { readonly labelSmoothing?: number } = {}): Loss {
  return (outputs, batch) => {
    const [logits, labels] = perPosition(outputs, batch.labels);
    const entropy = ops.mean(ops.softmaxCrossEntropy(logits, labels));
    const smooth = () => ops.multiply(ops.negate(ops.mean(ops.logSoftmax(logits))), labelSmoothing);
    return {
      loss: labelSmoothing === 0 ? entropy : ops.add(ops.multiply(entropy, 1 - labelSmoothing), smooth()),
      accuracy: ops.mean(ops.toFloat(ops.equal(ops.argmax(logits), labels))),
      classes: ops.lengthOf(logits, 1),
    };
  };
}

/** Logits and labels with all positions of all examples along the first axis. */
function perPosition(logits: Tensor, labels: Tensor): [Tensor, Tensor] {
  if (labels.shape.length < 2) return [logits, labels];
  const rows = ops.sizeOf(labels.shape);
  return [ops.reshape(logits, [rows, ops.sizeOf(logits.shape) / rows]), ops.reshape(labels, [rows])];
}

/** Σ (output − target)² over each example: two tensors [n, …] → [n]. */
export function squaredErrors(outputs: Tensor, targets: Tensor): Tensor {
  return sumPerExample(ops.square(ops.subtract(outputs, targets)));
}

/** −Σ (t log σ(z) + (1 − t) log(1 − σ(z))) over each example, for logits z and targets t from 0 to 1: [n, …] → [n]. */
export function binaryCrossEntropies(logits: Tensor, targets: Tensor): Tensor {
  return sumPerExample(ops.subtract(ops.softplus(logits), ops.multiply(logits, targets)));
}

/**
 * KL(N(μ, e^(2s)) ‖ N(0, 1)) = −½ Σ (1 + 2 s − μ² − e^(2s)) over each example, for means μ and logarithms s of standard
 * deviations (Kingma & Welling 2014): two tensors [n, …] → [n].
 */
export function gaussianDivergences(means: Tensor, logDeviations: Tensor): Tensor {
  const doubled = ops.multiply(logDeviations, 2);
  const terms = ops.subtract(ops.subtract(ops.add(doubled, 1), ops.square(means)), ops.exp(doubled));
  return ops.multiply(sumPerExample(terms), -0.5);
}

function sumPerExample(terms: Tensor): Tensor {
  return ops.sum(
    terms,
    terms.shape.slice(1).map((_, axis) => axis + 1),
  );
}
