import type { TensorData } from '../../src/engine/index.js';
import { ProbprecError } from '../../src/errors.js';
import type { RandomStream } from '../../src/random/index.js';
import * as t from '../../src/tensor/index.js';
import * as p from '../../src/testproblem/index.js';
import { inputNames, minibatchNoise } from '../../src/testproblem/index.js';
import * as exported from '../../src/testproblem/layers/index.js';
import { type Distribution, distinct, normal, type Sample } from '../tensor/sampling.js';

/** What only gives names and orders other layers; it occurs in the rows of these. */
export const COMPOSING: readonly string[] = ['sequential', 'scoped', 'numbered'];

function traced(layer: p.Layer, x: t.Tensor, mode: p.Mode) {
  return p.traceModel((scope) => layer(scope, x), { mode, initialOf: () => p.constantValue(0) });
}

/** A layer on batches of some shapes, in a mode. */
interface LayerRow {
  readonly name: string;
  readonly layer: p.Layer;
  /** With the batch axis. */
  readonly shapes: readonly t.Shape[];
  /** A shape whose channels fill an engine's blocks; too large to differentiate along every coordinate. */
  readonly blocked?: t.Shape;
  readonly mode?: p.Mode;
  /** The inputs are integers below this number. */
  readonly tokens?: number;
  /** Of float inputs; default normal. */
  readonly distribution?: Distribution;
}

const images = [
  [2, 3, 6, 5],
  [3, 2, 4, 4],
];
const rowsOfFeatures = [
  [3, 4],
  [5, 2],
];
const sequences = [
  [2, 3, 4],
  [1, 4, 2],
];

/** Layers that are not tried as they are: with arguments, in evaluation, at numbers of their own. */
const stated: readonly LayerRow[] = [
  { name: 'relu', layer: p.relu(), shapes: images, distribution: distinct },
  { name: 'leakyRelu', layer: p.leakyRelu(0.3), shapes: images, distribution: distinct },
  { name: 'leakyRelu as it is', layer: p.leakyRelu(), shapes: images, distribution: distinct },
  { name: 'gelu', layer: p.gelu(), shapes: images },
  { name: 'gelu with tanh', layer: p.gelu('tanh'), shapes: images },
  { name: 'dense', layer: p.dense(3), shapes: rowsOfFeatures },
  { name: 'dense without bias', layer: p.dense(3, { bias: false }), shapes: rowsOfFeatures },
  { name: 'dense as the output', layer: p.dense(1, { output: true, regularised: false }), shapes: rowsOfFeatures },
  { name: 'perPosition', layer: p.perPosition(p.dense(3)), shapes: sequences },
  { name: 'perPosition of several', layer: p.perPosition(p.sequential([p.dense(2), p.tanh()])), shapes: sequences },
  { name: 'conv2d', layer: p.conv2d({ filters: 3, kernel: 3, padding: 'same' }), shapes: images },
  {
    name: 'conv2d, strided and without bias',
    layer: p.conv2d({ filters: 4, kernel: 3, stride: 2, padding: 'same', bias: false }),
    shapes: images,
    blocked: [2, 16, 8, 8],
  },
  {
    name: 'conv2d of 1 × 1 with stride 2',
    layer: p.conv2d({ filters: 16, kernel: 1, stride: 2, padding: 'same', bias: false }),
    shapes: images,
    blocked: [2, 16, 8, 8],
  },
  {
    name: 'conv2d with a flat kernel',
    layer: p.conv2d({ filters: 2, kernel: [1, 3], padding: [0, 1, 0, 1] }),
    shapes: images,
  },
  {
    name: 'transposedConv2d',
    layer: p.transposedConv2d({ filters: 2, kernel: 4, stride: 2, padding: 'same' }),
    shapes: images,
  },
  {
    name: 'transposedConv2d with stride 1',
    layer: p.transposedConv2d({ filters: 16, kernel: 4, padding: 'same', bias: false }),
    shapes: [[1, 2, 2, 3]],
    blocked: [2, 16, 4, 4],
  },
  {
    name: 'transposedConv2d that cuts less after',
    layer: p.transposedConv2d({ filters: 2, kernel: [4, 3], stride: [1, 3], padding: [2, 0, 1, 1] }),
    shapes: images,
  },
  { name: 'maxPool', layer: p.maxPool({ size: 2, stride: 2 }), shapes: images, distribution: distinct },
  {
    name: 'maxPool, overlapping and padded',
    layer: p.maxPool({ size: 3, stride: 2, padding: 'same' }),
    shapes: images,
    distribution: distinct,
    blocked: [2, 16, 7, 6],
  },
  {
    name: 'maxPool of oblong windows',
    layer: p.maxPool({ size: [3, 2], stride: 1, padding: [1, 0, 0, 1] }),
    shapes: images,
    distribution: distinct,
  },
  { name: 'averagePool of tiles', layer: p.averagePool({ size: 2, stride: 2 }), shapes: [[2, 3, 4, 6]] },
  { name: 'averagePool that overlaps', layer: p.averagePool({ size: 3, stride: 1 }), shapes: images },
  {
    name: 'averagePool over places',
    layer: p.averagePool({ size: [3, 2], stride: 2, padding: [1, 0, 1, 1], countPadding: true }),
    shapes: images,
  },
  { name: 'resizeBilinear', layer: p.resizeBilinear({ rows: 5, columns: 7 }), shapes: images },
  {
    name: 'resizeBilinear with aligned corners',
    layer: p.resizeBilinear({ rows: 7, columns: 3, sampling: 'aligned corners' }),
    shapes: images,
  },
  {
    name: 'resizeBilinear from the top left',
    layer: p.resizeBilinear({ rows: 3, columns: 8, sampling: 'top left' }),
    shapes: images,
  },
  { name: 'batchNorm of images in training', layer: p.batchNorm(), shapes: images, blocked: [2, 16, 4, 4] },
  {
    name: 'batchNorm of images in evaluation',
    layer: p.batchNorm(),
    shapes: images,
    blocked: [2, 16, 4, 4],
    mode: 'eval',
  },
  { name: 'batchNorm of features', layer: p.batchNorm({ epsilon: 1e-3 }), shapes: rowsOfFeatures },
  {
    name: 'batchNorm with other arguments in evaluation',
    layer: p.batchNorm({ momentum: 0.9, epsilon: 0.1 }),
    shapes: images,
    mode: 'eval',
  },
  { name: 'layerNorm', layer: p.layerNorm(), shapes: [[3, 4], ...sequences] },
  { name: 'layerNorm with a large epsilon', layer: p.layerNorm({ epsilon: 0.5 }), shapes: [[3, 4], ...sequences] },
  { name: 'dropout', layer: p.dropout(0.4), shapes: images },
  { name: 'dropout of most', layer: p.dropout(0.8), shapes: sequences },
  { name: 'dropout in evaluation', layer: p.dropout(0.4), shapes: images, mode: 'eval' },
  { name: 'embedding', layer: p.embedding(5, 3), shapes: [[4], [2, 3]], tokens: 5 },
  { name: 'embedding of one feature', layer: p.embedding(9, 1), shapes: [[3], [2, 5]], tokens: 9 },
  { name: 'positionEmbedding', layer: p.positionEmbedding(), shapes: sequences },
  {
    name: 'positionEmbedding with values of its own',
    layer: p.positionEmbedding({ weight: p.constantValue(2) }),
    shapes: [[1, 2, 3]],
  },
  { name: 'lstm', layer: p.lstm(3), shapes: [[2, 3, 2]] },
  { name: 'lstm from zero', layer: p.lstm(2, { carried: false }), shapes: [[1, 2, 3]] },
  { name: 'selfAttention', layer: p.selfAttention({ heads: 2 }), shapes: sequences },
  { name: 'selfAttention to all', layer: p.selfAttention({ heads: 1, causal: false }), shapes: sequences },
  { name: 'transformerBlock', layer: p.transformerBlock({ heads: 2, hiddenUnits: 3 }), shapes: sequences },
  { name: 'transformerBlock of one head', layer: p.transformerBlock({ heads: 1, hiddenUnits: 1 }), shapes: sequences },
  { name: 'residual', layer: p.residual(p.tanh()), shapes: images },
  {
    name: 'residual with a shortcut',
    layer: p.residual(
      p.sequential([p.conv2d({ filters: 4, kernel: 3, stride: 2, padding: 'same' }), p.tanh()]),
      p.conv2d({ filters: 4, kernel: 1, stride: 2, padding: 'same' }),
    ),
    shapes: images,
  },
  { name: 'branches along the rows', layer: p.branches([p.tanh(), p.sigmoid(), p.tanh()], 2), shapes: images },
  {
    name: 'branches',
    layer: p.branches([p.tanh(), p.sequential([p.sigmoid(), p.averagePool({ size: 3, stride: 1 })])]),
    shapes: images,
  },
];

/** Every other layer, called without arguments, on images, rows of features or sequences: on what it takes. */
const asTheyAre = Object.entries(exported)
  .filter(([name]) => !COMPOSING.includes(name) && !stated.some((row) => row.name.split(/[ ,]/)[0] === name))
  .map(([name, make]): LayerRow => {
    const layer = (make as () => p.Layer)();
    const takes = (shape: t.Shape) => {
      try {
        return traced(layer, t.input('x', shape), 'train') !== null;
      } catch (error) {
        if (error instanceof ProbprecError) return false;
        throw error;
      }
    };
    const shapes = [...images, ...rowsOfFeatures, ...sequences].filter(takes);
    if (shapes.length === 0) throw new Error(`the layer ${name} takes no arguments, or no batch here: give it a row`);
    return { name, layer, shapes };
  });

/** Every layer: its first and second derivatives are tested in float64 and on every engine. */
const layers: readonly LayerRow[] = [...stated, ...asTheyAre];

/** Targets from 0 to 1 for a loss on x. */
const targetsOf = (x: t.Tensor) => t.stopGradient(t.constant(0.7, x.shape));
/** A loss whose labels are the largest logits of a turned copy of the outputs: integers without a derivative. */
const ofLogits =
  (loss: p.Loss): p.Layer =>
  (_, x) => {
    const classes = t.lengthOf(x, -1);
    const rows = t.reshape(x, [t.sizeOf(x.shape) / classes, classes]);
    const labels = t.reshape(t.argmax(t.negate(rows)), x.shape.slice(0, -1));
    return loss(x, { size: t.lengthOf(x, 0), inputs: x, labels }).loss;
  };

/** Every loss, as a layer on outputs. */
const losses: readonly LayerRow[] = [
  {
    name: 'softmaxCrossEntropy',
    layer: ofLogits(p.softmaxCrossEntropy()),
    shapes: rowsOfFeatures,
    distribution: distinct,
  },
  {
    name: 'softmaxCrossEntropy, smoothed nearly evenly',
    layer: ofLogits(p.softmaxCrossEntropy({ labelSmoothing: 0.9 })),
    shapes: rowsOfFeatures,
    distribution: distinct,
  },
  {
    name: 'softmaxCrossEntropy per position, smoothed',
    layer: ofLogits(p.softmaxCrossEntropy({ labelSmoothing: 0.2 })),
    shapes: sequences,
    distribution: distinct,
  },
  { name: 'squaredErrors', layer: (_, x) => p.squaredErrors(x, targetsOf(x)), shapes: [...images, ...rowsOfFeatures] },
  {
    name: 'binaryCrossEntropies',
    layer: (_, x) => p.binaryCrossEntropies(x, targetsOf(x)),
    shapes: [...images, ...rowsOfFeatures],
  },
  {
    name: 'gaussianDivergences',
    layer: (_, x) => p.gaussianDivergences(x, t.multiply(x, 0.5)),
    shapes: rowsOfFeatures,
  },
];

/** The layer's parameters and float inputs as variables, at random values; states and noise are fed. */
function sampleOf(
  { layer, mode = 'train', tokens, distribution = normal }: LayerRow,
  shape: t.Shape,
  random: RandomStream,
): Sample {
  const x = t.input('x', shape, tokens === undefined ? 'float' : 'int');
  const model = traced(layer, x, mode);
  const feeds: Record<string, TensorData> = { ...minibatchNoise(model, { seed: random.uint32(), epoch: 0, step: 0 }) };
  feeds.x =
    tokens === undefined
      ? distribution(random, t.sizeOf(shape))
      : Int32Array.from({ length: t.sizeOf(shape) }, () => random.integer(tokens));
  for (const { name, shape: own } of model.parameters)
    feeds[inputNames.parameter(name)] = normal(random, t.sizeOf(own));
  for (const { name, initial } of model.states) {
    feeds[inputNames.state(name)] = Float64Array.from(initial, (value) => value + 0.5 * random.uniform());
  }
  for (const [name, { data }] of model.constants) feeds[inputNames.constant(name)] = data();
  const variables = [...(tokens === undefined ? [x] : []), ...model.parameters.map(({ tensor }) => tensor)];
  return { variables, feeds, result: model.result };
}

/** A layer's samples, as the derivative table has them of operations. */
interface LayerSamples {
  readonly name: string;
  readonly samples: (random: RandomStream) => Sample[];
  /** The same and larger ones, for engines. */
  readonly engineSamples: (random: RandomStream) => Sample[];
}

/** Samples of every layer and of every loss. */
export const layerTable: readonly LayerSamples[] = [...layers, ...losses].map((row) => {
  const samples = (shapes: readonly t.Shape[]) => (random: RandomStream) =>
    shapes.map((shape) => sampleOf(row, shape, random));
  const larger = row.blocked === undefined ? [] : [row.blocked];
  return { name: row.name, samples: samples(row.shapes), engineSamples: samples([...row.shapes, ...larger]) };
});
