import {
  inputOf,
  maxPool2d,
  maxPoolGather,
  maxPoolGatherOperation,
  maxPoolScatter,
  maxPoolScatterOperation,
  multiply,
  multiplyOperation,
  type Program,
  poolingGeometryOf,
  program,
  sameShape,
  simplify,
  step,
  stepOperation,
  type Tensor,
  withInputs,
} from '../../tensor/index.js';

/** An exact replacement of one pattern; `undefined` where it does not match. */
type Rewrite = (node: Tensor) => Tensor | undefined;

function isReluOutput(tensor: Tensor): boolean {
  return tensor.operation.name === 'relu';
}

/** The other factor of a product with step(r). */
function maskedBy(node: Tensor, r?: Tensor): { factor: Tensor; r: Tensor } | undefined {
  if (node.operation !== multiplyOperation) return undefined;
  for (const [mask, factor] of [node.inputs, node.inputs.toReversed()]) {
    if (mask?.operation !== stepOperation || factor === undefined) continue;
    const masked = inputOf(mask, 0);
    const fits = isReluOutput(masked) && (r === undefined || r === masked) && sameShape(factor.shape, node.shape);
    if (fits) return { factor, r: masked };
  }
  return undefined;
}

/**
 * scatter(r, g) ⊙ step(r) = scatter(r, g ⊙ step(pool(r))) for r = relu(…): the gradient lands where r equals the pooled
 * value, so both masks agree there, and elsewhere it is zero. The mask is a quarter of the size.
 */
export const maskBeforeScatter: Rewrite = (node) => {
  const match = maskedBy(node);
  if (match?.factor.operation !== maxPoolScatterOperation || match.factor.inputs[0] !== match.r) return undefined;
  const geometry = poolingGeometryOf(match.factor);
  const g = inputOf(match.factor, 1);
  return maxPoolScatter(match.r, multiply(g, step(maxPool2d(match.r, geometry))), geometry);
};

/** gather(r, v ⊙ step(r)) = gather(r, v) ⊙ step(pool(r)) for r = relu(…), for the same reason. */
export const maskAfterGather: Rewrite = (node) => {
  if (node.operation !== maxPoolGatherOperation) return undefined;
  const r = inputOf(node, 0);
  const match = maskedBy(inputOf(node, 1), r);
  if (match === undefined) return undefined;
  const geometry = poolingGeometryOf(node);
  return multiply(maxPoolGather(r, match.factor, geometry), step(maxPool2d(r, geometry)));
};

/** Every rewrite, by name, so that tests can switch them. */
export const rewrites = { maskBeforeScatter, maskAfterGather } as const;

/** The program with the rewrites applied, simplified again. */
export function rewrite(subject: Program, enabled: readonly Rewrite[] = Object.values(rewrites)): Program {
  const replacement = new Map<Tensor, Tensor>();
  for (const node of subject.nodes) {
    const inputs = node.inputs.map((input) => replacement.get(input) ?? input);
    const rebuilt = inputs.every((input, index) => input === node.inputs[index]) ? node : withInputs(node, inputs);
    const rewritten = enabled.reduce<Tensor | undefined>((found, apply) => found ?? apply(rebuilt), undefined);
    replacement.set(node, rewritten ?? rebuilt);
  }
  const outputs = [...subject.outputs].map(([name, tensor]) => [name, replacement.get(tensor) ?? tensor] as const);
  return simplify(program(Object.fromEntries(outputs)));
}
