import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import {
  add,
  concatenate,
  constant,
  dot,
  exp,
  gradients,
  hashProgram,
  hessianVectorProduct,
  input,
  matmul,
  multiply,
  nodesOf,
  printProgram,
  program,
  relu,
  square,
  sum,
  type Tensor,
  zeros,
} from '../../src/tensor/index.js';
import { evaluate } from '../oracle/reference-engine.js';

function first(tensors: readonly Tensor[]): Tensor {
  const [tensor] = tensors;
  if (tensor === undefined) throw new Error('expected a tensor');
  return tensor;
}

function numbersOf(tensor: Tensor, feeds: Record<string, number[]> = {}): number[] {
  const converted = Object.entries(feeds).map(([name, values]) => [name, Float64Array.from(values)] as const);
  return [...(evaluate({ tensor }, Object.fromEntries(converted)).tensor ?? [])];
}

function layer(size = 3): Record<string, Tensor> {
  const [x, w] = [input('x', [2, size]), input('w', [size, size])];
  const loss = sum(square(relu(matmul(x, w))));
  return { loss, gradient: first(gradients(loss, [w])) };
}

describe('program', () => {
  test('has each node once, inputs before their users, and lists the inputs it depends on', () => {
    input('unused', [2]);
    const { nodes, inputs, outputs } = program(layer());
    expect(new Set(nodes).size).toBe(nodes.length);
    const position = new Map(nodes.map((node, index) => [node, index]));
    for (const [index, node] of nodes.entries()) {
      for (const operand of node.inputs) expect(position.get(operand)).toBeLessThan(index);
    }
    expect([...inputs.keys()].toSorted()).toEqual(['w', 'x']);
    expect([...outputs.keys()]).toEqual(['loss', 'gradient']);
  });

  test('leaves out what the outputs do not need', () => {
    const x = input('x', [2]);
    const needless = exp(x);
    expect(nodesOf([square(x)])).not.toContain(needless);
  });

  test('rejects two different inputs with one name, and takes one input used twice', () => {
    expect(() => program({ y: add(input('x', []), input('x', [])) })).toThrow(ShapeError);
    expect(() => program({ y: add(input('x', []), input('x', [])) })).toThrow('two inputs are named x');
    const x = input('x', []);
    expect(program({ y: add(x, x), z: square(x) }).inputs.size).toBe(1);
  });

  test('copes with an output that is an input, and with long chains', () => {
    const x = input('x', [2]);
    expect(numbersOf(x, { x: [3, 4] })).toEqual([3, 4]);
    let chain: Tensor = x;
    for (let i = 0; i < 20_000; i++) chain = add(chain, 1);
    expect(numbersOf(chain, { x: [3, 4] })).toEqual([20_003, 20_004]);
    expect(numbersOf(first(gradients(sum(chain), [x])), { x: [3, 4] })).toEqual([1, 1]);
  });
});

describe('printProgram and hashProgram', () => {
  test('a program reads line by line', () => {
    const [x, w] = [input('x', [4, 3]), input('w', [2, 3])];
    expect(printProgram(program({ loss: sum(multiply(relu(matmul(x, w, { transposeB: true })), 0.5)) }))).toBe(
      `%0 = input(name="x") : [4, 3] float
%1 = input(name="w") : [2, 3] float
%2 = matmul(%0, %1, transposeA=false, transposeB=true) : [4, 2] float
%3 = relu(%2) : [4, 2] float
%4 = constant(value=0.5) : [] float
%5 = multiply(%3, %4) : [4, 2] float
%6 = sum(%5, axes=[0,1], keepDims=false) : [] float
return loss: %6
`,
    );
  });

  test('the same construction gives the same hash, whatever was built before', () => {
    const hash = hashProgram(program(layer()));
    exp(input('something else', []));
    expect(hashProgram(program(layer()))).toBe(hash);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each<[string, Record<string, Tensor>]>([
    ['a shape', { y: square(input('x', [3])) }],
    ['a type', { y: input('x', [2], 'int') }],
    ['an input name', { y: square(input('z', [2])) }],
    ['an output name', { z: square(input('x', [2])) }],
    ['an operation', { y: exp(input('x', [2])) }],
    ['an attribute', { y: concatenate([input('x', [2]), constant(1, [2])], 0) }],
  ])('another hash for another %s', (_, outputs) => {
    expect(hashProgram(program(outputs))).not.toBe(hashProgram(program({ y: square(input('x', [2])) })));
  });

  test('constants that JSON cannot tell apart have different hashes', () => {
    const values = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const hashes = values.map((value) => hashProgram(program({ y: constant(value) })));
    expect(new Set(hashes).size).toBe(values.length);
  });
});

describe('gradients', () => {
  test('of a tensor that the scalar does not depend on are zeros of its shape', () => {
    const [x, unrelated] = [input('x', [2]), input('unrelated', [2, 3])];
    const [ofX, ofUnrelated] = gradients(sum(square(x)), [x, unrelated]);
    expect(ofUnrelated?.shape).toEqual([2, 3]);
    expect(numbersOf(ofUnrelated ?? x)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(numbersOf(ofX ?? x, { x: [1, 2] })).toEqual([2, 4]);
  });

  test('of a linear function: the Hessian-vector product is zero', () => {
    const [x, v] = [input('x', [2]), input('v', [2])];
    const gradient = gradients(sum(multiply(x, 3)), [x]);
    expect(numbersOf(first(hessianVectorProduct(gradient, [x], [v])), { x: [1, 2], v: [1, 1] })).toEqual([0, 0]);
  });

  test('of the scalar itself, of an intermediate tensor, and of the same tensor twice', () => {
    const x = input('x', [2]);
    const hidden = square(x);
    const loss = dot(hidden, hidden);
    const [ofLoss, ofHidden, ofX, again] = gradients(loss, [loss, hidden, x, x]);
    expect(numbersOf(ofLoss ?? x)).toEqual([1]);
    expect(numbersOf(ofHidden ?? x, { x: [1, 3] })).toEqual([2, 18]);
    expect(numbersOf(ofX ?? x, { x: [1, 3] })).toEqual([4, 108]);
    expect(again).toBe(ofX);
  });

  test('paths that join are added up', () => {
    const x = input('x', []);
    // y = x · eˣ + x: dy/dx = eˣ (1 + x) + 1, at 0: 2.
    expect(numbersOf(first(gradients(add(multiply(x, exp(x)), x), [x])), { x: [0] })).toEqual([2]);
  });

  test('third and fourth derivative of x⁴ are 24 x and 24, the fifth is 0', () => {
    const x = input('x', []);
    const derivatives = [square(square(x))];
    for (let order = 1; order <= 5; order++) derivatives.unshift(first(gradients(first(derivatives), [x])));
    expect(derivatives.toReversed().map((y) => numbersOf(y, { x: [1.5] })[0])).toEqual([5.0625, 13.5, 27, 36, 24, 0]);
  });

  test('the Hessian-vector product treats its vectors as constants of the sum vᵀ∇L', () => {
    // L = x₀² x₁: H = [[2 x₁, 2 x₀], [2 x₀, 0]]; at (3, 5), v = (1, 2): H v = (22, 6).
    const [a, b] = [input('a', []), input('b', [])];
    const gradient = gradients(multiply(square(a), b), [a, b]);
    const [ofA, ofB] = hessianVectorProduct(gradient, [a, b], [constant(1), constant(2)]);
    expect(numbersOf(ofA ?? a, { a: [3], b: [5] })).toEqual([22]);
    expect(numbersOf(ofB ?? a, { a: [3], b: [5] })).toEqual([6]);
  });

  test('a network does not build what is not asked for', () => {
    const [x, w] = [input('x', [2, 3]), input('w', [3, 3])];
    const gradient = first(gradients(sum(square(matmul(x, w))), [w]));
    const products = nodesOf([gradient]).filter(({ operation }) => operation.name === 'matmul');
    expect(products).toHaveLength(2);
  });

  test('need a floating-point scalar', () => {
    expect(() => gradients(zeros([2]), [])).toThrow('gradients: found [2] float, expected a scalar');
    expect(() => gradients(input('n', [], 'int'), [])).toThrow(ShapeError);
  });
});
