import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../../src/engine/index.js';
import type { Observations } from '../../../src/optimizer/curvature/estimators/estimator.js';
import { compileFactor } from '../../../src/optimizer/curvature/factor.js';
import type { Layer } from '../../../src/optimizer/curvature/layers.js';
import { leadingTriplets } from '../../../src/optimizer/curvature/low-rank.js';
import { orthonormalBasis, roughBasis } from '../../../src/optimizer/curvature/orthonormal-basis.js';
import type { PosteriorState } from '../../../src/optimizer/curvature/posterior-state.js';
import { randomStream } from '../../../src/random/index.js';
import { input } from '../../../src/tensor/index.js';
import { normalMatrix } from '../../curvature/matrices.js';
import { openReferenceEngine } from '../../oracle/reference-engine.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

interface Case {
  readonly name: string;
  readonly size: number;
  readonly observations: number;
  /** Changes random S and Y. */
  readonly change?: (s: Matrix, y: Matrix) => void;
}

const copied = (matrix: Matrix, from: number, to: number) => matrix.setColumn(to, matrix.getColumn(from));

const cases: readonly Case[] = [
  { name: 'a long layer', size: 60, observations: 3 },
  { name: 'one observation', size: 30, observations: 1 },
  { name: 'a layer of N = 2m', size: 8, observations: 4 },
  { name: 'a layer of N = 2m + 1', size: 9, observations: 4 },
  { name: 'a layer of N < m', size: 3, observations: 5 },
  { name: 'two numbers', size: 2, observations: 2 },
  { name: 'one direction twice', size: 40, observations: 3, change: (s) => copied(s, 0, 2) },
  { name: 'one observation twice', size: 40, observations: 3, change: (_, y) => copied(y, 1, 2) },
  {
    name: 'a pair twice',
    size: 40,
    observations: 4,
    change: (s, y) => {
      copied(s, 0, 3);
      copied(y, 0, 3);
    },
  },
  {
    name: 'no curvature in one direction',
    size: 40,
    observations: 3,
    change: (_, y) => y.setColumn(1, Array(40).fill(0)),
  },
  {
    name: 'observations along the directions',
    size: 40,
    observations: 3,
    change: (s, y) => {
      for (const column of [0, 1, 2])
        y.setColumn(
          column,
          s.getColumn(column).map((value) => value * (1 + 2 * column)),
        );
    },
  },
  {
    name: 'directions that nearly coincide',
    size: 50,
    observations: 4,
    change: (s) => {
      for (const column of [1, 2, 3]) {
        const own = s.getColumn(column);
        s.setColumn(
          column,
          s.getColumn(0).map((value, row) => value + 1e-2 * (own[row] ?? 0)),
        );
      }
    },
  },
];

function normalisedColumns(matrix: Matrix): void {
  for (let column = 0; column < matrix.columns; column++) {
    const values = matrix.getColumn(column);
    const length = Math.hypot(...values);
    if (length > 0)
      matrix.setColumn(
        column,
        values.map((value) => value / length),
      );
  }
}

/** S, Y and the weights of X for a case; in float32, so that every engine starts from the same numbers. */
function sample({ name, size, observations, change }: Case) {
  const stream = randomStream(seed, name);
  const [s, y] = [normalMatrix(stream, size, observations), normalMatrix(stream, size, observations)];
  change?.(s, y);
  normalisedColumns(s);
  for (const matrix of [s, y])
    matrix.apply((row, column) => matrix.set(row, column, Math.fround(matrix.get(row, column))));
  const root = normalMatrix(stream, observations, observations);
  return {
    s,
    y,
    weights: root.mmul(root.transpose()).add(Matrix.eye(observations, observations)),
    shift: 0.5 + stream.uniform(),
    alpha: 0.3,
    w: 1.4,
  };
}

function observationsOf(s: Matrix, y: Matrix): Observations {
  const [st, yt] = [s.transpose(), y.transpose()];
  return { ss: st.mmul(s), sy: st.mmul(y), yy: yt.mmul(y), lengths: Array(s.columns).fill(1) };
}

function layerOf(size: number): Layer {
  return { name: 'layer', shape: [size], size, group: 0, parameter: input('p', [size]), input: 'p' };
}

/** Σ σᵢ uᵢ uᵢᵀ over the vectors of singular values that are not 1/α: what does not depend on signs. */
function weighted(u: readonly (readonly number[])[], sigma: readonly number[], size: number): Matrix {
  const total = Matrix.zeros(size, size);
  for (const [index, vector] of u.entries()) {
    const column = Matrix.columnVector([...vector]);
    total.add(column.mmul(column.transpose()).mul(sigma[index] ?? Number.NaN));
  }
  return total;
}

async function compare(engine: Engine, subject: Case, rank: number) {
  const { s, y, weights, shift, alpha, w } = sample(subject);
  const { size, observations } = subject;
  const layer = layerOf(size);
  const rows = (matrix: Matrix) =>
    Array.from({ length: observations }, (_, column) =>
      engine.upload(Float64Array.from(matrix.getColumn(column)), [1, size]),
    );
  const state: PosteriorState = {
    columns: observations,
    priors: [{ alpha, w, lambda: 1 }],
    layers: [
      {
        s: rows(s),
        y: rows(y),
        observations: observationsOf(s, y),
        mean: { shift, weights },
        correction: Matrix.zeros(observations, observations),
      },
    ],
  };
  const factor = await compileFactor(engine, [layer], { rank, observations, lifts: true });
  const [found] = await factor.compute(state);
  if (found === undefined || 'leftOut' in found) throw new Error(`left out: ${found?.leftOut}`);
  const x = Matrix.sub(y, Matrix.mul(s, shift)).mmul(weights);
  const mean = x
    .mmul(s.transpose())
    .mul(w ** 2)
    .add(Matrix.eye(size, size, 1 / alpha));
  const dense = new SingularValueDecomposition(mean);
  const count = Math.min(rank, size - 1);
  const u = Array.from(found.u?.[0] === undefined ? [] : await engine.download(found.u[0]));
  const vectors = found.directed.map((_, row) => u.slice(row * size, (row + 1) * size));
  const expected = dense.diagonal.slice(0, count);
  const own = expected.flatMap((sigma, index) => (Math.abs(sigma * alpha - 1) > 1e-6 ? [index] : []));
  return {
    sigma: found.sigma,
    expectedSigma: expected,
    directed: found.directed,
    expectedDirected: own,
    found: weighted(
      vectors,
      found.directed.map((index) => found.sigma[index] ?? 0),
      size,
    ),
    expected: weighted(
      own.map((index) => dense.leftSingularVectors.getColumn(index)),
      own.map((index) => dense.diagonal[index] ?? 0),
      size,
    ),
  };
}

/** What singular values and what vectors, weighted by them, may be off by, relative to the largest value. */
const engines: readonly [string, () => Promise<Engine>, { readonly sigma: number; readonly vectors: number }][] = [
  ['float64', async () => openReferenceEngine(), { sigma: 1e-9, vectors: 1e-12 }],
  ['onnxruntime', () => openEngine({ engine: 'onnxruntime' }), { sigma: 2e-3, vectors: 1e-5 }],
];

for (const [name, open, tolerance] of engines) {
  describe(`the low-rank factor agrees with a dense singular value decomposition, ${name} (PROBPREC_TEST_SEED=${seed})`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await open();
    });
    afterAll(() => engine.dispose());

    test.each(cases)('$name', async (subject) => {
      for (const rank of [1, 2, 3]) {
        const result = await compare(engine, subject, rank);
        const largest = Math.max(...result.expectedSigma);
        expect(result.sigma.length).toBe(result.expectedSigma.length);
        for (const [index, sigma] of result.sigma.entries()) {
          expect(Math.abs(sigma - (result.expectedSigma[index] ?? 0)) / largest).toBeLessThan(tolerance.sigma);
        }
        expect(result.directed).toEqual(result.expectedDirected);
        const difference = Matrix.sub(result.found, result.expected).norm('frobenius') / largest;
        expect(difference, `rank ${rank}`).toBeLessThan(tolerance.vectors);
      }
    });
  });
}

test.each(['float64', 'onnxruntime'])(
  'a long layer of many observations, in tiles, has the factor of a short one with the same numbers, %s',
  async (name) => {
    const [, open] = engines.find(([other]) => other === name) ?? [];
    if (open === undefined) throw new Error(name);
    const engine = await open();
    const observations = 20;
    const short = sample({ name: 'many observations', size: 60, observations });
    // The short layer's numbers, far apart among zeros.
    const [size, apart] = [2_000, 33];
    const factorOf = async (length: number, distance: number) => {
      const rows = (matrix: Matrix) =>
        Array.from({ length: observations }, (_, column) => {
          const row = new Float64Array(length);
          for (const [index, value] of matrix.getColumn(column).entries()) row[index * distance] = value;
          return engine.upload(row, [1, length]);
        });
      const { s, y, weights, shift, alpha, w } = short;
      const all = { s: rows(s), y: rows(y), observations: observationsOf(s, y), mean: { shift, weights } };
      const layers = [{ ...all, correction: Matrix.zeros(observations, observations) }];
      const factor = await compileFactor(engine, [layerOf(length)], {
        rank: 3,
        observations,
        lifts: true,
        tile: 10_000,
      });
      const [found] = await factor.compute({ columns: observations, priors: [{ alpha, w, lambda: 1 }], layers });
      if (found === undefined || 'leftOut' in found || found.u?.[0] === undefined) throw new Error('no factor');
      const u = await engine.download(found.u[0]);
      const places = Array.from({ length: 60 }, (_, index) => index * distance);
      const rest = Math.hypot(...[...u.filter((value, place) => value !== 0 && (place % length) % distance !== 0)]);
      return {
        sigma: found.sigma,
        rest,
        u: [0, 1, 2].map((row) => places.map((place) => u[row * length + place] ?? Number.NaN)),
      };
    };
    const [few, many] = [await factorOf(60, 1), await factorOf(size, apart)];
    expect(many.rest).toBe(0);
    for (const [place, sigma] of few.sigma.entries()) {
      expect((many.sigma[place] ?? 0) / sigma).toBeCloseTo(1, name === 'float64' ? 9 : 4);
      const aligned = few.u[place]?.reduce((sum, value, index) => sum + value * (many.u[place]?.[index] ?? 0), 0) ?? 0;
      expect(Math.abs(aligned)).toBeCloseTo(1, name === 'float64' ? 9 : 3);
    }
    await engine.dispose();
  },
);

describe('leading triplets', () => {
  test('the repeated value counts with its multiplicity and has no direction', () => {
    const small = Matrix.diag([5, 0.5, 3]);
    expect(leadingTriplets(small, 2, 4, 3)).toMatchObject({ sigma: [5, 3, 2], directed: [0, 1] });
    expect(leadingTriplets(small, 2, 4, 9)).toMatchObject({ sigma: [5, 3, 2, 0.5], directed: [0, 1, 3] });
    expect(leadingTriplets(small, 2, 3, 3)).toMatchObject({ sigma: [5, 3, 0.5], directed: [0, 1, 2] });
  });

  test('zero has no direction either', () => {
    expect(leadingTriplets(Matrix.diag([5, 0]), 2, 2, 2)).toMatchObject({ sigma: [5, 0], directed: [0] });
  });

  test('there are none of a matrix that is not finite', () => {
    expect(leadingTriplets(Matrix.diag([5, Number.NaN]), 2, 9, 2)).toBeNull();
    expect(leadingTriplets(Matrix.diag([5, 1]), Number.POSITIVE_INFINITY, 9, 2)).toBeNull();
  });
});

describe(`the orthonormal basis (PROBPREC_TEST_SEED=${seed})`, () => {
  const stream = randomStream(seed, 'basis');
  const independent = normalMatrix(stream, 30, 4);
  const nearlyDependent = independent.clone();
  nearlyDependent.setColumn(
    3,
    independent.getColumn(0).map((value, row) => value + 1e-6 * (independent.get(row, 3) ?? 0)),
  );
  const dependent = independent.clone().mmul(Matrix.diag([1, 1e6, 1e-6, 1]));
  dependent.setColumn(3, independent.getColumn(0));
  const withZeros = independent.clone().setColumn(2, Array(30).fill(0));

  test.each([
    ['independent columns', independent, 4],
    ['nearly dependent columns', nearlyDependent, 4],
    ['a column twice, and very different lengths', dependent, 3],
    ['a column of zeros', withZeros, 3],
    ['nothing but zeros', Matrix.zeros(30, 4), 0],
  ] as const)('of %s', (_, columns, rank) => {
    const rough = roughBasis(columns.transpose().mmul(columns), Number.EPSILON);
    if (rough === null) throw new Error('no rough basis');
    const first = columns.mmul(rough.transform);
    const basis = orthonormalBasis(first.transpose().mmul(first), rough);
    if (basis === null) throw new Error('no basis');
    expect(basis.transform.columns).toBe(rank);
    if (rank === 0) return;
    const q = first.mmul(basis.transform);
    expect(Matrix.sub(q.transpose().mmul(q), Matrix.eye(rank, rank)).norm('frobenius')).toBeLessThan(1e-9);
    const restored = q.mmul(basis.coordinates);
    for (let column = 0; column < columns.columns; column++) {
      const expected = columns.getColumn(column);
      const difference = restored.getColumn(column).map((value: number, row: number) => value - (expected[row] ?? 0));
      expect(Math.hypot(...difference)).toBeLessThanOrEqual(1e-9 * Math.hypot(...expected) + 1e-12);
    }
  });

  test('of numbers that are not finite', () => {
    expect(roughBasis(new Matrix([[Number.NaN]]), Number.EPSILON)).toBeNull();
  });
});
