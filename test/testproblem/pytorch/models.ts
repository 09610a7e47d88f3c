import * as t from '../../../src/tensor/index.js';
import {
  batchNorm,
  constantValue,
  conv2d,
  defineTestProblem,
  dense,
  dropout,
  embedding,
  flatten,
  gaussianDivergences,
  inputNames,
  layerNorm,
  leakyRelu,
  lstm,
  maxPool,
  perPosition,
  positionEmbedding,
  relu,
  residual,
  scoped,
  sequential,
  softmaxCrossEntropy,
  squaredErrors,
  type TestProblem,
  transformerBlock,
  transposedConv2d,
} from '../../../src/testproblem/index.js';

const common = {
  description: 'for comparison with PyTorch',
  dataset: 'none',
  defaults: { batchSize: 2, numEpochs: 1 },
  initial: { weights: constantValue(0), biases: constantValue(0) },
};

/** conv–BN–ReLU–dropout–pool–residual–dense. */
const residualNetwork = defineTestProblem({
  ...common,
  name: 'residual',
  inputShape: [2, 6, 6],
  network: [
    conv2d({ filters: 4, kernel: 3, padding: 'same', bias: false }),
    batchNorm(),
    relu(),
    dropout(0.3),
    maxPool({ size: 2, stride: 2, padding: 'valid' }),
    residual(sequential([conv2d({ filters: 4, kernel: 3, padding: 'same' }), batchNorm({ momentum: 0.2 })])),
    flatten(),
    dense(3, { output: true }),
  ],
  loss: softmaxCrossEntropy(),
});

/** Embedding, two LSTMs over 20 steps whose states go on, and a dense layer at each position. */
const recurrent = defineTestProblem({
  ...common,
  name: 'recurrent',
  inputShape: [20],
  inputType: 'int',
  labelShape: [20],
  network: [embedding(5, 3), lstm(4), lstm(4), perPosition(dense(5, { output: true }))],
  loss: softmaxCrossEntropy(),
});

/** A small variational autoencoder with transposed convolutions, of 1 × 8 × 8 images; its noise is an input. */
const autoencoder = defineTestProblem({
  ...common,
  name: 'autoencoder',
  inputShape: [1, 8, 8],
  model: (scope, { inputs, size }) => {
    const encoder = scope.child('encoder');
    const features = sequential([
      conv2d({ filters: 2, kernel: 4, stride: 2, padding: 'same' }),
      leakyRelu(0.3),
      dropout(0.2),
      flatten(),
    ])(encoder, inputs);
    const means = scoped('mean', dense(3))(encoder, features);
    const logDeviations = t.multiply(scoped('deviation', dense(3))(encoder, features), 0.5);
    const epsilon = scope.noise('epsilon', means.shape, { kind: 'normal' });
    const code = t.add(means, t.multiply(epsilon, t.exp(logDeviations)));
    const decoder = scope.child('decoder');
    const small = sequential([dense(4), leakyRelu(0.3)])(decoder, code);
    const images = sequential([
      transposedConv2d({ filters: 2, kernel: 4, stride: 2, padding: 'same' }),
      relu(),
      transposedConv2d({ filters: 2, kernel: 4, padding: [2, 2, 1, 1] }),
      relu(),
      transposedConv2d({ filters: 1, kernel: 4, stride: 2, padding: 'same' }),
    ])(decoder, t.reshape(small, [size, 1, 2, 2]));
    const reconstruction = t.mean(squaredErrors(t.sigmoid(images), inputs));
    const divergence = t.mean(gaussianDivergences(means, logDeviations));
    return { loss: t.add(reconstruction, divergence), metrics: { reconstruction, divergence } };
  },
});

/** Token and position embeddings, a causal transformer block, and a dense layer at each position; smoothed labels. */
const attention = defineTestProblem({
  ...common,
  name: 'attention',
  inputShape: [5],
  inputType: 'int',
  labelShape: [5],
  network: [
    embedding(5, 4),
    positionEmbedding(),
    transformerBlock({ heads: 2, hiddenUnits: 6 }),
    layerNorm(),
    perPosition(dense(5, { bias: false, output: true })),
  ],
  loss: softmaxCrossEntropy({ labelSmoothing: 0.1 }),
});

/** The networks whose derivatives are compared with PyTorch's (fixtures.py has each of them again). */
export const models: readonly TestProblem[] = [residualNetwork, recurrent, autoencoder, attention];

/** Numbers from −1 to 1 that both languages compute alike; `key` tells tensors apart. */
export function numbers(key: number, size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, index) => 2 * share(key, index) - 1);
}

/** Integers from 0 to below n. */
export function integers(key: number, size: number, n: number): Int32Array {
  return Int32Array.from({ length: size }, (_, index) => Math.floor(n * share(key, index)));
}

function share(key: number, index: number): number {
  return ((index + 1) * 0.6180339887498949 + (key + 1) * 0.7548776662466927 + (index * index + 1) * 0.137) % 1;
}

/** Numbers for everything that a model's programs are fed with, directions for Hessian-vector products included. */
export function feedsOf(model: TestProblem, batchSize: number): Record<string, Float64Array | Int32Array> {
  const { states, noises } = model.build(batchSize);
  const feeds: Record<string, Float64Array | Int32Array> = {};
  for (const [key, { name, shape }] of model.parameters.entries()) {
    const values = numbers(key, t.sizeOf(shape));
    feeds[inputNames.parameter(name)] = values.map((x) => (name.endsWith('gain') ? 1 + 0.3 * x : 0.5 * x));
    feeds[`vector/${name}`] = numbers(100 + key, values.length);
  }
  for (const [key, { name, shape, initial }] of states.entries()) {
    feeds[inputNames.state(name)] = numbers(200 + key, t.sizeOf(shape)).map(
      (x, place) => (initial[place] ?? 0) + 0.5 * x,
    );
  }
  for (const [key, { name, shape, distribution }] of noises.entries()) {
    const values = numbers(300 + key, t.sizeOf(shape));
    feeds[inputNames.noise(name)] =
      distribution.kind === 'bernoulli'
        ? values.map((_, place) => (share(300 + key, place) < distribution.keep ? distribution.value : 0))
        : values.map((x) => 1.5 * x);
  }
  for (const [name, { data }] of Object.entries(model.constants)) {
    feeds[inputNames.constant(name)] = Float64Array.from(data());
  }
  const size = batchSize * t.sizeOf(model.inputShape);
  const image = model.hasLabels ? (x: number) => x : (x: number) => 0.5 + 0.5 * x;
  const labels = batchSize * t.sizeOf(model.labelShape);
  feeds[inputNames.inputs] = model.inputType === 'int' ? integers(400, size, 5) : numbers(400, size).map(image);
  feeds[inputNames.labels] = integers(401, labels, model.labelShape.length === 0 ? 3 : 5);
  return feeds;
}

/** Loss, gradient and Hessian-vector product of a model as outputs of a program. */
export function derivativesOf(model: TestProblem, batchSize: number): Record<string, t.Tensor> {
  const { loss, parameters } = model.build(batchSize);
  const gradient = t.gradients(loss, parameters);
  const vectors = model.parameters.map(({ name, shape }) => t.input(`vector/${name}`, shape));
  const product = t.hessianVectorProduct(gradient, parameters, vectors);
  const outputs: Record<string, t.Tensor> = { loss };
  for (const [index, { name }] of model.parameters.entries()) {
    outputs[`gradient/${name}`] = gradient[index] ?? loss;
    outputs[`product/${name}`] = product[index] ?? loss;
  }
  return outputs;
}
