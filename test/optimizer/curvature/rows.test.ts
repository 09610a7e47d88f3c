import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../../src/engine/index.js';
import { columnTiles, combinedRows, innerProducts, productsWithRows } from '../../../src/optimizer/curvature/rows.js';
import { randomStream } from '../../../src/random/index.js';
import { concatenate, input, program } from '../../../src/tensor/index.js';
import { evaluate } from '../../oracle/reference-engine.js';

/** Rows [p, N] of normal numbers of the size of gradients. */
function normalRows(p: number, size: number, stream: string): Float32Array {
  const random = randomStream(1, stream, p * size);
  return Float32Array.from({ length: p * size }, () => random.normal() * 1e-3);
}

/** Inner products of the rows in double precision, one after the other, each beside the lengths' product. */
function exact(a: Float32Array, b: Float32Array, size: number): { product: number; size: number }[] {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, k) => sum + value * (y[k] ?? 0), 0);
  const rowsOf = (all: Float32Array) =>
    Array.from({ length: all.length / size }, (_, row) => all.subarray(row * size, (row + 1) * size));
  return rowsOf(a).flatMap((x) =>
    rowsOf(b).map((y) => ({ product: dot(x, y), size: Math.sqrt(dot(x, x) * dot(y, y)) })),
  );
}

/** The largest error of innerProducts beside the lengths of its rows. `b` null: of a with itself. */
async function error(engine: Engine, a: Float32Array, b: Float32Array | null, size: number): Promise<number> {
  const [p, q] = [a.length / size, (b ?? a).length / size];
  const left = input('a', [p, size]);
  const right = b === null ? left : input('b', [q, size]);
  const executable = await engine.compile(program({ products: innerProducts(left, right) }));
  const feeds = { a: engine.upload(a, [p, size]), ...(b === null ? {} : { b: engine.upload(b, [q, size]) }) };
  const { products } = await executable.run(feeds);
  if (products === undefined) throw new Error('no products');
  expect(products.shape).toEqual([p, q]);
  const found = await engine.download(products);
  const errors = exact(a, b ?? a, size).map(({ product, size: lengths }, index) =>
    Math.abs(((found[index] ?? Number.NaN) - product) / lengths),
  );
  return Math.max(...errors);
}

describe.each(['onnxruntime', 'tfjs-cpu'])('inner products of long rows with %s', (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ engine: name, threads: 1 });
  });
  afterAll(() => engine.dispose());

  test('of 3.2 million numbers, as many as the largest layer of fmnist_2c2d has, lose no digits', async () => {
    const size = 3_211_264;
    // One product after the other in single precision has −1.3e-4.
    expect(await error(engine, normalRows(1, size, 'dot'), null, size)).toBeLessThan(2e-7);
  });

  // 4,099 is a prime number, and 784,001 has no divisor from 4 to 31.
  test.each([
    [1, 1, 784_001],
    [1, 4, 50_000],
    [2, 8, 51_200],
    [10, 10, 20_000],
    [3, 20, 4099],
    [3, 20, 100],
  ])('of %d with %d rows of %d', async (p, q, size) => {
    const a = normalRows(p, size, 'a');
    // Rows that point the same way, whose products are the ones to lose digits.
    const b = normalRows(q, size, 'b').map((value, index) => value + (a[index % a.length] ?? 0));
    expect(await error(engine, a, b, size)).toBeLessThan(4e-7);
    expect(await error(engine, a, null, size)).toBeLessThan(4e-7);
  });
});

test('in double precision are those of the definition, whatever the length', () => {
  for (const size of [10, 4096, 4099, 9600]) {
    const [a, b] = [normalRows(2, size, 'a'), normalRows(3, size, 'b')];
    const products = innerProducts(input('a', [2, size]), input('b', [3, size]));
    const found = evaluate({ products }, { a: Float64Array.from(a), b: Float64Array.from(b) }).products ?? [];
    for (const [index, { product, size: lengths }] of exact(a, b, size).entries()) {
      expect(Math.abs((found[index] ?? Number.NaN) - product) / lengths).toBeLessThan(1e-15);
    }
  }
});

test.each([
  { count: 5, size: 9_000, parts: 1 },
  { count: 16, size: 300, parts: 1 },
  { count: 23, size: 100, parts: 1 },
  { count: 40, size: 7_001, parts: 55 },
])('$count rows of $size numbers that are given one by one are one matrix', ({ count, size, parts }) => {
  const list = Array.from({ length: count }, (_, row) => input(`row${row}`, [1, size]));
  const [a, coefficients] = [input('a', [2, size]), input('c', [1, count])];
  const whole = concatenate(list, 0);
  const tiles = columnTiles(list, 3000);
  const rows = Object.fromEntries(
    list.map((_, row) => [`row${row}`, Float64Array.from(normalRows(1, size, `r${row}`))]),
  );
  const feeds = {
    ...rows,
    a: Float64Array.from(normalRows(2, size, 'a')),
    c: Float64Array.from(normalRows(1, count, 'c')),
  };
  const found = evaluate(
    {
      products: productsWithRows(a, list, 5),
      expectedProducts: innerProducts(a, whole),
      tiled: concatenate(tiles, 1),
      whole,
      combined: combinedRows(coefficients, list),
    },
    feeds,
  );
  const { products = [], expectedProducts = [], combined = [] } = found;
  for (const [index, value] of products.entries()) expect(value).toBeCloseTo(expectedProducts[index] ?? Number.NaN, 12);
  expect(found.tiled).toEqual(found.whole);
  for (const place of [0, 1, size - 1]) {
    const expected = list.reduce((sum, _, row) => sum + (feeds.c[row] ?? 0) * (rows[`row${row}`]?.[place] ?? 0), 0);
    expect(combined[place]).toBeCloseTo(expected, 12);
  }
  expect(tiles.length).toBe(parts);
});
