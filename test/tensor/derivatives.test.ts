import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random/index.js';
import * as tensors from '../../src/tensor/index.js';
import { kernels } from '../oracle/reference-engine.js';
import { derivativeTable } from './derivative-table.js';
import { hessianAlongDirection, relativeError, scalarFunction, slopes } from './finite-differences.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const TOLERANCE = 1e-6;

describe(`first and second derivatives agree with finite differences (PROBPREC_TEST_SEED=${seed})`, () => {
  test.each(derivativeTable)('$name', ({ name, samples }) => {
    const random = randomStream(seed, name);
    samples(random).forEach((sample, index) => {
      const shapes = sample.variables.map(({ shape }) => `[${shape}]`).join(' ');
      const what = `seed ${seed}, ${name}, sample ${index}: ${shapes} → [${sample.result.shape}]`;
      const subject = scalarFunction(sample, random);
      const gradient = subject.gradients(sample.feeds);
      expect(relativeError(gradient, slopes(subject, sample)), `gradient, ${what}`).toBeLessThan(TOLERANCE);
      const { product, differences } = hessianAlongDirection(subject, sample, random);
      expect(relativeError(product, differences), `Hessian-vector product, ${what}`).toBeLessThan(TOLERANCE);
    });
  });
});

describe('the table is complete', () => {
  const operationNames = Object.values(tensors).flatMap((exported) =>
    typeof exported === 'object' && 'derivative' in exported ? [exported.name] : [],
  );

  test('every file of src/tensor/operations has a row', () => {
    const folder = new URL('../../src/tensor/operations/', import.meta.url);
    const files = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
    expect([...new Set(derivativeTable.map(({ file }) => file))].toSorted()).toEqual(files.toSorted());
  });

  test('every operation occurs in the samples', () => {
    const samples = derivativeTable.flatMap((row) => row.samples(randomStream(1, row.name)));
    const occurring = new Set(
      samples.flatMap(({ result }) => tensors.nodesOf([result]).map(({ operation }) => operation.name)),
    );
    expect(operationNames.filter((name) => !occurring.has(name))).toEqual([]);
  });

  test('the oracle knows every operation and no other', () => {
    expect(Object.keys(kernels).concat('input').toSorted()).toEqual(operationNames.toSorted());
  });
});
