import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readRunFile } from '../../src/results/index.js';
import { executeRun, resolveConfiguration } from '../../src/run/index.js';
import { temporaryFolder } from './small-run.js';

/** What a run's file says. */
interface GoldenRun {
  readonly train: readonly (number | null)[];
  readonly valid: readonly (number | null)[];
  readonly test: readonly (number | null)[];
  readonly minibatches: readonly (number | null)[];
  /** Of the preconditioner family: the step sizes of the groups as estimated. */
  readonly alpha?: readonly (number | null)[];
  /** How far rounding alone moves the run's numbers, relative: other inner products of long vectors in its estimation did it. */
  readonly sensitivity?: number;
}

/**
 * Nine test problems × twelve optimizers, one epoch of synthetic data, made on 28 November 2026 with commit 5bf21e2, before layers
 * got states and optimizers their whole contract:
 *
 *   probprec run --testproblem P --optimizer O [--lr 0.01 where it has no default] --num-epochs 1 --batch-size 8
 *     --data synthetic --synthetic-size 400 --engine onnxruntime --threads 1 --seed 42 --train-log-interval 1
 *
 * The family's rows with commit 4b31722 on top, which changed how long inner products are rounded, and nothing else. On the machine
 * that made them, every number was the same bit by bit after all that came since; others round differently.
 */
export const goldenRuns = JSON.parse(readFileSync(new URL('golden-runs.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, GoldenRun>>>
>;

/** Relative; engines round differently from machine to machine, and an epoch's steps make more of it. */
const ROUNDING = 1e-4;
/** Minibatches of an estimation at the defaults, all at the initial parameters. */
const ESTIMATION = 14;
const WITHOUT_DEFAULT = ['momentum', 'nesterov', 'preconditioned-tuned-sgd'];

/** Trains again and compares every number. Where rounding is known to grow, all that comes before the first step. */
export async function expectGoldenRun(testproblem: string, optimizer: string): Promise<void> {
  const golden = goldenRuns[testproblem]?.[optimizer] as GoldenRun;
  const folder = await temporaryFolder();
  try {
    const resolved = await resolveConfiguration({
      testproblem,
      optimizer,
      ...(WITHOUT_DEFAULT.includes(optimizer) ? { hyperparameters: { lr: 0.01 } } : {}),
      numEpochs: 1,
      batchSize: 8,
      data: 'synthetic',
      syntheticSize: 400,
      seed: 42,
      engine: 'onnxruntime',
      threads: 1,
      trainLogInterval: 1,
    });
    const options = { dataDir: folder, outputDir: folder, resume: false, overwrite: false, fetch: false };
    const { path } = await executeRun(resolved, options);
    const run = await readRunFile(path.startsWith('/') ? path : join(folder, path));
    const tolerance = ROUNDING + 30 * (golden.sensitivity ?? 0);
    const settled = golden.sensitivity === undefined || tolerance < 0.3;
    const first = <T>(list: readonly T[], count: number) => (settled ? list : list.slice(0, count));
    expectClose('train', first(run.train_losses, 1), first(golden.train, 1), tolerance);
    expectClose('valid', first(run.valid_losses, 1), first(golden.valid, 1), tolerance);
    expectClose('test', first(run.test_losses, 1), first(golden.test, 1), tolerance);
    const { minibatches } = golden;
    expectClose(
      'minibatches',
      first(run.minibatch_train_losses, ESTIMATION),
      first(minibatches, ESTIMATION),
      tolerance,
    );
    if (golden.alpha === undefined) return;
    const [{ estimations } = { estimations: [] }] = run.optimizer_log as unknown as readonly {
      readonly estimations: readonly { readonly groups: readonly { readonly alpha: number | null }[] }[];
    }[];
    expectClose('alpha', estimations[0]?.groups.map(({ alpha }) => alpha) ?? [], golden.alpha, 1e-3);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function expectClose(
  what: string,
  found: readonly (number | null)[],
  expected: readonly (number | null)[],
  tolerance: number,
): void {
  expect(found, what).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) {
    const other = found[index] ?? null;
    if (value === null || other === null) expect(other, `${what} ${index}`).toBe(value);
    else
      expect(Math.abs(other - value), `${what} ${index}: ${other} for ${value}`).toBeLessThanOrEqual(
        tolerance * Math.abs(value),
      );
  }
}
