import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { symmetricEigen } from '../../src/curvature/symmetric-eigen.js';
import { openDataset, quadraticHessian, type Spectrum } from '../../src/dataset/index.js';
import { ConfigurationError } from '../../src/errors.js';
import { loadTestProblem } from '../../src/testproblem/index.js';
import { evaluate } from '../oracle/reference-engine.js';

/** Eigenvalues, ascending. */
function eigenvalues(spectrum: Spectrum, n: number): number[] {
  const hessian = quadraticHessian(spectrum, n);
  const found = symmetricEigen(
    new Matrix(Array.from({ length: n }, (_, i) => [...hessian.subarray(i * n, (i + 1) * n)])),
  );
  return [...(found?.values ?? [])].sort((a, b) => a - b);
}

describe('the spectrum', () => {
  test.each<[string, Spectrum, number, number[]]>([
    ['identity', { kind: 'identity' }, 3, [1, 1, 1]],
    ['linear', { kind: 'linear', condition: 10 }, 4, [0.1, 0.4, 0.7, 1]],
    ['log', { kind: 'log', condition: 1000 }, 4, [0.001, 0.01, 0.1, 1]],
  ])('%s is exact', (_, spectrum, n, expected) => {
    for (const [index, value] of eigenvalues(spectrum, n).entries()) {
      expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 12);
    }
  });

  test('deep has a tenth of large eigenvalues in any dimension', () => {
    const values = eigenvalues({ kind: 'deep' }, 40);
    expect(values.filter((value) => value > 0 && value < 1)).toHaveLength(36);
    expect(values.filter((value) => value > 30 && value < 60)).toHaveLength(4);
  });
});

describe('a member of the family', () => {
  test('has the dimensions, the condition and the noise of its name', async () => {
    const problem = await loadTestProblem('quadratic_log_d6_c100_n0.1');
    expect(problem).toMatchObject({
      name: 'quadratic_log_d6_c100_n0.1',
      dataset: 'quadratic_d6_n0.1',
      parameterCount: 6,
    });
    const dataset = await openDataset(problem.dataset, { dataDir: '', source: 'real', fetch: false });
    const split = dataset.split(1, 'probprec');
    let [sum, squares, inputs] = [0, 0, new Float64Array()];
    for await (const batch of split.evaluationBatches('test', 0, 1000)) inputs = Float64Array.from(batch.inputs);
    for (const x of inputs) [sum, squares] = [sum + x, squares + x * x];
    expect(Math.abs(sum / 6000)).toBeLessThan((5 * 0.1) / Math.sqrt(6000));
    expect(Math.abs(squares / 6000 - 0.01)).toBeLessThan(5 * 0.01 * Math.sqrt(2 / 6000));
    const hessian = quadraticHessian({ kind: 'log', condition: 100 }, 6);
    const { loss } = evaluate(
      { loss: problem.build(1000).loss },
      { inputs, 'parameter/theta': new Float64Array(6).fill(1), 'constant/hessian': Float64Array.from(hessian) },
    );
    let expected = 0;
    for (let row = 0; row < 1000; row++) {
      const offset = inputs.subarray(6 * row, 6 * row + 6).map((x) => 1 - x);
      for (const [i, left] of offset.entries()) {
        for (const [j, right] of offset.entries()) expected += (0.5 * left * (hessian[6 * i + j] ?? 0) * right) / 1000;
      }
    }
    expect(loss?.[0]).toBeCloseTo(expected, 9);
  });

  test('without noise has the function itself as its loss', async () => {
    const dataset = await openDataset('quadratic_d3_n0', { dataDir: '', source: 'real', fetch: false });
    for await (const { inputs } of dataset.split(1, 'probprec').evaluationBatches('test', 0, 1000)) {
      expect(new Set(inputs)).toEqual(new Set([0]));
    }
  });

  test('with its settings at their defaults is the one without them', async () => {
    const [plain, same] = ['quadratic_deep', 'quadratic_deep_d50'];
    expect((await loadTestProblem(plain)).dataset).toBe('quadratic');
    expect((await loadTestProblem(same)).dataset).toBe('quadratic_d50');
  });

  test.each([
    ['quadratic_deep_d100', /^quadratic_deep_d100: not known under this name; write quadratic_deep$/],
    ['quadratic_log_c1e2', /write quadratic_log_c100$/],
    ['quadratic_log_n0.1_d50', /write quadratic_log_d50_n0.1$/],
    ['quadratic_log_d50_d60', /write quadratic_log_d60$/],
    [
      'quadratic_identity_c10',
      /found "c10" behind quadratic_identity, expected some of d and a whole number from 2 to/,
    ],
    ['quadratic_log_d1', /found "d1"/],
    ['quadratic_log_d2.5', /found "d2.5"/],
    ['quadratic_log_', /found ""/],
    ['quadratic_log_n-1', /found "n-1"/],
    ['quadratic_log_n1e999', /found "n1e999"/],
    ['mnist_vae_d5', /^testproblem mnist_vae_d5: not known; did you mean mnist_vae/],
  ])('is not called %s, which is an error of one line', async (name, message) => {
    const error = await loadTestProblem(name).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
  });
});
