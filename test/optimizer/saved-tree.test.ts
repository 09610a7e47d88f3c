import { Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { FileError } from '../../src/errors.js';
import { checkCounts, restoreTree, saveTree } from '../../src/optimizer/saved-tree.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';

const engine = openReferenceEngine();
const value = (...numbers: number[]) => engine.upload(Float64Array.from(numbers), [numbers.length]);

const tree = {
  phase: {
    kind: 'steps',
    groups: [
      { alpha: 0.1 + 0.2, usable: true },
      { alpha: Number.NaN, usable: false },
    ],
  },
  values: [value(1, 2), { inner: value(Math.PI) }],
  matrix: new Matrix([
    [1, 2],
    [3, Number.NEGATIVE_INFINITY],
  ]),
  empty: Matrix.zeros(0, 0),
  counts: Int32Array.of(1, 2),
  limits: [Number.POSITIVE_INFINITY, -0, null],
  nothing: {},
};

test('a tree of values, arrays, matrices and numbers comes back to the last bit, through JSON and arrays', async () => {
  const { arrays, values } = await saveTree(engine, tree);
  for (const array of Object.values(arrays)) {
    expect([Float32Array, Float64Array, Int32Array].some((type) => array instanceof type)).toBe(true);
  }
  const json = JSON.parse(JSON.stringify(values)) as typeof values;
  expect(json).toEqual(values);
  const back = restoreTree(engine, { arrays, values: json }) as typeof tree;
  expect(back).toEqual(tree);
  expect(Object.is(back.limits[1], -0)).toBe(true);
  expect(back.matrix).toBeInstanceOf(Matrix);
  expect(await engine.download(back.values[0] as never)).toEqual(Float64Array.of(1, 2));
  expect((await saveTree(engine, back)).values).toEqual(values);
});

test('what cannot be saved is named, and so is an array that is missing', async () => {
  await expect(saveTree(engine, { a: [{ f: () => 1 }] })).rejects.toThrow('a.0.f: a function cannot be saved');
  await expect(saveTree(engine, { a: undefined })).rejects.toThrow('a: a undefined cannot be saved');
  const saved = await saveTree(engine, tree);
  expect(() => restoreTree(engine, { ...saved, arrays: {} })).toThrow(FileError);
});

test('numbers that count something are counts', () => {
  checkCounts({ steps: 0, gradients: 2 ** 40 });
  for (const wrong of [-1, 0.5, Number.NaN, '3', null, undefined, [1], 2 ** 60]) {
    expect(() => checkCounts({ steps: wrong })).toThrow(/for its steps, expected a count/);
  }
});
