import { expect, test } from 'vitest';
import { panelReflectors } from '../../src/linear-algebra/householder-panel.js';
import { matrixFunction, symmetricEigen } from '../../src/linear-algebra/symmetric-eigen.js';
import { randomStream } from '../../src/random/index.js';

type Matrix = { readonly n: number; readonly entry: (i: number, j: number) => number };

const stream = randomStream(5, 'matrices');
const noise = Float64Array.from({ length: 90 * 90 }, () => stream.normal());
const factor = (i: number, k: number) => noise[90 * i + k] ?? 0;

/** Σ of f over 0 … n − 1. */
const sum = (n: number, f: (k: number) => number) =>
  Array.from({ length: n }, (_, k) => f(k)).reduce((a, b) => a + b, 0);

/** Second moments of `rank` vectors: every other eigenvalue is zero. */
const moments = (n: number, rank: number, scale = 1): Matrix => ({
  n,
  entry: (i, j) => scale * sum(rank, (k) => factor(i, k) * factor(j, k)),
});

const cases: readonly [string, Matrix][] = [
  ['one number', { n: 1, entry: () => -3 }],
  ['zeros', { n: 5, entry: () => 0 }],
  ['the identity', { n: 6, entry: (i, j) => (i === j ? 1 : 0) }],
  ['a permuted diagonal', { n: 7, entry: (i, j) => (i === j ? (i * 3) % 7 : 0) }],
  ['second differences', { n: 33, entry: (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0) }],
  ['indefinite', { n: 90, entry: (i, j) => factor(Math.max(i, j), Math.min(i, j)) }],
  ['moments of low rank', moments(90, 7)],
  [
    'rows and columns of zeros',
    { n: 40, entry: (i, j) => (i % 3 === 0 || j % 3 === 0 ? 0 : moments(40, 5).entry(i, j)) },
  ],
  ['very small numbers', moments(20, 20, 1e-200)],
  ['very large numbers', moments(20, 20, 1e200)],
  ['graded', { n: 30, entry: (i, j) => 10 ** (-(i + j) / 4) * (i === j ? 2 : 1) }],
];

test.each(cases)('%s', (_, { n, entry }) => {
  const matrix = Float64Array.from({ length: n * n }, (_, place) => entry(Math.floor(place / n), place % n));
  const found = symmetricEigen(matrix, n);
  const size = Math.max(...matrix.map(Math.abs));
  const vector = (k: number, i: number) => found.vectors[k * n + i] ?? Number.NaN;
  expect([...found.values]).toEqual([...found.values].toSorted((a, b) => a - b));
  let [skew, residual] = [0, 0];
  for (let k = 0; k < n; k++) {
    for (let l = 0; l <= k; l++) {
      skew = Math.max(skew, Math.abs(sum(n, (i) => vector(k, i) * vector(l, i)) - (k === l ? 1 : 0)));
    }
    for (let i = 0; i < n; i++) {
      const image = sum(n, (j) => (matrix[i * n + j] ?? 0) * vector(k, j));
      residual = Math.max(residual, Math.abs(image - (found.values[k] ?? 0) * vector(k, i)));
    }
  }
  expect(skew).toBeLessThan(1e-13);
  expect(residual).toBeLessThanOrEqual(1e-13 * size * Math.sqrt(n));
  const back = matrixFunction(found, (value) => value);
  expect(Math.max(...back.map((value, place) => Math.abs(value - (matrix[place] ?? 0))))).toBeLessThanOrEqual(
    1e-12 * size,
  );
});

test('eigenvalues of second differences are 2 − 2 cos(kπ / (n + 1))', () => {
  const n = 33;
  const matrix = Float64Array.from({ length: n * n }, (_, place) => {
    const distance = Math.abs(Math.floor(place / n) - (place % n));
    return distance === 0 ? 2 : distance === 1 ? -1 : 0;
  });
  const { values } = symmetricEigen(matrix, n);
  for (const [k, value] of values.entries()) {
    expect(value).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), 13);
  }
});

test('a number that is not finite makes everything NaN', () => {
  for (const value of [Number.NaN, Infinity]) {
    const { values, vectors } = symmetricEigen(Float64Array.of(1, 2, 2, value), 2);
    expect([...values, ...vectors]).toEqual(Array(6).fill(Number.NaN));
  }
});

test('the reflectors of a panel bring its columns into triangular form', () => {
  const [rows, columns] = [40, 9];
  // The third column is zero, the fifth a multiple of the first.
  const entry = (i: number, j: number) => (j === 2 ? 0 : j === 4 ? 3 * factor(i, 0) : factor(i, j));
  const panel = Float64Array.from({ length: rows * columns }, (_, p) => entry(Math.floor(p / columns), p % columns));
  const { y, t } = panelReflectors(panel, rows, columns);
  const reflectors = (i: number, j: number) => y[i * columns + j] ?? Number.NaN;
  const numbers = Float64Array.from({ length: rows * rows }, (_, place) => {
    const [i, j] = [Math.floor(place / rows), place % rows];
    const product = sum(columns, (a) =>
      sum(columns, (b) => reflectors(i, a) * (t[a * columns + b] ?? Number.NaN) * reflectors(j, b)),
    );
    return (i === j ? 1 : 0) - product;
  });
  const q = (i: number, j: number) => numbers[i * rows + j] ?? Number.NaN;
  let [skew, below] = [0, 0];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) {
      skew = Math.max(skew, Math.abs(sum(rows, (k) => q(k, i) * q(k, j)) - (i === j ? 1 : 0)));
    }
    for (let j = 0; j < Math.min(i, columns); j++) {
      below = Math.max(below, Math.abs(sum(rows, (k) => q(k, i) * entry(k, j))));
    }
  }
  expect(skew).toBeLessThan(1e-13);
  expect(below).toBeLessThan(1e-12);
});
