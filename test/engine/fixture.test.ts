import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { networkProblem, openProblem } from '../../src/run/index.js';
import { dense, relu } from '../../src/testproblem/index.js';
import { relativeDistance } from '../contract/engine-case.js';

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

test.skipIf(folder === undefined)(`the reference MLP's gradient and Hessian times gradient${reason}`, async () => {
  const fixture: Fixture = JSON.parse(readFileSync(join(folder ?? '', 'preconditioner-mlp.json'), 'utf8'));
  const [batch] = fixture.batches;
  if (batch === undefined) throw new Error('the fixture has no batch');
  const parameters = Object.values(fixture.init);
  const [batchSize = 0, ...inputShape] = batch.x_shape;
  const units = parameters.flatMap(({ shape }) => (shape.length === 1 ? shape : []));
  const problem = networkProblem({ inputShape, network: [dense(units[0] ?? 0), relu(), dense(units[1] ?? 0)] });
  expect(problem.parameters.map(({ shape }) => shape)).toEqual(parameters.map(({ shape }) => shape));

  const functions = await openProblem(problem, { batchSize });
  const { loss, gradient, hessian_times_gradient } = fixture.at_init_batch_0;
  const found = await functions.hessianVectorProduct(
    parameters.map(({ values }) => Float64Array.from(values)),
    { inputs: Float64Array.from(batch.x), labels: batch.y },
    Object.values(gradient).map((values) => Float64Array.from(values)),
  );
  await functions.dispose();
  expect(relativeDistance([found.loss], [loss])).toBeLessThan(1e-5);
  for (const [index, name] of Object.keys(fixture.init).entries()) {
    expect(relativeDistance(found.gradient[index], gradient[name] ?? []), name).toBeLessThan(1e-4);
    expect(relativeDistance(found.product[index], hessian_times_gradient[name] ?? []), name).toBeLessThan(1e-4);
  }
});
