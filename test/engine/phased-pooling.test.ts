import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/index.js';
import { openOnnxEngine } from '../../src/engine/onnxruntime/engine.js';
import { lower } from '../../src/engine/onnxruntime/lower.js';
import { rewrite } from '../../src/engine/onnxruntime/rewrite.js';
import { randomStream } from '../../src/random/index.js';
import * as t from '../../src/tensor/index.js';
import { deviations, engineCase, tolerances } from '../contract/engine-case.js';
import { normal } from '../tensor/sampling.js';

const geometry = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const;
const x = t.input('x', [3, 1, 8, 6]);
const weights = t.input('weights', [16, 1, 3, 3]);
const bias = t.input('bias', [16]);
const image = t.relu(
  t.add(t.conv2d(x, weights, { stride: [1, 1], padding: [1, 1, 1, 1] }), t.reshape(bias, [1, 16, 1, 1])),
);
const loss = t.sum(t.square(t.maxPool2d(image, geometry)));
const variables = [weights, bias];
const gradients = t.gradients(loss, variables);
const directions = [t.input('direction of weights', weights.shape), t.input('direction of bias', bias.shape)];
const products = t.hessianVectorProduct(gradients, variables, directions);
const [gw = loss, gb = loss] = gradients;
const [pw = loss, pb = loss] = products;
const outputs = { loss, gw, gb, pw, pb };

const random = randomStream(7, 'phased pooling');
const feeds = {
  weights: normal(random, t.sizeOf(weights.shape)),
  bias: normal(random, 16),
  'direction of weights': normal(random, t.sizeOf(weights.shape)),
  'direction of bias': normal(random, 16),
};
const size = t.sizeOf(x.shape);
const images = {
  'pixels that all differ': normal(random, size),
  // Every window inside is a tie of four: the first must win.
  'a constant image': new Float64Array(size).fill(1),
  'rows that are alike': Float64Array.from({ length: size }, (_, index) => index % 6),
  'columns that are alike': Float64Array.from({ length: size }, (_, index) => Math.floor(index / 6) % 8),
};

describe('a pooling in phases', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openOnnxEngine({ threads: 1 });
  });
  afterAll(() => engine.dispose());

  test.each(Object.entries(images))('has the places and derivatives of the definition on %s', async (name, pixels) => {
    const subject = engineCase(name, outputs, { ...feeds, x: pixels }, { tolerance: () => tolerances.second });
    expect(await deviations(engine, subject)).toEqual([]);
  });

  const convolutions = (phasedPooling: boolean, extra: Readonly<Record<string, t.Tensor>> = {}) => {
    const options = { blockSize: 16, fuse: true, webgpu: false, dilatedWeightGradient: true, phasedPooling };
    const graph = lower(rewrite(t.simplify(t.program({ loss, gw, gb, ...extra }))), options).print();
    return graph.split('\n').filter((line) => line.includes('nchwc.Conv(')).length;
  };

  test('takes the place of the convolution where nothing else needs its image', () => {
    expect(convolutions(false)).toBe(1);
    expect(convolutions(true)).toBe(4);
    expect(convolutions(true, { image })).toBe(1);
  });
});
