import { nodesOf, type Tensor } from '../tensor/index.js';
import type { LossValues } from './losses.js';
import type { Trace } from './trace.js';

/** What moves tokens about and leaves them as they are. */
const MOVES = new Set(['reshape', 'transpose', 'slice', 'concatenate', 'stopGradient']);

/**
 * How many tokens a network knows: the smallest table in which it looks up its inputs. A token beyond it would be a row of
 * zeros, without an error. Null where the inputs are looked up nowhere.
 */
export function vocabularyOf(inputs: Tensor, { result, nextStates }: Trace<LossValues>): number | null {
  if (inputs.dtype !== 'int') return null;
  const outputs = [result.loss, ...Object.values(result.metrics ?? {}), ...Object.values(nextStates)];
  const tokens = new Set<Tensor>([inputs]);
  let least: number | null = null;
  for (const node of nodesOf(outputs)) {
    const { operation, attributes } = node;
    if (!node.inputs.some((input) => tokens.has(input))) continue;
    if (MOVES.has(operation.name)) tokens.add(node);
    if (operation.name === 'oneHot') least = Math.min(least ?? Number.POSITIVE_INFINITY, Number(attributes.classes));
  }
  return least;
}
