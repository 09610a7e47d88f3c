import { beforeAll, describe, expect, it } from 'vitest';
import { type Batch, type DataSplit, type Dataset, openDataset, type Protocol } from '../../src/dataset/index.js';
import { ConfigurationError } from '../../src/errors.js';

const open = (name: string, syntheticSize: number): Promise<Dataset> =>
  openDataset(name, { dataDir: 'unused', source: 'synthetic', syntheticSize, fetch: false });

async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const collected: Batch[] = [];
  for await (const batch of batches) collected.push(batch);
  return collected;
}

/** One string per example, so that examples can be compared as sets. */
function examples(batches: readonly Batch[]): string[] {
  return batches.flatMap(({ inputs, labels, size }) =>
    Array.from({ length: size }, (_, row) => {
      const width = inputs.length / size;
      return `${labels?.[row]} ${inputs.subarray(row * width, (row + 1) * width).join()}`;
    }),
  );
}

const overlap = (a: readonly string[], b: readonly string[]): number => {
  const present = new Set(b);
  return a.filter((example) => present.has(example)).length;
};

let mnist: Dataset;
let cifar: Dataset;

beforeAll(async () => {
  [mnist, cifar] = await Promise.all([open('mnist', 300), open('cifar10', 200)]);
});

describe('memory of training batches', () => {
  it.each([() => mnist, () => cifar])('is written again on request, with the same numbers', async (dataset) => {
    const split = dataset().split(42, 'probprec');
    const own = await all(split.trainingBatches(1, 32));
    const copies: Batch[] = [];
    const buffers = new Set<ArrayBuffer>();
    for await (const batch of split.trainingBatches(1, 32, { reuse: true })) {
      buffers.add(batch.inputs.buffer);
      copies.push({ ...batch, inputs: batch.inputs.slice() });
    }
    expect(copies).toEqual(own);
    expect(buffers.size).toBe(1);
    expect(new Set(own.map(({ inputs }) => inputs.buffer)).size).toBe(own.length);
  });
});

describe('sizes', () => {
  it('keeps the proportions of the real data set', async () => {
    expect(mnist.sizes).toEqual({ train: 250, valid: 50, trainEval: 250, test: 50 });
    expect(cifar.sizes).toEqual({ train: 160, valid: 40, trainEval: 160, test: 40 });
    expect((await open('fmnist', 20_000)).sizes).toEqual({ train: 16_667, valid: 3333, trainEval: 10_000, test: 3333 });
  });

  it('counts the steps of an epoch without the incomplete batch', async () => {
    const split = mnist.split(1, 'probprec');
    expect(split.trainingSteps(32)).toBe(7);
    expect((await all(split.trainingBatches(0, 32))).map(({ size }) => size)).toEqual(new Array(7).fill(32));
    expect(split.trainingSteps(251)).toBe(0);
    await expect(all(split.trainingBatches(0, 251))).rejects.toThrow(ConfigurationError);
    await expect(all(split.trainingBatches(0, 251))).rejects.toThrow(/batchSize 251: .* 250/);
  });

  it.each([59, 0, -1, 2.5, Number.NaN, 1_000_001])('refuses syntheticSize %d', async (size) => {
    await expect(open('mnist', size)).rejects.toThrow(ConfigurationError);
    await expect(open('mnist', size)).rejects.toThrow(/syntheticSize/);
  });
});

describe('protocol probprec', () => {
  let split: DataSplit;
  beforeAll(() => {
    split = mnist.split(42, 'probprec');
  });

  it('evaluates every example once, in batches of which only the last is smaller', async () => {
    for (const phase of ['train_eval', 'valid', 'test'] as const) {
      const batches = await all(split.evaluationBatches(phase, 0, 32));
      const count = phase === 'train_eval' ? 250 : 50;
      expect(new Set(examples(batches)).size).toBe(count);
      expect(batches.map(({ size }) => size)).toEqual([...new Array(Math.floor(count / 32)).fill(32), count % 32]);
      expect(batches.every((batch) => batch.inputs.length === batch.size * 784)).toBe(true);
    }
  });

  it('splits the training file: no validation image is trained on or in train_eval', async () => {
    const train = examples(await all(split.trainingBatches(0, 25)));
    const valid = examples(await all(split.evaluationBatches('valid', 0, 50)));
    const trainEval = examples(await all(split.evaluationBatches('train_eval', 0, 50)));
    expect(new Set(train).size).toBe(250);
    expect(overlap(train, valid)).toBe(0);
    expect(overlap(trainEval, train)).toBe(250);
  });

  it('fixes train_eval and validation for the run', async () => {
    for (const phase of ['train_eval', 'valid'] as const) {
      const at = async (epoch: number) => await all(split.evaluationBatches(phase, epoch, 32));
      expect(await at(3)).toEqual(await at(0));
    }
  });

  it('shuffles every epoch differently, and the same way each time', async () => {
    const at = async (epoch: number) => examples(await all(split.trainingBatches(epoch, 50)));
    const [first, second] = [await at(0), await at(1)];
    expect(second).not.toEqual(first);
    expect([...second].sort()).toEqual([...first].sort());
    expect(await at(1)).toEqual(second);
  });

  it('depends on the seed in split and order', async () => {
    const other = mnist.split(43, 'probprec');
    const valid = async (of: DataSplit) => examples(await all(of.evaluationBatches('valid', 0, 50)));
    const shared = overlap(await valid(split), await valid(other));
    expect(shared).toBeLessThan(25);
    expect(examples(await all(mnist.split(42, 'probprec').trainingBatches(0, 50)))).toEqual(
      examples(await all(split.trainingBatches(0, 50))),
    );
  });

  it('draws train_eval from the training part only when it is smaller', async () => {
    const large = await open('mnist', 15_000);
    const own = large.split(7, 'probprec');
    const trainEval = examples(await all(own.evaluationBatches('train_eval', 0, 1000)));
    const valid = examples(await all(own.evaluationBatches('valid', 0, 1000)));
    expect(new Set(trainEval).size).toBe(10_000);
    expect(overlap(trainEval, valid)).toBe(0);
  });

  it('hands out arrays that later batches do not touch', async () => {
    const batches = await all(split.trainingBatches(0, 50));
    const copies = (await all(split.trainingBatches(0, 50))).map(({ inputs }) => inputs.slice());
    expect(batches.map(({ inputs }) => inputs)).toEqual(copies);
    expect(new Set(batches.map(({ inputs }) => inputs.buffer)).size).toBe(batches.length);
  });
});

describe('preprocessing', () => {
  it('scales grey images to [0, 1]', async () => {
    const [batch] = await all(mnist.split(1, 'probprec').evaluationBatches('test', 0, 50));
    const bytes = Array.from(batch?.inputs ?? [], (value) => value * 255);
    expect(Math.max(...bytes)).toBeLessThanOrEqual(255.001);
    expect(bytes.every((value) => Math.abs(value - Math.round(value)) < 1e-4)).toBe(true);
  });

  it('normalises CIFAR-10 per channel', async () => {
    const [batch] = await all(cifar.split(1, 'probprec').evaluationBatches('test', 0, 40));
    const means = [0.49139968, 0.48215841, 0.44653091];
    const stds = [0.24703223, 0.24348513, 0.26158784];
    for (let channel = 0; channel < 3; channel++) {
      const plane = batch?.inputs.subarray(channel * 1024, (channel + 1) * 1024) ?? new Float32Array(0);
      const bytes = Array.from(plane, (value) => 255 * (value * (stds[channel] ?? 1) + (means[channel] ?? 0)));
      expect(bytes.every((value) => Math.abs(value - Math.round(value)) < 1e-3)).toBe(true);
    }
  });

  it('augments training images of CIFAR-10, each epoch anew, and no others', async () => {
    const split = cifar.split(1, 'probprec');
    const at = async (epoch: number) => examples(await all(split.trainingBatches(epoch, 40)));
    const trainEval = examples(await all(split.evaluationBatches('train_eval', 0, 40)));
    const [first, second] = [await at(0), await at(1)];
    expect(overlap(first, trainEval)).toBe(0);
    expect(overlap(first, second)).toBe(0);
    expect(await at(0)).toEqual(first);
  });

  it('crops an image the same way whatever batch it is in', async () => {
    const split = cifar.split(1, 'probprec');
    const small = examples(await all(split.trainingBatches(2, 8)));
    expect(examples(await all(split.trainingBatches(2, 40)))).toEqual(small);
  });
});

describe('protocol deepobs-beta', () => {
  const beta: Protocol = 'deepobs-beta';

  it('drops the incomplete batch everywhere', async () => {
    const split = mnist.split(1, beta);
    for (const phase of ['train_eval', 'valid', 'test'] as const) {
      const sizes = (await all(split.evaluationBatches(phase, 0, 32))).map(({ size }) => size);
      expect(sizes).toEqual(new Array(phase === 'train_eval' ? 7 : 1).fill(32));
    }
    await expect(all(split.evaluationBatches('test', 0, 64))).rejects.toThrow(ConfigurationError);
  });

  it('takes the first test images in order', async () => {
    const own = examples(await all(mnist.split(1, beta).evaluationBatches('test', 3, 32)));
    const every = examples(await all(mnist.split(2, 'probprec').evaluationBatches('test', 0, 32)));
    expect(own).toEqual(every.slice(0, 32));
  });

  it('draws train_eval from the whole training file, anew at each evaluation', async () => {
    const split = mnist.split(1, beta);
    const at = async (epoch: number) => examples(await all(split.evaluationBatches('train_eval', epoch, 50)));
    const valid = examples(await all(mnist.split(1, 'probprec').evaluationBatches('valid', 0, 50)));
    const [first, second] = [await at(0), await at(1)];
    expect(first.length).toBe(250);
    expect(overlap(first, valid)).toBeGreaterThan(20);
    expect([...first].sort()).not.toEqual([...second].sort());
    expect(await at(1)).toEqual(second);
  });

  it('augments train_eval on CIFAR-10', async () => {
    const own = examples(await all(cifar.split(1, beta).evaluationBatches('train_eval', 0, 40)));
    const plain = examples(await all(cifar.split(1, 'probprec').evaluationBatches('train_eval', 0, 40)));
    expect(overlap(own, plain)).toBe(0);
  });

  it('draws other validation images when some are dropped', async () => {
    const split = mnist.split(1, beta);
    const at = async (epoch: number) => examples(await all(split.evaluationBatches('valid', epoch, 32))).sort();
    expect(await at(0)).not.toEqual(await at(1));
    const every = examples(await all(mnist.split(1, 'probprec').evaluationBatches('valid', 0, 50)));
    expect(overlap(await at(0), every)).toBe(32);
  });

  it('has the same training batches as probprec', async () => {
    expect(await all(mnist.split(5, beta).trainingBatches(1, 32))).toEqual(
      await all(mnist.split(5, 'probprec').trainingBatches(1, 32)),
    );
  });
});
