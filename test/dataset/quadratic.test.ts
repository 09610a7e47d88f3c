import { describe, expect, it } from 'vitest';
import { type Batch, openDataset, type Phase, type Protocol, quadraticHessian } from '../../src/dataset/index.js';

const opened = openDataset('quadratic', { dataDir: 'unused', source: 'real', fetch: false });

async function evaluation(phase: Phase, protocol: Protocol, batchSize: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of (await opened).split(42, protocol).evaluationBatches(phase, 0, batchSize)) {
    batches.push(batch);
  }
  return batches;
}

/** The mean of ½ (θ − x)ᵀ Q (θ − x) over the rows x of the batches. */
function meanLoss(hessian: Float64Array, theta: number, batches: readonly Batch[]): number {
  let sum = 0;
  let count = 0;
  for (const { inputs, size } of batches) {
    for (let row = 0; row < size; row++) {
      const offset = inputs.subarray(row * 100, (row + 1) * 100).map((x) => theta - x);
      for (const [i, left] of offset.entries()) {
        for (const [j, right] of offset.entries()) sum += 0.5 * left * (hessian[i * 100 + j] ?? 0) * right;
      }
      count += 1;
    }
  }
  return sum / count;
}

describe('quadratic', () => {
  it('has the bytes that NumPy generates', async () => {
    // h = hashlib.sha256()
    // for s in (42, 44, 43): h.update(np.random.RandomState(s).normal(0.0, 0.6, (1000, 100)).astype('<f4').tobytes())
    const { record } = await opened;
    expect(record.checksum).toBe('bd0439937c7417a5c47270485b48f7cb7acdd9a1425bf987a2871d687747d99a');
    expect(record).toMatchObject({ source: 'generated', verified: true, files: [], syntheticSize: null });
  });

  it('is generated whatever source is asked for', async () => {
    const synthetic = await openDataset('quadratic', {
      dataDir: '',
      source: 'synthetic',
      syntheticSize: 60,
      fetch: true,
    });
    expect(synthetic.record).toEqual((await opened).record);
  });

  it('gives the epoch-0 test loss that DeepOBS published', async () => {
    const hessian = quadraticHessian();
    const batches = await evaluation('test', 'deepobs-beta', 128);
    expect(batches.length).toBe(7);
    // DeepOBS_Baselines, quadratic_deep, test_losses[0], all settings
    expect(meanLoss(hessian, 1, batches)).toBeCloseTo(353.4468, 3);
  });

  it('has no labels, and its training epoch is every training example once', async () => {
    const split = (await opened).split(1, 'probprec');
    expect(split.trainingSteps(128)).toBe(7);
    const order = async (epoch: number): Promise<number[]> => {
      const firsts: number[] = [];
      for await (const { inputs, labels, size } of split.trainingBatches(epoch, 100)) {
        expect(labels).toBeNull();
        for (let row = 0; row < size; row++) firsts.push(inputs[row * 100] ?? 0);
      }
      return firsts;
    };
    expect(new Set(await order(0)).size).toBeGreaterThan(990);
    expect(await order(0)).not.toEqual(await order(1));
    expect((await order(0)).sort()).toEqual((await order(1)).sort());
    const trainEval = await evaluation('train_eval', 'probprec', 1000);
    expect(Array.from({ length: 1000 }, (_, row) => trainEval[0]?.inputs[row * 100] ?? 0).sort()).toEqual(
      (await order(0)).sort(),
    );
  });
});

describe('quadraticHessian', () => {
  const hessian = quadraticHessian();

  it('is symmetric with the trace of its eigenvalues', () => {
    let trace = 0;
    let asymmetry = 0;
    for (let i = 0; i < 100; i++) {
      trace += hessian[i * 101] ?? 0;
      for (let j = 0; j < 100; j++) {
        asymmetry = Math.max(asymmetry, Math.abs((hessian[i * 100 + j] ?? 0) - (hessian[j * 100 + i] ?? 0)));
      }
    }
    // r = numpy.random.RandomState(42); (r.uniform(0, 1, 90).sum() + r.uniform(30, 60, 10).sum())
    expect(trace).toBeCloseTo(477.61228, 5);
    expect(asymmetry).toBeLessThan(1e-12);
  });

  it('has the largest eigenvalue 53.129 and the sum of squares of its eigenvalues', () => {
    let direction = Float64Array.from({ length: 100 }, (_, i) => 1 + i / 100);
    let eigenvalue = 0;
    for (let step = 0; step < 3000; step++) {
      const image = direction.map((_, i) => direction.reduce((sum, x, j) => sum + (hessian[i * 100 + j] ?? 0) * x, 0));
      eigenvalue = Math.hypot(...image);
      direction = image.map((x) => x / eigenvalue);
    }
    expect(eigenvalue).toBeCloseTo(53.129, 3);
    // r = numpy.random.RandomState(42); (r.uniform(0, 1, 90)**2).sum() + (r.uniform(30, 60, 10)**2).sum()
    expect(hessian.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(19585.05141358999, 6);
  });

  it('expects the loss ½ · 0.36 · trace at the minimum', async () => {
    const batches = await evaluation('test', 'probprec', 1000);
    // The mean of 1000 quadratic forms; their standard deviation is 0.36 sqrt(Σλ²/2) ≈ 37, of the mean 1.2.
    expect(Math.abs(meanLoss(hessian, 0, batches) - 85.97)).toBeLessThan(5 * 1.2);
  });
});
