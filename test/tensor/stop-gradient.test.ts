import { expect, test } from 'vitest';
import * as t from '../../src/tensor/index.js';
import { evaluate, runProgram } from '../oracle/reference-engine.js';

const x = t.input('x', [2]);
const feeds = { x: Float64Array.of(2, -3) };

test('derivatives treat the operand as a constant', () => {
  const [gradient] = t.gradients(t.dot(t.stopGradient(t.square(x)), x), [x]);
  expect(evaluate({ gradient: gradient ?? x }, feeds).gradient).toEqual(Float64Array.of(4, 9));
});

test('a Hessian-vector product along the gradient itself is H g', () => {
  const loss = t.sum(t.multiply(t.square(t.square(x)), 1 / 12));
  const gradient = t.gradients(loss, [x]);
  const [product] = t.hessianVectorProduct(gradient, [x], gradient.map(t.stopGradient));
  const found = evaluate({ product: product ?? x }, feeds).product;
  expect(found?.[0]).toBeCloseTo(4 * (8 / 3), 12);
  expect(found?.[1]).toBeCloseTo(9 * (-27 / 3), 12);
});

test('simplify removes it and keeps the numbers', () => {
  const program = t.program({ result: t.exp(t.stopGradient(x)) });
  const simpler = t.simplify(program);
  expect(t.printProgram(simpler)).not.toContain('stopGradient');
  expect(runProgram(simpler, feeds)).toEqual(runProgram(program, feeds));
});
