import { describe, expect, it } from 'vitest';
import { inspectDataset, openDataset } from '../../src/dataset/index.js';

const dataDir = process.env.PROBPREC_DATA_DIR ?? '';

const cases = [
  // (numpy.fromfile('t10k-images-idx3-ubyte', numpy.uint8)[16:] / 255).mean()
  { name: 'mnist', mean: 0.13251460584233699, shape: [1, 28, 28] },
  { name: 'fmnist', mean: 0.2868492807122849, shape: [1, 28, 28] },
] as const;

describe.skipIf(dataDir === '')('the real files (set PROBPREC_DATA_DIR to run these)', () => {
  it.each(cases)('$name are the published ones', async ({ name, mean, shape }) => {
    const dataset = await openDataset(name, { dataDir, source: 'real', fetch: false });
    expect(dataset.record).toMatchObject({ name, source: 'real', verified: true, syntheticSize: null });
    expect(dataset.sizes).toEqual({ train: 50_000, valid: 10_000, trainEval: 10_000, test: 10_000 });
    expect(dataset.shape).toEqual(shape);
    let sum = 0;
    let count = 0;
    const labels = new Array<number>(10).fill(0);
    for await (const batch of dataset.split(42, 'probprec').evaluationBatches('test', 0, 128)) {
      sum += Float64Array.from(batch.inputs).reduce((total, value) => total + value, 0);
      count += batch.inputs.length;
      for (const label of batch.labels ?? []) labels[label] = (labels[label] ?? 0) + 1;
    }
    expect(count).toBe(10_000 * 784);
    expect(sum / count).toBeCloseTo(mean, 6);
    expect(labels.reduce((total, n) => total + n, 0)).toBe(10_000);
    const inspections = await inspectDataset(name, dataDir);
    expect(inspections.map(({ state }) => state)).toEqual(['verified', 'verified', 'verified', 'verified']);
  });

  it('cifar10 is read; only the published archive is verified', async () => {
    const dataset = await openDataset('cifar10', { dataDir, source: 'real', fetch: false });
    expect(dataset.sizes).toEqual({ train: 40_000, valid: 10_000, trainEval: 10_000, test: 10_000 });
    const archive = dataset.record.files.length === 1;
    expect(archive || !dataset.record.verified).toBe(true);
    const sums = [0, 0, 0];
    const squares = [0, 0, 0];
    for await (const { inputs, size } of dataset.split(42, 'probprec').evaluationBatches('train_eval', 0, 500)) {
      for (const [i, value] of inputs.entries()) {
        const channel = Math.floor(i / 1024) % 3;
        sums[channel] = (sums[channel] ?? 0) + value / (10_000 * 1024);
        squares[channel] = (squares[channel] ?? 0) + value ** 2 / (10_000 * 1024);
      }
      expect(size).toBe(500);
    }
    // Normalised with the constants of the training file: mean 0 and variance 1 per channel, nearly.
    for (const sum of sums) expect(Math.abs(sum)).toBeLessThan(0.03);
    for (const square of squares) expect(Math.abs(square - 1)).toBeLessThan(0.03);
  });
});
