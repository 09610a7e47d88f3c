import { at } from '../expect.js';
import { adjacentSlabs, nestedConcatenations } from './adjacent-slabs.js';
import { addOperation } from './operations/add.js';
import { constant, constantOperation, isConstant } from './operations/constant.js';
import { divideOperation } from './operations/divide.js';
import { matmul, matmulOperation } from './operations/matmul.js';
import { multiply, multiplyOperation } from './operations/multiply.js';
import { negateOperation } from './operations/negate.js';
import { reshape, reshapeOperation } from './operations/reshape.js';
import { selectOperation } from './operations/select.js';
import { stopGradientOperation } from './operations/stop-gradient.js';
import { subtract, subtractOperation } from './operations/subtract.js';
import { broadcastTo, broadcastToOperation, sumOperation } from './operations/sum.js';
import { transpose, transposeOperation } from './operations/transpose.js';
import { type Program, printAttributes, program } from './program.js';
import { inputOf, numberOf, numbersOf } from './shape-rules.js';
import { createTensor, type Operation, sameShape, type Tensor, withInputs } from './tensor.js';

/** A simplification: the replacement for a node, or the node itself where it does not apply. */
type Rule = (node: Tensor) => Tensor;

/** Elementwise operations broadcast by themselves; an explicit broadcast of an operand is needless work for them. */
const broadcasting: ReadonlySet<Operation> = new Set([
  addOperation,
  subtractOperation,
  multiplyOperation,
  divideOperation,
  selectOperation,
]);

/** x + 0, x − 0, 1 · x and x / 1 are x; 0 + x and x · 1 likewise, where the shape stays the same. */
const neutralElement: Rule = (node) => {
  const [a, b] = node.inputs;
  if (a === undefined || b === undefined) return node;
  const { operation } = node;
  const neutral = operation === addOperation || operation === subtractOperation ? 0 : 1;
  const twoSided = operation === addOperation || operation === multiplyOperation;
  if (!twoSided && operation !== subtractOperation && operation !== divideOperation) return node;
  if (isConstant(b, neutral) && sameShape(a.shape, node.shape)) return a;
  if (twoSided && isConstant(a, neutral) && sameShape(b.shape, node.shape)) return b;
  return node;
};

/** Operations on constants alone are done now. */
const constantFolding: Rule = (node) => {
  const [a, b] = node.inputs;
  if (a?.operation !== constantOperation) return node;
  const value = numberOf(a, 'value');
  if (node.operation === negateOperation) return constant(-value, node.shape);
  if (node.operation === reshapeOperation || node.operation === broadcastToOperation)
    return constant(value, node.shape);
  if (b?.operation !== constantOperation) return node;
  const other = numberOf(b, 'value');
  if (node.operation === multiplyOperation) return constant(value * other, node.shape);
  if (node.operation === addOperation) return constant(value + other, node.shape);
  return node;
};

/** x + x is 2 x; c₁ (c₂ x) is (c₁ c₂) x; −(−x) is x; x + (−y) is x − y; −(c x) is (−c) x. */
const scalarFactors: Rule = (node) => {
  const [a, b] = node.inputs;
  if (a === undefined) return node;
  if (node.operation === addOperation && a === b) return scaled(2, a);
  if (node.operation === addOperation && b?.operation === negateOperation) return subtract(a, inputOf(b, 0));
  if (node.operation === addOperation && b && a.operation === negateOperation) return subtract(b, inputOf(a, 0));
  if (node.operation === negateOperation) {
    if (a.operation === negateOperation) return inputOf(a, 0);
    const factor = factorOf(a);
    if (factor) return scaled(-factor.value, factor.operand);
  }
  const outer = factorOf(node);
  const inner = outer && factorOf(outer.operand);
  if (outer && inner) return scaled(outer.value * inner.value, inner.operand);
  return node;
};

/** (x s) t is x (s t) for scalars s and t: one pass over x instead of two. */
const scalarsFirst: Rule = (node) => {
  const outer = scalarFactorOf(node);
  const inner = outer && scalarFactorOf(outer.operand);
  return outer && inner ? multiply(inner.operand, multiply(inner.scalar, outer.scalar)) : node;
};

/** A product of a larger tensor with a scalar. */
function scalarFactorOf(node: Tensor): { scalar: Tensor; operand: Tensor } | undefined {
  if (node.operation !== multiplyOperation || node.shape.length === 0) return undefined;
  const scalar = node.inputs.find(({ shape }) => shape.length === 0);
  const operand = node.inputs.find(({ shape }) => shape.length > 0);
  return scalar && operand && { scalar, operand };
}

/** A product of a tensor with a constant that keeps the tensor's shape. */
function factorOf(node: Tensor): { value: number; operand: Tensor } | undefined {
  if (node.operation !== multiplyOperation) return undefined;
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  if (a.operation === constantOperation && sameShape(b.shape, node.shape)) {
    return { value: numberOf(a, 'value'), operand: b };
  }
  if (b.operation === constantOperation && sameShape(a.shape, node.shape)) {
    return { value: numberOf(b, 'value'), operand: a };
  }
  return undefined;
}

function scaled(value: number, operand: Tensor): Tensor {
  return value === 1 ? operand : multiply(operand, constant(value));
}

/** A broadcast or filled operand of an elementwise operation shrinks to what it was before, where the result's shape allows. */
const implicitBroadcast: Rule = (node) => {
  if (!broadcasting.has(node.operation)) return node;
  for (const [index, operand] of node.inputs.entries()) {
    const smaller =
      operand.operation === broadcastToOperation
        ? inputOf(operand, 0)
        : operand.operation === constantOperation && operand.shape.length > 0
          ? constant(numberOf(operand, 'value'))
          : undefined;
    if (smaller === undefined) continue;
    const inputs = node.inputs.with(index, smaller);
    if (sameShape(broadcastResult(inputs), node.shape)) {
      return createTensor(node.operation, inputs, node.attributes, node.shape, node.dtype);
    }
  }
  return node;
};

function broadcastResult(inputs: readonly Tensor[]): number[] {
  const rank = Math.max(...inputs.map((input) => input.shape.length));
  return Array.from({ length: rank }, (_, axis) =>
    inputs.reduce((length, { shape }) => Math.max(length, shape[axis - rank + shape.length] ?? 1), 1),
  );
}

/** A broadcast scalar or leading-axes reshape in front of a broadcast: reshapes that only add leading ones are dropped. */
const leadingOnes: Rule = (node) => {
  if (node.operation !== broadcastToOperation) return node;
  const operand = inputOf(node, 0);
  if (operand.operation !== reshapeOperation) return node;
  const before = inputOf(operand, 0);
  const added = operand.shape.length - before.shape.length;
  const onlyOnes = added > 0 && operand.shape.slice(0, added).every((length) => length === 1);
  return onlyOnes && sameShape(operand.shape.slice(added), before.shape) ? broadcastTo(before, node.shape) : node;
};

/** Derivatives have been taken by now: what stopped them has done its work. */
const stoppedGradients: Rule = (node) => (node.operation === stopGradientOperation ? inputOf(node, 0) : node);

/** Reshapes and transposes in a row are one; a sum over axes of length 1 is a reshape. */
const rearrangements: Rule = (node) => {
  const [operand] = node.inputs;
  if (operand === undefined) return node;
  if (node.operation === reshapeOperation && operand.operation === reshapeOperation) {
    return reshape(inputOf(operand, 0), node.shape);
  }
  if (node.operation === transposeOperation) {
    const outer = numbersOf(node, 'permutation');
    if (outer.every((from, axis) => from === axis)) return operand;
    if (operand.operation === transposeOperation) {
      const inner = numbersOf(operand, 'permutation');
      return transpose(
        inputOf(operand, 0),
        outer.map((axis) => at(inner, axis)),
      );
    }
  }
  if (node.operation === sumOperation) {
    const trivial = numbersOf(node, 'axes').every((axis) => operand.shape[axis] === 1);
    if (trivial) return reshape(operand, node.shape);
  }
  return node;
};

/** A transposed matrix in a product becomes the product's own flag. */
const transposedFactors: Rule = (node) => {
  if (node.operation !== matmulOperation) return node;
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  const flags = { transposeA: node.attributes.transposeA === true, transposeB: node.attributes.transposeB === true };
  if (swapsRowsAndColumns(a)) {
    return matmul(inputOf(a, 0), b, { ...flags, transposeA: !flags.transposeA });
  }
  if (swapsRowsAndColumns(b)) {
    return matmul(a, inputOf(b, 0), { ...flags, transposeB: !flags.transposeB });
  }
  return node;
};

/** Whether the tensor is a transposed matrix, or a stack of them: no other axis moves. */
function swapsRowsAndColumns(tensor: Tensor): boolean {
  if (tensor.operation !== transposeOperation) return false;
  const permutation = numbersOf(tensor, 'permutation');
  const rank = permutation.length;
  return permutation.every((from, axis) => from === (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
}

const rules: readonly Rule[] = [
  stoppedGradients,
  constantFolding,
  neutralElement,
  scalarFactors,
  scalarsFirst,
  leadingOnes,
  implicitBroadcast,
  rearrangements,
  transposedFactors,
  adjacentSlabs,
  nestedConcatenations,
];

/**
 * The same program with common subexpressions shared, dead nodes dropped and trivial algebra done.
 * Results differ at most by the rounding of constant factors.
 */
export function simplify(subject: Program): Program {
  const canonical = new Map<string, Tensor>();
  const replacement = new Map<Tensor, Tensor>();

  const settle = (node: Tensor): Tensor => {
    for (const rule of rules) {
      const simpler = rule(node);
      if (simpler !== node) return settleAll(simpler);
    }
    const key = keyOf(node);
    const known = canonical.get(key);
    if (known !== undefined) return known;
    canonical.set(key, node);
    return node;
  };

  /** Settles a replacement whose inputs may be new nodes as well. */
  const settleAll = (node: Tensor): Tensor => {
    const known = canonical.get(keyOf(node));
    if (known === node) return node;
    const inputs = node.inputs.map(settleAll);
    return settle(inputs.every((input, index) => input === node.inputs[index]) ? node : withInputs(node, inputs));
  };

  for (const node of subject.nodes) {
    const inputs = node.inputs.map((input) => replacement.get(input) ?? input);
    const rebuilt = inputs.every((input, index) => input === node.inputs[index]) ? node : withInputs(node, inputs);
    replacement.set(node, settle(rebuilt));
  }
  const outputs = [...subject.outputs].map(([name, tensor]) => [name, replacement.get(tensor) ?? tensor] as const);
  return program(Object.fromEntries(outputs));
}

function keyOf(node: Tensor): string {
  const inputs = node.inputs.map((input) => input.id).join(',');
  return `${node.operation.name}(${inputs})${printAttributes(node.attributes).join(',')}:${node.shape.join(',')}`;
}
