import type { QuantityEvent, QuantityPoint } from '../../analysis/index.js';
import { METRICS, type Metric, type UsualMetric } from '../../results/index.js';

/** Names of the usual curves in TensorBoard, which draws what has one beginning together. */
const CURVE_TAGS: Readonly<Record<UsualMetric, string>> = {
  train_losses: 'loss/train',
  valid_losses: 'loss/valid',
  test_losses: 'loss/test',
  train_accuracies: 'accuracy/train',
  valid_accuracies: 'accuracy/valid',
  test_accuracies: 'accuracy/test',
};

/** The name of a curve; `reconstruction/test` of what a test problem reports besides. */
export function curveTag(metric: Metric): string {
  const usual = METRICS.find((name) => name === metric);
  if (usual !== undefined) return CURVE_TAGS[usual];
  const [, set = '', name = ''] = /^([a-z]+)_(.*)$/s.exec(metric) ?? [];
  return `${name}/${set}`;
}

/** The curve of such a name; null for a name of anything else. */
export function curveOfTag(tag: string): Metric | null {
  const usual = METRICS.find((metric) => CURVE_TAGS[metric] === tag);
  if (usual !== undefined) return usual;
  const [, name, set] = /^(?!optimizer\/|event\/)(.*)\/(train|valid|test)$/s.exec(tag) ?? [];
  return name === undefined ? null : (`${set}_${name}` as Metric);
}

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
