import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compare } from '../../src/analysis/index.js';
import { comparisonColumns, comparisonCsv, comparisonJson } from '../../src/report/index.js';
import { metricsOf, readResults, readRunFile } from '../../src/results/index.js';
import { RunRecord } from '../../src/run/record.js';
import { command } from '../cli/command.js';

/** A small autoencoder that reports the two terms of its loss, on data of its own. */
const PROBLEM = `
import { constantValue, defineDataset, defineTestProblem, dense, gaussianDivergences, scoped, squaredErrors, tensor, xavierNormal } from 'probprec';
const data = defineDataset({
  name: 'points', description: 'points', shape: [3], classes: null, sizes: { train: 24, valid: 6, test: 6 },
  load: () => { const part = (n, from) => ({ inputs: Float32Array.from({ length: 3 * n }, (_, i) => Math.sin(from + i)) }); return { train: part(24, 0), valid: part(6, 90), test: part(6, 120) }; },
});
export default defineTestProblem({
  name: 'small_vae', description: 'a small autoencoder', dataset: data, inputShape: [3],
  defaults: { batchSize: 6, numEpochs: 2 }, initial: { weights: xavierNormal(), biases: constantValue(0) },
  model: (scope, { inputs }) => {
    const means = scoped('mean', dense(2))(scope, inputs);
    const logDeviations = scoped('deviation', dense(2))(scope, inputs);
    const epsilon = scope.noise('epsilon', means.shape, { kind: 'normal' });
    const code = tensor.add(means, tensor.multiply(epsilon, tensor.exp(logDeviations)));
    const reconstruction = tensor.mean(squaredErrors(scoped('decoder', dense(3))(scope, code), inputs));
    const divergence = tensor.mean(gaussianDivergences(means, logDeviations));
    return { loss: tensor.add(reconstruction, divergence), metrics: { reconstruction, divergence } };
  },
});
`;

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-metrics-'));
  await writeFile(join(folder, 'vae.mjs'), PROBLEM);
  for (const seed of ['42', '43']) {
    const args = ['run', '--testproblem', './vae.mjs', '--optimizer', 'sgd', '--lr', '0.05', '--seed', seed];
    const { code, stdout, stderr } = await command(args, { cwd: folder });
    expect(code, stderr).toBe(0);
    file = join(folder, stdout.trim());
  }
});
afterAll(() => rm(folder, { recursive: true }));

test('a run file has what the loss reports on every set, and the terms add up to the loss', async () => {
  const run = await readRunFile(file);
  expect(Object.keys(run.metrics ?? {})).toEqual(['reconstruction', 'divergence']);
  for (const set of ['train', 'valid', 'test'] as const) {
    const losses = run[`${set}_losses`];
    const [terms, others] = [run.metrics?.reconstruction?.[set] ?? [], run.metrics?.divergence?.[set] ?? []];
    expect(terms).toHaveLength(losses.length);
    for (const [index, loss] of losses.entries())
      expect((terms[index] ?? 0) + (others[index] ?? 0)).toBeCloseTo(loss ?? 0, 5);
  }
  const { code, stderr } = await command(['validate', file]);
  expect(code, stderr).toBe(0);
  const cut = JSON.parse(await readFile(file, 'utf8'));
  cut.metrics.divergence.test.pop();
  await writeFile(join(folder, 'cut.json'), JSON.stringify(cut));
  const refused = await command(['validate', join(folder, 'cut.json')]);
  expect(refused.code).toBe(1);
  expect(refused.stdout + refused.stderr).toMatch(/metrics\.divergence\.test/);
});

test('a comparison shows them beside the loss, and ranks by them where that is asked for', async () => {
  const { runs } = await readResults([join(folder, 'results')]);
  expect(metricsOf(runs[0]?.curves ?? {}).slice(6)).toEqual(
    ['reconstruction', 'divergence'].flatMap((name) => ['train', 'valid', 'test'].map((set) => `${set}_${name}`)),
  );
  const comparison = compare(runs, { details: true });
  const [table] = comparison.tables;
  if (table === undefined) throw new Error('no table');
  expect(table.metric).toBe('test_losses');
  const [row] = table.rows;
  const last = runs.map(({ curves }) => curves.test_divergence?.at(-1) ?? Number.NaN);
  expect(row?.further?.test_divergence?.mean).toBeCloseTo(((last[0] ?? 0) + (last[1] ?? 0)) / 2, 12);
  expect(row?.detail?.curves.test_divergence).toHaveLength(3);
  expect(comparisonColumns(table).columns.map(({ title }) => title)).toEqual(
    expect.arrayContaining(['test reconstruction', 'test divergence']),
  );
  expect(comparisonCsv(comparison).split('\n')[0]).toMatch(/,test_reconstruction_mean,.*,test_divergence_sample_std$/);
  expect(comparisonJson(comparison)).toContain('"test_divergence"');
  const byTerm = compare(runs, { metric: 'test_divergence', selectionMetric: 'valid_divergence' }).tables[0];
  expect(byTerm?.metric).toBe('test_divergence');
  expect(byTerm?.selection.metric).toBe('valid_divergence');
  expect(byTerm?.rows[0]?.final.mean).toBe(row?.further?.test_divergence?.mean);
});

test('commands take them by name, and say which there are', async () => {
  const run = (...args: string[]) => command(args, { cwd: folder });
  const shown = await run('show', file);
  expect(shown.stdout).toMatch(/^ *valid divergence /m);
  expect((await run('show', '--metric', 'test_divergence')).stdout).toMatch(/test divergence|test_divergence/);
  const compared = await run('compare', '--metric', 'test_divergence');
  expect(compared.stdout).toMatch(/^small_vae: test divergence after/m);
  const wrong = await run('compare', '--metric', 'test_divergense');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(
    /^probprec: --metric: found "test_divergense", expected one of .* test_divergence \(did you mean test_divergence/,
  );
  const drawn = await run('plot', 'learning-curves', '-o', 'c.svg', '--metrics', 'test_reconstruction,test_divergence');
  expect(drawn.code, drawn.stderr).toBe(0);
  expect(await readFile(join(folder, 'c.svg'), 'utf8')).toContain('test divergence');
  for (const args of [
    ['compare', '--metrics', 'test_losses,test_divergense'],
    ['compare', '--select-by', 'valid_nothing'],
    ['plot', 'learning-curves', '-o', 'd.svg', '--metrics', 'test_nothing'],
    ['report', '-o', 'r.html', '--metric', 'test_nothing'],
    ['show', '--metric', 'test_nothing'],
  ]) {
    const { code, stderr, stdout } = await run(...args);
    expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^probprec: --[a-z-]+: found "\w+", expected one of .*valid_losses.*test_divergence[^\n]*\n$/,
    );
  }
  const exported = await run('export', 'csv', 'results', '--output-dir', 'tables');
  expect(exported.code, exported.stderr).toBe(0);
  expect(await readFile(join(folder, 'tables', 'curves.csv'), 'utf8')).toMatch(/,test_divergence,2,/);
});

test('settings of a plan are ranked by them, and by no other name', async () => {
  const plan =
    '{ testproblems: ./vae.mjs, optimizers: sgd, settings: { lr: 0.05 }, seeds: [42, 43], output_dir: results }';
  await writeFile(join(folder, 'plan.yaml'), plan);
  const run = (...args: string[]) => command(['sweep', ...args, '--allow-user-code'], { cwd: folder });
  const best = await run('best', 'plan.yaml', '--metric', 'valid_divergence');
  expect(best.stdout, best.stderr).toMatch(/^small_vae, SGD: by final valid_divergence, seeds 42, 43$/m);
  const rerun = await run('rerun-best', 'plan.yaml', '--metric', 'valid_divergence', '--seeds', '44', '-o', 'b.yaml');
  expect(rerun.stderr).toMatch(/^small_vae, SGD: .*\(valid_divergence [0-9.]+, best of 1 setting/m);
  for (const ranking of [
    ['best', 'plan.yaml'],
    ['rerun-best', 'plan.yaml', '--seeds', '44', '-o', 'c.yaml'],
  ]) {
    const wrong = await run(...ranking, '--metric', 'valid_divergense');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/^probprec: --metric: found "valid_divergense", expected one of .* \(did you mean/);
  }
});

test('a journal keeps them', () => {
  const record = new RunRecord();
  const measured = (value: number) => ({ loss: value, accuracy: null, metrics: { term: -value } });
  record.addEvaluation({ train_eval: measured(1), valid: measured(2), test: measured(3) }, 1, 1);
  const first = record.takeNew();
  record.addEvaluation({ train_eval: measured(4), valid: measured(5), test: measured(6) }, 1, 1);
  const again = RunRecord.of(JSON.parse(JSON.stringify([first, record.takeNew()])));
  expect(again.metrics).toEqual({ term: { train: [-1, -4], valid: [-2, -5], test: [-3, -6] } });
  expect(again.takeNew().lists['metrics.term.train']).toEqual([]);
});
