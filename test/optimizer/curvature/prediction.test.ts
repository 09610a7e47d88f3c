import { inverse, Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { paperEstimator } from '../../../src/optimizer/curvature/estimators/paper.js';
import { scoreOf } from '../../../src/optimizer/curvature/estimators/prediction.js';
import { thesisEstimator } from '../../../src/optimizer/curvature/estimators/thesis.js';
import type { NewColumn } from '../../../src/optimizer/curvature/observations.js';
import { type RandomStream, randomStream } from '../../../src/random/index.js';
import { normalMatrix, priorMatrix } from '../../curvature/matrices.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const SIZE = 7;
const COLUMNS = 3;
const prior = { alpha: 0.4, w: 1.7, lambda: 0.6 };

/** A Hessian of the prior, its noisy products with columns of length one, and another product of the same kind. */
function drawn(stream: RandomStream) {
  const hessian = priorMatrix(stream, SIZE, prior);
  const unit = (columns: number) => {
    const all = normalMatrix(stream, SIZE, columns);
    return all.mmul(Matrix.diag(Array.from({ length: columns }, (_, i) => 1 / Math.hypot(...all.getColumn(i)))));
  };
  const product = (s: Matrix) => hessian.mmul(s).add(normalMatrix(stream, SIZE, s.columns).mul(prior.lambda));
  const [s, next] = [unit(COLUMNS), unit(1)];
  return { s, y: product(s), next, observed: product(next) };
}

function scored({ s, y, next, observed }: ReturnType<typeof drawn>, estimator = paperEstimator) {
  const lengths = Array.from({ length: COLUMNS }, () => 1);
  const [st, yt] = [s.transpose(), y.transpose()];
  const observations = { ss: st.mmul(s), sy: st.mmul(y), yy: yt.mmul(y), lengths };
  const column: NewColumn = {
    length: 1,
    ss: st.mmul(next).to1DArray(),
    sy: st.mmul(observed).to1DArray(),
    ys: yt.mmul(next).to1DArray(),
    yy: yt.mmul(observed).to1DArray(),
    ownSy: next.transpose().mmul(observed).get(0, 0),
    ownYy: 0,
  };
  const mean = estimator.posteriorMean(observations, prior);
  return { mean, score: scoreOf(mean, prior, column) };
}

test(`of Hessians that the prior draws are standard normal numbers (PROBPREC_TEST_SEED=${seed})`, () => {
  const stream = randomStream(seed, 'scores');
  const count = 4000;
  const scores = Array.from({ length: count }, () => scored(drawn(stream)).score.z);
  const mean = scores.reduce((sum, z) => sum + z, 0) / count;
  const variance = scores.reduce((sum, z) => sum + (z - mean) ** 2, 0) / count;
  // Five standard errors.
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(count));
  expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
});

test.each([
  ['paper', paperEstimator],
  ['thesis', thesisEstimator],
])('%s: mean and variance are those of the dense matrices', (_, estimator) => {
  const sample = drawn(randomStream(seed, 'dense'));
  const { mean, score } = scored(sample, estimator);
  const { s, y, next, observed } = sample;
  const { alpha, w, lambda } = prior;
  const x = Matrix.sub(y, Matrix.mul(s, mean.shift)).mmul(mean.weights);
  const hessian = Matrix.eye(SIZE, SIZE, 1 / alpha).add(x.mmul(s.transpose()).mul(w ** 2));
  const weights =
    estimator === paperEstimator
      ? inverse(
          s
            .transpose()
            .mmul(s)
            .mul(w ** 2)
            .add(Matrix.eye(COLUMNS, COLUMNS, lambda ** 2)),
        )
      : mean.weights;
  const covariance = Matrix.eye(SIZE, SIZE)
    .sub(
      s
        .mmul(weights)
        .mmul(s.transpose())
        .mul(w ** 2),
    )
    .mul(w ** 2);
  const along = (matrix: Matrix) => next.transpose().mmul(matrix).get(0, 0);
  const variance = along(covariance.mmul(next));
  expect(score.remaining * w ** 2).toBeCloseTo(variance, 10);
  const z = (along(observed) - along(hessian.mmul(next))) / Math.sqrt(variance + lambda ** 2);
  expect(score.z).toBeCloseTo(z, 10);
});
