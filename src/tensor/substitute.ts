import { nodesOf } from './program.js';
import { type Tensor, withInputs } from './tensor.js';

/**
 * The same computations with some tensors replaced by others of the same shapes: a loss at another point, a part of a
 * program whose beginning was computed before. What does not depend on a replaced tensor is shared, not copied.
 */
export function substitute(outputs: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  const replaced = new Map(replacements);
  const settled = (tensor: Tensor) => replaced.get(tensor) ?? tensor;
  for (const node of nodesOf(outputs)) {
    if (replaced.has(node)) continue;
    const inputs = node.inputs.map(settled);
    if (inputs.some((input, index) => input !== node.inputs[index])) replaced.set(node, withInputs(node, inputs));
  }
  return outputs.map(settled);
}
