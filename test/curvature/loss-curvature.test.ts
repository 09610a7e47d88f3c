import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import {
  dot,
  hutchinson,
  LossCurvature,
  type LossCurvatureOptions,
  type LossPoint,
  lanczos,
  type MinibatchFeeds,
  measureSpectrum,
  parameterBlocks,
  part,
  rademacher,
  restricted,
  symmetricEigen,
} from '../../src/curvature/index.js';
import { quadraticHessian } from '../../src/dataset/index.js';
import { compileFunction, type Engine, openEngine } from '../../src/engine/index.js';
import { constantValues } from '../../src/optimizer/training-task.js';
import { randomStream } from '../../src/random/index.js';
import { networkProblem } from '../../src/run/index.js';
import { constant, gradients, dot as innerProduct, input } from '../../src/tensor/index.js';
import {
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  initialStates,
  inputNames,
  type Layer,
  loadTestProblem,
  minibatchNoise,
  relu,
  type TestProblem,
  tanh,
  uploadNoise,
} from '../../src/testproblem/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { matrixOf } from './matrices.js';

const seed = Number(process.env.PROBPREC_TEST_SEED ?? 1);
const BATCH = 6;
const CLASSES = 4;

/** A problem at random parameters with random minibatches, in double precision. */
function set(problem: TestProblem, options: Partial<LossCurvatureOptions> = {}, minibatches = 1) {
  const engine = openReferenceEngine();
  const random = randomStream(seed, 'curvature', problem.name);
  const normal = (length: number) => Float64Array.from({ length }, () => random.normal());
  const loss = new LossCurvature(engine, problem, {
    batchSize: BATCH,
    constants: constantValues(engine, problem),
    ...options,
  });
  const values = problem.initialParameters(seed).map((own) => Float64Array.from(own, (w) => w + 0.3 * random.normal()));
  const point: LossPoint = {
    parameters: problem.parameters.map(({ shape }, index) => engine.upload(values[index] ?? normal(0), shape)),
    states: initialStates(engine, loss.symbolic),
  };
  const size = problem.inputShape.reduce((product, length) => product * length, 1);
  const data = Array.from({ length: minibatches }, () => ({
    inputs: normal(BATCH * size),
    labels: Int32Array.from({ length: BATCH }, () => random.integer(CLASSES)),
  }));
  const feeds = data.map(
    ({ inputs, labels }, step): MinibatchFeeds => ({
      [inputNames.inputs]: engine.upload(inputs, [BATCH, ...problem.inputShape]),
      [inputNames.labels]: engine.upload(labels, [BATCH]),
      ...uploadNoise(engine, loss.symbolic, minibatchNoise(loss.symbolic, { seed, epoch: 0, step })),
    }),
  );
  return { engine, loss, point, data, feeds, values, minibatches: () => feeds };
}

function largestDifference(a: Matrix, b: Matrix): number {
  return Math.max(...Matrix.sub(a, b).to1DArray().map(Math.abs)) / Math.max(...b.to1DArray().map(Math.abs));
}

const small = (network: readonly Layer[], inputShape: readonly number[]) => networkProblem({ inputShape, network });
const perceptron = small([dense(12), tanh(), dense(8), relu(), dense(CLASSES)], [9]);

describe(`curvature of a loss (PROBPREC_TEST_SEED=${seed})`, () => {
  test("a dense network's whole spectrum agrees with a dense decomposition of its Hessian", async () => {
    const { loss, point, minibatches } = set(perceptron, { l2Reg: 0.01 });
    expect(loss.size).toBe(260);
    const operator = loss.operator('hessian', point, minibatches);
    const hessian = await matrixOf(operator, loss.size);
    expect(largestDifference(hessian, hessian.transpose())).toBeLessThan(1e-12);
    const exact = (symmetricEigen(hessian)?.values ?? []).toReversed();
    const start = Float64Array.from(rademacher(randomStream(seed, 'start'), loss.size));
    const { pairs } = await lanczos(operator, start, { steps: loss.size });
    // Each value that is claimed to be converged is an eigenvalue, and the largest and smallest ones are all there.
    for (const { value, residual } of pairs) {
      expect(Math.min(...exact.map((other) => Math.abs(other - value)))).toBeLessThan(residual + 1e-10);
    }
    for (const index of [0, 1, 2, 3, 4, 5]) expect(pairs[index]?.value).toBeCloseTo(exact[index] ?? 0, 9);
    expect(pairs.at(-1)?.value).toBeCloseTo(exact.at(-1) ?? 0, 9);
  });

  test('the Hessian agrees with differences of gradients', async () => {
    const { loss, point, minibatches, engine, values } = set(perceptron, { l2Reg: 0.01 }, 2);
    const random = randomStream(seed, 'direction');
    const vector = Float64Array.from({ length: loss.size }, () => random.normal());
    const product = await loss.operator('hessian', point, minibatches)(vector);
    const step = 1e-5;
    const gradientAt = async (amount: number) => {
      let place = 0;
      const parameters = values.map((own, index) =>
        engine.upload(
          own.map((value) => value + amount * (vector[place++] ?? 0)),
          perceptron.parameters[index]?.shape ?? [],
        ),
      );
      return (await loss.gradient({ ...point, parameters }, minibatches)).gradient;
    };
    const [ahead, behind] = [await gradientAt(step), await gradientAt(-step)];
    const error = product.map((value, index) => value - ((ahead[index] ?? 0) - (behind[index] ?? 0)) / (2 * step));
    // The piecewise linear layer has kinks, which the differences may cross.
    expect(Math.sqrt(dot(error, error) / dot(product, product))).toBeLessThan(1e-2);
  });

  test('Gauss-Newton products agree with JᵀHJ built column by column', async () => {
    const network = small(
      [conv2d({ filters: 3, kernel: 3, padding: 'same' }), tanh(), flatten(), dense(CLASSES)],
      [1, 5, 5],
    );
    for (const problem of [perceptron, network]) {
      const { engine, loss, point, minibatches, feeds } = set(problem);
      const { outputs, parameters } = loss.symbolic;
      const [logits = constant(0)] = outputs;
      const row = input('row', logits.shape);
      const compiled = await compileFunction(
        engine,
        { row },
        { logits, row: gradients(innerProduct(logits, row), parameters) },
      );
      const fed = {
        ...feeds[0],
        ...Object.fromEntries(
          problem.parameters.map(({ name }, i) => [
            inputNames.parameter(name),
            point.parameters[i] ?? engine.upload(new Float64Array(), [0]),
          ]),
        ),
      };
      const jacobian = Matrix.zeros(BATCH * CLASSES, loss.size);
      let numbers: number[] = [];
      for (let output = 0; output < BATCH * CLASSES; output++) {
        const unit = new Float64Array(BATCH * CLASSES);
        unit[output] = 1;
        const found = await compiled.run({ row: engine.upload(unit, logits.shape) }, fed);
        const parts = [];
        for (const value of found.row) parts.push(...(await engine.download(value)));
        jacobian.setRow(output, parts);
        numbers = [...(await engine.download(found.logits))];
      }
      // Of the mean cross entropy: (diag(p) − p pᵀ) / n for each example.
      const outer = Matrix.zeros(BATCH * CLASSES, BATCH * CLASSES);
      for (let example = 0; example < BATCH; example++) {
        const exponentials = numbers.slice(example * CLASSES, (example + 1) * CLASSES).map(Math.exp);
        const total = exponentials.reduce((sum, value) => sum + value, 0);
        for (const [i, a] of exponentials.entries()) {
          for (const [j, b] of exponentials.entries()) {
            const value = ((i === j ? a / total : 0) - (a * b) / total ** 2) / BATCH;
            outer.set(example * CLASSES + i, example * CLASSES + j, value);
          }
        }
      }
      const expected = jacobian.transpose().mmul(outer).mmul(jacobian);
      const found = await matrixOf(loss.operator('gauss-newton', point, minibatches), loss.size);
      expect(largestDifference(found, expected)).toBeLessThan(1e-12);
    }
  });

  test('the Gauss-Newton matrix has the L2 term and no negative eigenvalues', async () => {
    const { loss, point, minibatches } = set(perceptron);
    const regularised = set(perceptron, { l2Reg: 0.25 });
    const vector = Float64Array.from({ length: loss.size }, (_, index) => Math.sin(index));
    const [plain, shifted] = [
      await loss.operator('gauss-newton', point, minibatches)(vector),
      await regularised.loss.operator('gauss-newton', regularised.point, regularised.minibatches)(vector),
    ];
    const [layer] = parameterBlocks(perceptron, 'layer');
    const [begin = 0, end = 0] = layer?.ranges[0] ?? [];
    expect(layer?.name).toBe('dense1.weight');
    for (const index of [begin, end - 1]) {
      expect((shifted[index] ?? 0) - (plain[index] ?? 0)).toBeCloseTo(0.25 * (vector[index] ?? 0), 12);
    }
    expect(shifted[end]).toBeCloseTo(plain[end] ?? 0, 12);
    const exact = symmetricEigen(await matrixOf(loss.operator('gauss-newton', point, minibatches), loss.size));
    expect(Math.min(...(exact?.values ?? []))).toBeGreaterThan(-1e-12);
  });

  test('dropout and batch normalisation leave the Hessian symmetric; modes are two matrices', async () => {
    const network = [dense(10), batchNorm(), tanh(), dropout(0.4), dense(CLASSES)];
    const [training, evaluation] = [
      set(small(network, [7]), { mode: 'train' }),
      set(small(network, [7]), { mode: 'eval' }),
    ];
    for (const { loss, point, minibatches } of [training, evaluation]) {
      const hessian = await matrixOf(loss.operator('hessian', point, minibatches), loss.size);
      expect(largestDifference(hessian, hessian.transpose())).toBeLessThan(1e-12);
    }
    const vector = new Float64Array(training.loss.size).fill(1);
    const [a, b] = [
      await training.loss.operator('hessian', training.point, training.minibatches)(vector),
      await evaluation.loss.operator('hessian', evaluation.point, evaluation.minibatches)(vector),
    ];
    expect(Math.abs(dot(a, a) - dot(b, b))).toBeGreaterThan(1e-3 * dot(a, a));
  });

  test('over several minibatches it is the mean of their matrices', async () => {
    const { loss, point, feeds } = set(perceptron, {}, 3);
    const vector = Float64Array.from({ length: loss.size }, (_, index) => Math.cos(index));
    const together = await loss.operator('hessian', point, () => feeds)(vector);
    const mean = new Float64Array(loss.size);
    for (const own of feeds) {
      const product = await loss.operator('hessian', point, () => [own])(vector);
      for (const [index, value] of product.entries()) mean[index] = (mean[index] ?? 0) + value / 3;
    }
    for (const [index, value] of together.entries()) expect(value).toBeCloseTo(mean[index] ?? 0, 12);
  });

  test('blocks are the diagonal blocks of the whole', async () => {
    const { loss, point, minibatches } = set(perceptron);
    const operator = loss.operator('hessian', point, minibatches);
    const hessian = await matrixOf(operator, loss.size);
    const blocks = parameterBlocks(perceptron, 'layer');
    expect(blocks.map(({ name, size }) => [name, size])).toEqual([
      ['dense1.weight', 108],
      ['dense1.bias', 12],
      ['dense2.weight', 96],
      ['dense2.bias', 8],
      ['dense3.weight', 32],
      ['dense3.bias', 4],
    ]);
    for (const block of [blocks[1], blocks[4]]) {
      if (block === undefined) throw new Error('there is no such block');
      const [[begin, end] = [0, 0]] = block.ranges;
      const own = await matrixOf(restricted(operator, loss.size, block), block.size);
      expect(largestDifference(own, hessian.subMatrix(begin, end - 1, begin, end - 1))).toBeLessThan(1e-14);
      expect(
        part(
          Float64Array.from({ length: loss.size }, (_, i) => i),
          block,
        )[0],
      ).toBe(begin);
    }
  });
});

describe('softmax regression', () => {
  /** tr H = mean over examples of Σ_c p_c (1 − p_c) (‖x‖² + 1), plus λ for each weight. */
  function closedForm(data: { inputs: Float64Array; labels: Int32Array }, values: readonly Float64Array[], l2: number) {
    const [weights = new Float64Array(), biases = new Float64Array()] = values;
    const features = weights.length / biases.length;
    let trace = 0;
    for (let example = 0; example < data.labels.length; example++) {
      const x = data.inputs.subarray(example * features, (example + 1) * features);
      const exponentials = Array.from(biases, (bias, c) =>
        Math.exp(bias + dot(weights.subarray(c * features, (c + 1) * features), x)),
      );
      const total = exponentials.reduce((sum, value) => sum + value, 0);
      const variance = exponentials.reduce((sum, value) => sum + (value / total) * (1 - value / total), 0);
      trace += (variance * (dot(x, x) + 1)) / data.labels.length;
    }
    return trace + l2 * weights.length;
  }

  test('has the trace of the closed form, exactly and by probes', async () => {
    const { loss, point, minibatches, data, values } = set(small([flatten(), dense(CLASSES)], [3, 5]), { l2Reg: 0.05 });
    const operator = loss.operator('hessian', point, minibatches);
    const [minibatch = { inputs: new Float64Array(), labels: new Int32Array() }] = data;
    const expected = closedForm(minibatch, values, 0.05);
    expect((await matrixOf(operator, loss.size)).trace()).toBeCloseTo(expected, 12);
    const probes = Array.from({ length: 400 }, (_, index) => rademacher(randomStream(seed, 'probe', index), loss.size));
    const { trace } = await hutchinson(operator, probes);
    expect(Math.abs(trace.value - expected)).toBeLessThan(5 * (trace.standardError ?? 0));
    // Its Hessian is its Gauss-Newton matrix: the outputs are linear in the parameters.
    const newton = await matrixOf(loss.operator('gauss-newton', point, minibatches), loss.size);
    expect(largestDifference(newton, await matrixOf(operator, loss.size))).toBeLessThan(1e-12);
  });

  test('mnist_logreg in single precision, too', async () => {
    const engine = await openEngine({ engine: 'onnxruntime', device: 'cpu', threads: 1 });
    try {
      const problem = await loadTestProblem('mnist_logreg');
      const random = randomStream(seed, 'logreg');
      const loss = new LossCurvature(engine, problem, { batchSize: 16, constants: {} });
      const inputs = Float32Array.from({ length: 16 * 784 }, () => random.uniform());
      const labels = Int32Array.from({ length: 16 }, () => random.integer(10));
      const values = problem.initialParameters(1).map((own) => own.map(() => 0.05 * random.normal()));
      const parameters = problem.parameters.map(({ shape }, i) =>
        engine.upload(values[i] ?? new Float32Array(), shape),
      );
      const feeds = {
        [inputNames.inputs]: engine.upload(inputs, [16, 1, 28, 28]),
        [inputNames.labels]: engine.upload(labels, [16]),
      };
      const { spectrum } = await measureSpectrum(
        loss.operator('hessian', { parameters, states: {} }, () => [feeds]),
        loss.size,
        { top: 3, steps: 20, probes: 2, traceProbes: 64, tolerance: 1e-3, stream: randomStream(seed, 'probes') },
      );
      const expected = closedForm(
        { inputs: Float64Array.from(inputs), labels },
        values.map((own) => Float64Array.from(own)),
        0,
      );
      expect(Math.abs(spectrum.trace.value - expected)).toBeLessThan(5 * (spectrum.trace.standardError ?? 0));
      expect(spectrum.products).toBe(2 * 20 + 62);
      expect(spectrum.largest[0]?.converged).toBe(true);
    } finally {
      await engine.dispose();
    }
  });
});

describe('quadratic_deep', () => {
  async function measured(engine: Engine) {
    const problem = await loadTestProblem('quadratic_deep');
    const constants = constantValues(engine, problem);
    const loss = new LossCurvature(engine, problem, { batchSize: 4, constants });
    const parameters = problem.initialParameters(1).map((own) => engine.upload(own, [100]));
    const feeds = { [inputNames.inputs]: engine.upload(new Float32Array(400), [4, 100]) };
    const operator = loss.operator('hessian', { parameters, states: {} }, () => [feeds]);
    return { loss, operator };
  }
  const exact = (symmetricEigen(Matrix.from1DArray(100, 100, [...quadraticHessian()]))?.values ?? []).toReversed();

  test('has its 100 eigenvalues', async () => {
    const { operator } = await measured(openReferenceEngine());
    const start = Float64Array.from(rademacher(randomStream(seed, 'quadratic'), 100));
    const { pairs } = await lanczos(operator, start, { steps: 100 });
    expect(pairs).toHaveLength(100);
    for (const [index, { value }] of pairs.entries()) expect(value).toBeCloseTo(exact[index] ?? 0, 5);
    // The design's numbers, from RandomState(42).
    const shown = [0, 1, 2, 9, 10].map((index) => pairs[index]?.value.toPrecision(5));
    expect(shown).toEqual(['53.129', '52.824', '51.397', '30.763', '0.98689']);
    expect(pairs[99]?.value).toBeCloseTo(0.0055221, 6);
  });

  test('ten of them are outliers, in single precision; trace and effective rank', async () => {
    const engine = await openEngine({ engine: 'onnxruntime', device: 'cpu', threads: 1 });
    try {
      const { operator } = await measured(engine);
      const options = {
        top: 12,
        steps: 60,
        probes: 2,
        traceProbes: 64,
        tolerance: 1e-3,
        stream: randomStream(7, 'quadratic'),
      };
      const { spectrum, topVectors } = await measureSpectrum(operator, 100, options);
      expect(spectrum.outliers?.count).toBe(10);
      expect(spectrum.largest.slice(0, 10).every(({ converged }) => converged)).toBe(true);
      expect(Math.abs(spectrum.trace.value - 477.61228)).toBeLessThan(5 * (spectrum.trace.standardError ?? 0));
      expect(Math.abs(spectrum.squaredFrobenius.value / 19_585.05 - 1)).toBeLessThan(0.1);
      expect(spectrum.effectiveRank).toBeGreaterThan(9);
      expect(spectrum.effectiveRank).toBeLessThan(14);
      const [first = new Float64Array()] = topVectors(3);
      expect(dot(first, await operator(first))).toBeCloseTo(exact[0] ?? 0, 3);
      expect(topVectors(100)).toHaveLength(spectrum.largest.filter(({ converged }) => converged).length);
    } finally {
      await engine.dispose();
    }
  });

  test('has no Gauss-Newton matrix, in one line', async () => {
    const { loss } = await measured(openReferenceEngine());
    expect(() => loss.operator('gauss-newton', { parameters: [], states: {} }, () => [])).toThrow('matrix hessian');
  });
});
