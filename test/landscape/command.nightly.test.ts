import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { curvatureReportSchema } from '../../src/landscape/index.js';
import { command, startCommand } from '../cli/command.js';

const data = ['--data', 'synthetic', '--synthetic-size', '600', '--threads', '1', '--batch-size', '32'];
const logreg = ['curvature', '--testproblem', 'mnist_logreg', ...data];
const few = ['--lanczos', '12', '--probes', '2', '--trace-probes', '4', '--step-size-batches', '3'];

async function measured(...args: string[]) {
  const { code, stdout, stderr } = await command([...logreg, ...few, '--json', '--quiet', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return curvatureReportSchema.parse(JSON.parse(stdout));
}

describe('curvature', () => {
  test('prints eigenvalues with residuals, trace and step size, and says what is not converged', async () => {
    const { code, stdout } = await command([...logreg, '--top', '8', '--lanczos', '8', '--step-size-batches', '3']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mnist_logreg: Hessian of the mean loss over 1 minibatch of 32 \(32 of 500 training/);
    expect(stdout).toMatch(/^λ1 +[\d.]+ +\de-\d+/m);
    expect(stdout).toMatch(/^λ\d +[\d.]+ +\de-\d+ +not converged$/m);
    expect(stdout).toMatch(/^trace [\d.]+ ± [\d.]+, ‖H‖²_F/m);
    expect(stdout).toMatch(/^over 3 minibatches: α [\d.]+, α λ₁ [\d.]+/m);
    expect(stdout).toMatch(/^37 products and 4 gradients/m);
  });

  test('the same command measures the same, another seed something else', async () => {
    const timeless = (report: Awaited<ReturnType<typeof measured>>) =>
      JSON.stringify(report, (key, value) => (key === 'seconds' ? 0 : value));
    const report = timeless(await measured());
    expect(timeless(await measured())).toBe(report);
    expect(timeless(await measured('--seed', '43'))).not.toBe(report);
  });

  test('compares the posterior with fresh minibatches where that is asked for', async () => {
    const report = await measured('--posterior', '4', '--checks', '5');
    const { posterior, products, gradients } = report.points[0] ?? {};
    expect(posterior).toMatchObject({ observations: 4, batches: 3 });
    expect(posterior?.scores.map(({ lambda, along, across }) => [lambda, along.length, across.length])).toEqual([
      ['published', 5, 5],
      ['scatter', 5, 5],
    ]);
    for (const { along, across } of posterior?.scores ?? []) {
      for (const { z, observed, deviation } of [...along, ...across]) {
        expect([z, observed, deviation].every((value) => Number.isFinite(value))).toBe(true);
      }
    }
    const without = (await measured()).points[0];
    expect(without).not.toHaveProperty('posterior');
    // Three of α and of the scatter, three observations, ten of the checks.
    expect((products ?? 0) - (without?.products ?? 0)).toBe(3 + 3 + 3 + 10);
    expect((gradients ?? 0) - (without?.gradients ?? 0)).toBe(3 + 3 + 6);
    const text = await command([...logreg, ...few, '--posterior', '4', '--checks', '5', '--quiet']);
    expect(text.stdout.replace(/\s+/g, ' ')).toMatch(
      /posterior of 4 products, mean and √\(mean z²\) of the scores of 5 fresh curvatures/,
    );
  });

  test('goes along a training: what it measures at a step is what that training has there', async () => {
    const optimizer = ['--optimizer', 'sgd', '--lr', '0.5'];
    const along = await measured(...optimizer, '--at', '20,0,17');
    expect(along.points.map(({ step, epoch }) => [step, epoch])).toEqual([
      [0, 0],
      [17, 1],
      [20, 1],
    ]);
    const [start, middle] = along.points;
    expect(middle?.loss).not.toBe(start?.loss);
    expect(middle?.learning_rate).toBe(0.5);
    expect(middle?.eta_lambda1).toBeCloseTo(0.5 * (middle?.blocks[0]?.largest[0]?.value ?? 0), 9);
    expect(middle?.blocks[0]?.overlap_with_previous?.value).toBeGreaterThan(0);
    expect(middle?.blocks[0]?.overlap_with_previous?.value).toBeLessThanOrEqual(1.0001);
    // Looking on the way changes nothing.
    const [alone] = (await measured(...optimizer, '--at', '17')).points;
    const eigenvalues = (point: typeof alone) => point?.blocks[0]?.largest;
    expect(alone?.loss).toBe(middle?.loss);
    expect(eigenvalues(alone)).toEqual(eigenvalues(middle));
  });

  test('of layers, of the Gauss-Newton matrix, over several minibatches and over all', async () => {
    const layers = await measured('--by', 'layer');
    expect(layers.points[0]?.blocks.map(({ name, size }) => [name, size])).toEqual([
      ['dense1.weight', 7840],
      ['dense1.bias', 10],
    ]);
    // Softmax regression is linear in its parameters, so that both matrices are one.
    const [hessian, newton] = [await measured(), await measured('--matrix', 'gauss-newton')];
    const largest = (report: typeof hessian) => report.points[0]?.blocks[0]?.largest[0]?.value ?? 0;
    expect(largest(newton) / largest(hessian)).toBeCloseTo(1, 5);
    const all = await measured('--batches', 'all', '--step-size-batches', '0');
    expect(all).toMatchObject({ batches: 15, examples: 480, of_examples: 500 });
    expect(all.points[0]?.step_size).toBeNull();
    const several = await measured('--batches', '3', '--split', 'valid', '--trace', 'hutch++', '--trace-probes', '20');
    expect(several).toMatchObject({ batches: 3, examples: 96, of_examples: 100, trace_method: 'hutch++' });
  });

  test('of a run that has kept its parameters is that along the same training', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'probprec-landscape-'));
    try {
      const optimizer = ['--optimizer', 'sgd', '--lr', '0.5', '--num-epochs', '2'];
      const problem = ['--testproblem', 'mnist_logreg', ...data];
      const run = await command([
        'run',
        ...problem,
        ...optimizer,
        '--keep-parameters',
        'epochs',
        '--output-dir',
        folder,
      ]);
      expect(run.stderr).toMatch(/^keeps parameters: 2 files of 0.0 MB, 0.1 MB together$/m);
      const path = run.stdout.trim();
      const of = async (...args: string[]) => {
        const { code, stdout, stderr } = await command(['curvature', '--threads', '1', ...few, '--run', path, ...args]);
        return { code, stderr, report: () => curvatureReportSchema.parse(JSON.parse(stdout)) };
      };
      const kept = (await of('--json')).report();
      expect(kept.optimizer?.name).toBe('sgd');
      expect(kept.points.map(({ step, epoch }) => [step, epoch])).toEqual([
        [15, 1],
        [30, 2],
      ]);
      const along = await measured('--optimizer', 'sgd', '--lr', '0.5', '--at', '15,30');
      for (const [index, point] of kept.points.entries()) {
        expect(point.loss).toBeCloseTo(along.points[index]?.loss ?? 0, 6);
        const [a, b] = [point, along.points[index]].map((one) => one?.blocks[0]?.largest[0]?.value ?? 0);
        expect((a ?? 0) / (b ?? 1)).toBeCloseTo(1, 5);
        expect(point.eta_lambda1).toBeCloseTo(0.5 * (a ?? 0), 9);
      }
      expect((await of('--json', '--epochs', '2')).report().points).toHaveLength(1);
      expect((await of('--epochs', '3', '--quiet')).stderr).toMatch(
        /^probprec: --epochs 3: no parameters are kept of this/,
      );
      expect((await of('--seed', '1', '--quiet')).stderr).toMatch(/--seed: the run file of --run settles it/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('an interruption keeps the points that are done', async () => {
    const steps = Array.from({ length: 400 }, (_, step) => step).join(',');
    const run = startCommand([...logreg, ...few, '--json', '--optimizer', 'sgd', '--lr', '0.1', '--at', steps]);
    await run.said(/step 1: measured/);
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.finished;
    expect(code).toBe(130);
    expect(stderr).toContain('probprec: interrupted, stopping after this product');
    const report = curvatureReportSchema.parse(JSON.parse(stdout));
    expect(report.complete).toBe(false);
    expect(report.points.length).toBeGreaterThan(1);
    expect(report.points.length).toBeLessThan(400);
  });
});
