import { randomStream } from '../../src/random/index.js';
import { add, mean, multiply, slice, square, subtract, sum, type Tensor } from '../../src/tensor/index.js';
import {
  constantValue,
  defineTestProblem,
  dense,
  softmaxCrossEntropy,
  type TestProblem,
} from '../../src/testproblem/index.js';
import type { PlainBatch } from '../optimizer/minibatch.js';

/** A small deterministic problem: the same minibatches for the same index, on every engine. */
export interface ContractProblem {
  readonly problem: TestProblem;
  readonly batchSize: number;
  /** λ of the term ½ λ Σ w². */
  readonly l2Reg?: number;
  /** The index-th minibatch of a training. */
  batch(index: number): PlainBatch;
}

const common = { description: 'for the contract table', dataset: 'none', defaults: { batchSize: 4, numEpochs: 1 } };

function only(parameters: readonly Tensor[]): Tensor {
  const [theta] = parameters;
  if (theta === undefined) throw new Error('the problem has no parameter');
  return theta;
}

function numbers(length: number, draw: () => number): Float64Array {
  return Float64Array.from({ length }, draw);
}

/** Curvatures of the quadratic, and where it is started: minimum about 0, step sizes about 0.01. */
const curvatures = [60, 80, 100, 120, 140];

function quadraticProblem(sign: 1 | -1, start: number): TestProblem {
  return defineTestProblem({
    ...common,
    name: 'quadratic',
    inputShape: [curvatures.length],
    parameters: [{ name: 'theta', shape: [curvatures.length], initial: constantValue(start), regularised: false }],
    constants: { curvature: { shape: [curvatures.length], data: () => Float32Array.from(curvatures) } },
    evaluate: ({ inputs, parameters, constants: { curvature = 1 } }) => {
      const squares = multiply(square(subtract(only(parameters), inputs)), curvature);
      return { loss: multiply(mean(sum(squares, [1])), sign / 2), accuracy: null };
    },
  });
}

function noise(size: number, spread: number) {
  return (index: number): PlainBatch => {
    const stream = randomStream(11, 'noise', index);
    return { inputs: numbers(size, () => spread * stream.normal()) };
  };
}

/** Mean of ½ (θ − x)ᵀ C (θ − x) over noisy x. */
export const quadratic: ContractProblem = {
  problem: quadraticProblem(1, 1),
  batchSize: 4,
  batch: noise(4 * curvatures.length, 0.02),
};

/** The quadratic at its minimum, without noise. */
export const zeroGradients: ContractProblem = {
  problem: quadraticProblem(1, 0),
  batchSize: 4,
  batch: noise(4 * curvatures.length, 0),
};

/** The quadratic upside down. */
export const negativeCurvature: ContractProblem = {
  problem: quadraticProblem(-1, 0.01),
  batchSize: 4,
  batch: noise(4 * curvatures.length, 0.001),
};

/** The quadratic on inputs that are not numbers. */
export const notANumber: ContractProblem = { ...quadratic, batch: noise(4 * curvatures.length, Number.NaN) };

/** (1 − x)² + 5 (y − x²)² from (−0.5, 0.5) (Rosenbrock 1960, with a flatter valley); the inputs shift x a little. */
export const rosenbrock: ContractProblem = {
  problem: defineTestProblem({
    ...common,
    name: 'rosenbrock',
    inputShape: [1],
    parameters: [{ name: 'theta', shape: [2], initial: () => Float32Array.of(-0.5, 0.5), regularised: false }],
    evaluate: ({ inputs, parameters }) => {
      const theta = only(parameters);
      const x = add(slice(theta, [0], [1]), inputs);
      const y = slice(theta, [1], [2]);
      const valley = multiply(square(subtract(y, square(x))), 5);
      return { loss: mean(add(square(subtract(1, x)), valley)), accuracy: null };
    },
  }),
  batchSize: 4,
  batch: noise(4, 0.01),
};

/**
 * Logistic regression of three Gaussian clouds in the plane, with an L2 term: without one, a step that is too long ends
 * where the loss is linear, and no curvature limits the next one.
 */
export const logisticRegression: ContractProblem = {
  problem: defineTestProblem({
    ...common,
    name: 'logistic_regression',
    inputShape: [2],
    initial: { weights: constantValue(0), biases: constantValue(0) },
    network: [dense(3)],
    loss: softmaxCrossEntropy(),
  }),
  batchSize: 48,
  l2Reg: 0.1,
  batch: (index) => {
    const stream = randomStream(13, 'clouds', index);
    const labels = Int32Array.from({ length: 48 }, () => stream.integer(3));
    const inputs = new Float64Array(96);
    for (const [example, label] of labels.entries()) {
      const angle = (2 * Math.PI * label) / 3;
      inputs[2 * example] = 2 * Math.cos(angle) + stream.normal();
      inputs[2 * example + 1] = 2 * Math.sin(angle) + stream.normal();
    }
    return { inputs, labels };
  },
};
