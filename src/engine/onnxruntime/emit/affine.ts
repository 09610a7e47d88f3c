import { sameShape, sizeOf, type Tensor } from '../../../tensor/index.js';
import type { Lowering } from '../lowering.js';
import { emitConvolution, emitInputGradient } from './convolution.js';
import { emitProduct } from './dense.js';
import { isBias } from './is-bias.js';

/** The terms of a sum of sums whose intermediate results nothing else needs. */
function termsOf(node: Tensor, lowering: Lowering): Tensor[] {
  return node.inputs.flatMap((term) => {
    const inner = term.operation.name === 'add' && sameShape(term.shape, node.shape) && lowering.usedOnce(term);
    return inner ? termsOf(term, lowering) : [term];
  });
}

/** Products whose operators can add to what is there already: matrix products, and blocked convolutions. */
function accumulates(term: Tensor, node: Tensor, lowering: Lowering): boolean {
  if (!sameShape(term.shape, node.shape) || !lowering.usedOnce(term)) return false;
  const { name } = term.operation;
  const blocked = lowering.naturalLayout(node) === 'blocked' && lowering.naturalLayout(term) === 'blocked';
  return (
    (name === 'matmul' && term.shape.length === 2) || (blocked && (name === 'conv2d' || name === 'conv2dInputGradient'))
  );
}

/**
 * A sum whose terms are products, a bias and other tensors: each product adds to the sum so far in its own epilogue, the
 * first one adds the bias, the last one clamps if a ReLU follows. Exact but for the order of additions. `undefined` where
 * nothing can be fused.
 */
export function emitAffine(node: Tensor, lowering: Lowering, withRelu: boolean): string | undefined {
  if (!lowering.options.fuse || (withRelu && !lowering.usedOnce(node))) return undefined;
  if (node.operation.name === 'conv2d') return withRelu ? emitConvolution(node, lowering, { relu: true }) : undefined;
  if (node.operation.name !== 'add') return undefined;
  const terms = termsOf(node, lowering);
  const products = terms.filter((term) => accumulates(term, node, lowering));
  const biasTerm = terms.find((term) => !products.includes(term) && isBias(term, node));
  const bias = biasTerm && lowering.view(lowering.value(biasTerm), [sizeOf(biasTerm.shape)]);
  const others = terms.filter((term) => !products.includes(term) && term !== biasTerm);
  const [only] = others;
  if (products.length === 0) {
    // A plain convolution can add a bias and nothing else.
    const simple =
      others.length === 1 && only?.operation.name === 'conv2d' && lowering.usedOnce(only) && bias !== undefined;
    return simple ? emitConvolution(only, lowering, { bias, relu: withRelu }) : undefined;
  }
  if (others.some((term) => !sameShape(term.shape, node.shape))) return undefined;
  const layout = lowering.naturalLayout(node);
  const names = others.map((term) => lowering.value(term, layout));
  let sum = names.length > 1 ? lowering.graph.add('Sum', names) : names[0];
  for (const [index, product] of products.entries()) {
    const epilogue = {
      ...(index === 0 && bias !== undefined ? { bias } : {}),
      ...(sum === undefined ? {} : { sum }),
      relu: withRelu && index === products.length - 1,
    };
    sum = emitWithEpilogue(product, lowering, epilogue);
  }
  return sum;
}

function emitWithEpilogue(
  product: Tensor,
  lowering: Lowering,
  epilogue: { bias?: string; sum?: string; relu: boolean },
): string {
  if (product.operation.name === 'conv2d') return emitConvolution(product, lowering, epilogue);
  if (product.operation.name === 'conv2dInputGradient') return emitInputGradient(product, lowering, epilogue);
  const { bias, sum, relu } = epilogue;
  const addend = bias !== undefined && sum !== undefined ? lowering.graph.add('Add', [sum, bias]) : (sum ?? bias);
  const name = emitProduct(product, lowering, addend);
  return relu ? lowering.graph.add('Relu', [name]) : name;
}
