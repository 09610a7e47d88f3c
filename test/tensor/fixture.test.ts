import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  add,
  gradients,
  hessianVectorProduct,
  input,
  matmul,
  mean,
  program,
  relu,
  softmaxCrossEntropy,
  type Tensor,
} from '../../src/tensor/index.js';
import { runProgram } from '../oracle/reference-engine.js';

interface Fixture {
  readonly init: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>>;
  readonly batches: readonly {
    readonly x_shape: readonly number[];
    readonly x: readonly number[];
    readonly y: readonly number[];
  }[];
  readonly at_init_batch_0: {
    readonly loss: number;
    readonly gradient: Readonly<Record<string, readonly number[]>>;
    readonly hessian_times_gradient: Readonly<Record<string, readonly number[]>>;
  };
}

const folder = process.env.PROBPREC_REFERENCE_DIR;
const reason = folder === undefined ? ' (skipped: PROBPREC_REFERENCE_DIR is not set)' : '';

/** The largest difference relative to the largest reference value. */
function relativeError(found: Float64Array | undefined, expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, index) => Math.abs(value - (found?.[index] ?? Number.NaN)))) / largest;
}

test.skipIf(folder === undefined)(`the reference MLP's loss, gradient and Hessian times gradient${reason}`, () => {
  const fixture: Fixture = JSON.parse(readFileSync(join(folder ?? '', 'preconditioner-mlp.json'), 'utf8'));
  const batch = fixture.batches[0];
  if (batch === undefined) throw new Error('the fixture has no batch');
  const names = Object.keys(fixture.init);
  expect(names).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  const parameters = Object.entries(fixture.init).map(([name, { shape }]) => input(name, shape));
  const [w0, b0, w2, b2] = parameters;
  if (!w0 || !b0 || !w2 || !b2) throw new Error('the fixture has too few parameters');

  const hidden = relu(add(matmul(input('x', batch.x_shape), w0, { transposeB: true }), b0));
  const logits = add(matmul(hidden, w2, { transposeB: true }), b2);
  const loss = mean(softmaxCrossEntropy(logits, input('y', [batch.y.length], 'int')));
  const gradient = gradients(loss, parameters);
  const hessianTimesGradient = hessianVectorProduct(
    gradient,
    parameters,
    names.map((name, index) => input(`vector ${name}`, parameters[index]?.shape ?? [])),
  );

  const expected = fixture.at_init_batch_0;
  const feeds = {
    ...Object.fromEntries(names.map((name) => [name, Float64Array.from(fixture.init[name]?.values ?? [])])),
    ...Object.fromEntries(names.map((name) => [`vector ${name}`, Float64Array.from(expected.gradient[name] ?? [])])),
    x: Float64Array.from(batch.x),
    y: Int32Array.from(batch.y),
  };
  const outputs: Record<string, Tensor> = { loss };
  gradient.forEach((tensor, index) => {
    outputs[`gradient ${names[index]}`] = tensor;
  });
  hessianTimesGradient.forEach((tensor, index) => {
    outputs[`product ${names[index]}`] = tensor;
  });
  const results = runProgram(program(outputs), feeds);
  expect(relativeError(results.loss, [expected.loss])).toBeLessThan(1e-9);
  for (const name of names) {
    expect(relativeError(results[`gradient ${name}`], expected.gradient[name] ?? []), name).toBeLessThan(1e-9);
    expect(relativeError(results[`product ${name}`], expected.hessian_times_gradient[name] ?? []), name).toBeLessThan(
      1e-9,
    );
  }
});
