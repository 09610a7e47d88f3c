import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aggregate, groupSettings, sampleStd } from '../../src/analysis/index.js';
import { readResults } from '../../src/results/index.js';
import { plannedRuns, rankPlan, readPlan } from '../../src/sweep/index.js';
import { command } from '../cli/command.js';
import { temporaryFolder } from '../run/small-run.js';

const { PROBPREC_DATA_DIR: dataDir, PROBPREC_REFERENCE_DIR: referenceDir } = process.env;
const missing = dataDir === undefined || referenceDir === undefined;
const reason = missing ? ' (skipped: PROBPREC_DATA_DIR or PROBPREC_REFERENCE_DIR is not set)' : '';

interface Published {
  readonly testproblem: string;
  readonly optimizer: string;
  readonly hyperparams: { readonly lr: number };
  readonly curves: { readonly test_accuracies: { readonly mean: readonly number[]; readonly std: readonly number[] } };
}

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true }));

async function sweep(...args: string[]): Promise<void> {
  const { code, stderr } = await command(['sweep', ...args], { cwd: folder });
  expect(code, stderr).toBe(0);
}

// 29 runs of half a minute each on one core.
describe.skipIf(missing)(`DeepOBS' tuning protocol${reason}`, () => {
  test('finds the published learning rate of SGD on mnist_logreg, or a neighbour, and its accuracy', async () => {
    const { baselines }: { baselines: Published[] } = JSON.parse(
      readFileSync(join(referenceDir ?? '', 'published-baselines.json'), 'utf8'),
    );
    const published = baselines.find((row) => row.testproblem === 'mnist_logreg' && row.optimizer === 'SGD');
    if (published === undefined) throw new Error('no published baseline');

    const jobs = ['--jobs', String(availableParallelism())];
    const problem = ['--testproblem', 'mnist_logreg', '--optimizer', 'sgd', '--grid', 'lr=deepobs', '--threads', '1'];
    await sweep('plan', ...problem, '--data-dir', dataDir ?? '', '-o', 'tune.yaml');
    await sweep('run', 'tune.yaml', ...jobs, '--quiet');
    const plan = await readPlan(join(folder, 'tune.yaml'));
    const { rankings } = await rankPlan(plan, { metric: 'valid_accuracies', mode: 'final' });
    const winner = Number(rankings[0]?.settings[0]?.run.request.hyperparameters?.lr);
    const grid = (await plannedRuns(plan)).map(({ request }) => Number(request.hyperparameters?.lr));
    expect(Math.abs(grid.indexOf(winner) - grid.indexOf(published.hyperparams.lr))).toBeLessThanOrEqual(1);

    await sweep('rerun-best', 'tune.yaml', '--seeds', '43-51');
    await sweep('run', 'tune-best.yaml', ...jobs, '--quiet');
    const { runs } = await readResults([join(folder, 'results')]);
    const tuned = groupSettings(runs).find(({ hyperparameters }) => hyperparameters.lr === winner);
    const final = [...(aggregate(tuned?.runs ?? []).metrics.test_accuracies?.finalValues.values() ?? [])];
    expect(final).toHaveLength(10);
    const mean = final.reduce((sum, value) => sum + value, 0) / final.length;
    const { test_accuracies: curve } = published.curves;
    // Both are means over ten seeds; the published standard deviation is divided by n.
    const error = Math.hypot(sampleStd(final) / Math.sqrt(10), (curve.std.at(-1) ?? 0) / Math.sqrt(9));
    console.log(`lr ${winner}; test accuracy ${mean} ± ${sampleStd(final)}, published ${curve.mean.at(-1)}`);
    expect(Math.abs(mean - (curve.mean.at(-1) ?? 0))).toBeLessThanOrEqual(3 * error);
  });
});
