import type { QuantityEvent, QuantityPoint } from '../../analysis/index.js';
import type { Metric } from '../../results/index.js';

/** Names of the curves in TensorBoard, which draws what has one beginning together. */
export const CURVE_TAGS: Readonly<Record<Metric, string>> = {
  train_losses: 'loss/train',
  valid_losses: 'loss/valid',
  test_losses: 'loss/test',
  train_accuracies: 'accuracy/train',
  valid_accuracies: 'accuracy/valid',
  test_accuracies: 'accuracy/test',
};

/** Losses of single minibatches in training. */
export const MINIBATCH_TAG = 'loss/minibatch';

/** `optimizer/alpha`, `optimizer/alpha/conv1`: a number that the optimizer reported. */
export function quantityTag({ quantity, where }: Pick<QuantityPoint, 'quantity' | 'where'>): string {
  return where === '' ? `optimizer/${quantity}` : `optimizer/${quantity}/${where}`;
}

/** `event/restart`: something that the optimizer reported. */
export function eventTag({ event, where }: Pick<QuantityEvent, 'event' | 'where'>): string {
  return where === '' ? `event/${event}` : `event/${event}/${where}`;
}
