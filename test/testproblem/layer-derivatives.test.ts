import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random/index.js';
import * as layers from '../../src/testproblem/layers/index.js';
import * as losses from '../../src/testproblem/losses.js';
import { hessianAlongDirection, relativeError, scalarFunction, slopes } from '../tensor/finite-differences.js';
import { COMPOSING, layerTable } from './layer-table.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? 1);
/** Differences lose digits where several layers with steep parts are composed; pytorch.test.ts has closer comparisons. */
const TOLERANCE = 1e-5;

describe(`first and second derivatives of layers agree with finite differences (PROBPREC_TEST_SEED=${seed})`, () => {
  test.each(layerTable)('$name', ({ name, samples }) => {
    const random = randomStream(seed, name);
    for (const sample of samples(random)) {
      const shapes = sample.variables.map(({ shape }) => `[${shape}]`).join(' ');
      const what = `seed ${seed}, ${name}: ${shapes} → [${sample.result.shape}]`;
      const subject = scalarFunction(sample, random);
      const gradient = subject.gradients(sample.feeds);
      expect(relativeError(gradient, slopes(subject, sample)), `gradient, ${what}`).toBeLessThan(TOLERANCE);
      const { product, differences } = hessianAlongDirection(subject, sample, random);
      expect(relativeError(product, differences), `Hessian-vector product, ${what}`).toBeLessThan(TOLERANCE);
    }
  });
});

test('every layer and every loss has a row', () => {
  const named = [...Object.keys(layers), ...Object.keys(losses)].filter((name) => !COMPOSING.includes(name));
  const rows = layerTable.map(({ name }) => name.split(/[ ,]/)[0] ?? '');
  expect([...new Set(rows)].toSorted()).toEqual(named.toSorted());
});

test('a layer or loss that takes arguments is tried with two sets of them at least', () => {
  const makers: Readonly<Record<string, unknown>> = { ...layers, softmaxCrossEntropy: losses.softmaxCrossEntropy };
  const takesArguments = (make: unknown) => !/^[^(]*\(\s*\)/.test(String(make));
  const rows = layerTable.map(({ name }) => name.split(/[ ,]/)[0] ?? '');
  const once = Object.entries(makers).flatMap(([name, make]) =>
    !COMPOSING.includes(name) && takesArguments(make) && rows.filter((row) => row === name).length < 2 ? [name] : [],
  );
  expect(once).toEqual([]);
});

test('docs/networks.md has every layer', () => {
  const guide = readFileSync(new URL('../../docs/networks.md', import.meta.url), 'utf8');
  const missing = Object.keys(layers).filter((name) => !new RegExp(`^\\| .*\\b${name}\\b.*\\|`, 'm').test(guide));
  expect(missing).toEqual([]);
});
