import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random/index.js';
import * as tensors from '../../src/tensor/index.js';
import * as vocabulary from '../../src/tensor/vocabulary.js';
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
  const folder = new URL('../../src/tensor/operations/', import.meta.url);
  const files = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
  let exported: readonly (readonly [name: string, value: unknown])[];
  let operationNames: readonly string[];
  beforeAll(async () => {
    const modules = await Promise.all(files.map((file) => import(new URL(`${file}.ts`, folder).href)));
    exported = modules.flatMap((module) => Object.entries(module as object));
    operationNames = exported.flatMap(([, value]) =>
      typeof value === 'object' && value !== null && 'derivative' in value ? [(value as tensors.Operation).name] : [],
    );
  });

  test('every file of src/tensor/operations has a row', () => {
    expect([...new Set(derivativeTable.map(({ file }) => file))].toSorted()).toEqual(files.toSorted());
  });

  test('every operation occurs in the samples', () => {
    const samples = derivativeTable.flatMap((row) => row.samples(randomStream(1, row.name)));
    const occurring = new Set(
      samples.flatMap(({ result }) => tensors.nodesOf([result]).map(({ operation }) => operation.name)),
    );
    expect(operationNames.filter((name) => !occurring.has(name))).toEqual([]);
  });

  test('every function that makes a tensor can be written by users, but for the parts of derivatives', () => {
    const parts = [
      'asTensor',
      'isConstant',
      'geometryOf',
      'paddingFor',
      'poolingGeometryOf',
      'maxPoolGather',
      'maxPoolScatter',
    ];
    const functions = exported.flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
    expect(functions.filter((name) => !parts.includes(name) && !(name in vocabulary))).toEqual([]);
  });

  test('the oracle knows every operation and no other', () => {
    expect(Object.keys(kernels).concat('input').toSorted()).toEqual(operationNames.toSorted());
  });
});
