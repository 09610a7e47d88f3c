import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/index.js';
import { input, program } from '../../src/tensor/index.js';
import { deviations, runOn } from './engine-case.js';
import { enginesUnderTest } from './engine-list.js';
import { modelCases, networkCases, tieCases } from './engine-networks.js';
import { operationCases } from './engine-operations.js';
import { nonFiniteCases, programCases } from './engine-programs.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const operations = operationCases(seed);

for (const { name, open, skipReason } of enginesUnderTest) {
  const title = `${name} computes what the oracle computes (PROBPREC_TEST_SEED=${seed})`;
  describe.skipIf(skipReason !== null)(skipReason === null ? title : `${title}: skipped, ${skipReason}`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open();
    });
    afterAll(() => engine.dispose());

    test.each(operations)('$name and its derivatives', async ({ cases }) => {
      for (const subject of cases) expect(await deviations(engine, subject)).toEqual([]);
    });

    test.each(networkCases)('a convolution and its derivatives: $name', async ({ cases }) => {
      for (const subject of cases) expect(await deviations(engine, subject)).toEqual([]);
    });

    test.each(modelCases)('a network and its derivatives: $name', async (subject) => {
      expect(await deviations(engine, subject)).toEqual([]);
    });

    test.each(tieCases)('the first of equal pixels is the maximum: $name', async (subject) => {
      expect(await deviations(engine, subject)).toEqual([]);
    });

    test.each(programCases)('a program with $name', async (subject) => {
      expect(await deviations(engine, subject)).toEqual([]);
    });

    test.each(nonFiniteCases)('$name does not hide NaN and infinity', async ({ f, finite }) => {
      const x = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1);
      const { y = [] } = await runOn(engine, program({ y: f(input('x', [4])) }), { x });
      expect(Array.from(y, Number.isFinite), Array.from(y).join(' ')).toEqual(finite);
    });
  });
}
