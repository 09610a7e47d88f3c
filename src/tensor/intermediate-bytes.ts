import { constantOperation } from './operations/constant.js';
import { inputOperation } from './operations/input.js';
import { reshapeOperation } from './operations/reshape.js';
import { stopGradientOperation } from './operations/stop-gradient.js';
import type { Program } from './program.js';
import { sizeOf, type Tensor } from './tensor.js';

/** Bytes of an element in production. */
const BYTES = { float: 4, int: 4, bool: 1 } as const;

/** What engines write over an operand that nobody else needs, where that has the size of the result. */
const IN_PLACE: ReadonlySet<string> = new Set([
  ...['abs', 'add', 'cos', 'divide', 'erf', 'exp', 'log', 'multiply', 'negate', 'relu', 'sigmoid', 'sign', 'sin'],
  ...['softplus', 'sqrt', 'subtract', 'tanh'],
]);

/** What has the memory of its operand. */
const VIEWS: ReadonlySet<Tensor['operation']> = new Set([reshapeOperation, stopGradientOperation]);

/**
 * The most bytes that values between a program's inputs and outputs take at one time, inputs and outputs left out, when its
 * nodes are computed one after the other and a value goes as soon as its last reader is done.
 */
export function intermediateBytes({ nodes, outputs }: Program): number {
  const owners = new Map<Tensor, Tensor>();
  const ownerOf = (node: Tensor) => owners.get(node) ?? node;
  const lastReader = new Map<Tensor, Tensor>();
  for (const node of nodes) {
    const [operand] = node.inputs;
    if (operand !== undefined && VIEWS.has(node.operation)) owners.set(node, ownerOf(operand));
    for (const input of node.inputs) lastReader.set(ownerOf(input), node);
  }
  const outside = new Set([...outputs.values()].map(ownerOf));
  const bytesOf = (node: Tensor) => {
    if (outside.has(node) || node.operation === inputOperation || node.operation === constantOperation) return 0;
    return BYTES[node.dtype] * sizeOf(node.shape);
  };
  let [alive, most] = [0, 0];
  for (const node of nodes) {
    const own = owners.has(node) ? 0 : bytesOf(node);
    const read = new Set(node.inputs.map(ownerOf));
    const released = [...read].filter((input) => lastReader.get(input) === node).map(bytesOf);
    const reused = IN_PLACE.has(node.operation.name) && released.includes(own) ? own : 0;
    most = Math.max(most, alive + own - reused);
    alive += own - released.reduce((sum, bytes) => sum + bytes, 0);
    // What nobody reads and nobody asked for goes at once.
    if (!owners.has(node) && !lastReader.has(node)) alive -= own;
  }
  return most;
}
