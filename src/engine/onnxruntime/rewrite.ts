import {
  add,
  inputOf,
  matmul,
  matmulOperation,
  maxPool2d,
  maxPoolGather,
  maxPoolGatherOperation,
  maxPoolScatter,
  maxPoolScatterOperation,
  multiply,
  multiplyOperation,
  negate,
  numbersOf,
  type Program,
  poolingGeometryOf,
  program,
  sameShape,
  simplify,
  sizeOf,
  step,
  stepOperation,
  subtractOperation,
  sum,
  sumOperation,
  type Tensor,
  withInputs,
} from '../../tensor/index.js';

/** A replacement of one pattern; `undefined` where it does not match. `usedOnce` says whether one node alone needs a tensor. */
type Rewrite = (node: Tensor, usedOnce: (tensor: Tensor) => boolean) => Tensor | undefined;

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
const maskBeforeScatter: Rewrite = (node) => {
  const match = maskedBy(node);
  if (match?.factor.operation !== maxPoolScatterOperation || match.factor.inputs[0] !== match.r) return undefined;
  const geometry = poolingGeometryOf(match.factor);
  const g = inputOf(match.factor, 1);
  return maxPoolScatter(match.r, multiply(g, step(maxPool2d(match.r, geometry))), geometry);
};

/** gather(r, v ⊙ step(r)) = gather(r, v) ⊙ step(pool(r)) for r = relu(…), for the same reason. */
const maskAfterGather: Rewrite = (node) => {
  if (node.operation !== maxPoolGatherOperation) return undefined;
  const r = inputOf(node, 0);
  const match = maskedBy(inputOf(node, 1), r);
  if (match === undefined) return undefined;
  const geometry = poolingGeometryOf(node);
  return multiply(maxPoolGather(r, match.factor, geometry), step(maxPool2d(r, geometry)));
};

/**
 * Σ scatter(x, g) = Σ g over whole images: each number of g lands at one place. Only where that place is none of the padding,
 * whose share would be dropped: without padding, or with trailing padding of an image that is never negative.
 */
const sumBeforeScatter: Rewrite = (node) => {
  const scattered = node.inputs[0];
  if (node.operation !== sumOperation || scattered?.operation !== maxPoolScatterOperation) return undefined;
  const axes = numbersOf(node, 'axes');
  if (!axes.includes(2) || !axes.includes(3)) return undefined;
  const [top, left, bottom, right] = poolingGeometryOf(scattered).padding;
  const trailing = top === 0 && left === 0 && isReluOutput(inputOf(scattered, 0));
  if (!trailing && [top, left, bottom, right].some((p) => p > 0)) return undefined;
  return sum(inputOf(scattered, 1), axes, { keepDims: node.attributes.keepDims === true });
};

/**
 * p − s (a b) = p + (−s a) b for a scalar s and a matrix product: the update of a weight becomes the epilogue of its
 * gradient. The smaller factor is scaled. Exact but for rounding; only where nothing else needs the product.
 */
const updateInProduct: Rewrite = (node, usedOnce) => {
  if (node.operation !== subtractOperation) return undefined;
  const [p, step] = [inputOf(node, 0), inputOf(node, 1)];
  if (step.operation !== multiplyOperation || !usedOnce(step)) return undefined;
  const scale = step.inputs.find((factor) => factor.shape.length === 0);
  const product = step.inputs.find((factor) => factor.operation === matmulOperation);
  if (scale === undefined || product === undefined || !usedOnce(product)) return undefined;
  if (!sameShape(p.shape, product.shape) || product.shape.length > 2) return undefined;
  const [a, b] = [inputOf(product, 0), inputOf(product, 1)];
  const flags = {
    transposeA: product.attributes.transposeA === true,
    transposeB: product.attributes.transposeB === true,
  };
  const scaleFirst = sizeOf(a.shape) <= sizeOf(b.shape);
  const scaled = (factor: Tensor) => multiply(factor, negate(scale));
  return add(p, scaleFirst ? matmul(scaled(a), b, flags) : matmul(a, scaled(b), flags));
};

const rewrites: readonly Rewrite[] = [maskBeforeScatter, maskAfterGather, sumBeforeScatter, updateInProduct];

/** The program with the rewrites applied, simplified again. */
export function rewrite(subject: Program): Program {
  const replacement = new Map<Tensor, Tensor>();
  const uses = new Map<Tensor, number>();
  const count = (tensor: Tensor, times: number) => uses.set(tensor, (uses.get(tensor) ?? 0) + times);
  for (const { inputs } of subject.nodes) for (const input of inputs) count(input, 1);
  for (const output of subject.outputs.values()) count(output, 2);
  for (const node of subject.nodes) {
    const inputs = node.inputs.map((input) => replacement.get(input) ?? input);
    const rebuilt = inputs.every((input, index) => input === node.inputs[index]) ? node : withInputs(node, inputs);
    // A rebuilt node is used where the original is: its own uses are counted from the original.
    if (rebuilt !== node) count(rebuilt, uses.get(node) ?? 0);
    const usedOnce = (tensor: Tensor) => uses.get(tensor) === 1;
    const rewritten = rewrites.reduce<Tensor | undefined>(
      (found, apply) => found ?? apply(rebuilt, usedOnce),
      undefined,
    );
    replacement.set(node, rewritten ?? rebuilt);
  }
  const outputs = [...subject.outputs].map(([name, tensor]) => [name, replacement.get(tensor) ?? tensor] as const);
  return simplify(program(Object.fromEntries(outputs)));
}
