import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { command, startCommand } from '../cli/command.js';
import { loadedCommand } from '../cli/loaded-command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-runtime-'));
});
afterEach(() => rm(folder, { recursive: true }));

const data = ['--testproblem', 'mnist_logreg', '--data', 'synthetic', '--synthetic-size', '300', '--threads', '1'];
const small = ['runtime', ...data, '--batch-size', '50', '--num-epochs', '1', '--repeats', '2'];

describe('runtime', () => {
  test('prints a table on stdout and progress on stderr, and writes no file', async () => {
    const { code, stdout, stderr } = await command([...small, '--optimizers', 'momentum'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mnist_logreg, batch size 50, 1 epoch of 5 steps, synthetic data, seed 42: 2 repeats\n/);
    expect(stdout).toMatch(/onnxruntime \S+ on cpu, 1 thread; .+, \d+ cores/);
    const scopes = ['training +wall', 'training +cpu', 'whole run +wall', 'whole run +cpu'];
    for (const scope of scopes) {
      expect(stdout).toMatch(new RegExp(`^${scope} +sgd +\\d+\\.\\d\\d +1$`, 'm'));
      expect(stdout).toMatch(
        new RegExp(`^${scope} +momentum +[\\d.]+ +[\\d.]+ +[\\d.]+ ± [\\d.]+ +[\\d.]+ to [\\d.]+$`, 'm'),
      );
    }
    expect(stdout).toMatch(/^settings other than the defaults: momentum lr=0\.01$/m);
    expect(stderr).toMatch(/^warm-up: sgd: training [\d.]+ s, whole run [\d.]+ s$/m);
    expect(stderr).toMatch(/^repeat 2\/2: sgd: /m);
    expect(await readdir(folder)).toEqual([]);
  });

  test('prints every time and ratio with --json, and nothing else with --quiet', async () => {
    const settings = ['--optimizers', 'sgd,momentum', '--set', 'momentum.lr=0.5', '--set', 'momentum.momentum=.7'];
    const { code, stdout, stderr } = await command([...small, ...settings, '--lr', '0.02', '--json', '--quiet']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      testproblem: 'mnist_logreg',
      batch_size: 50,
      num_epochs: 1,
      steps_per_epoch: 5,
      repeats: 2,
      warm_up_epochs: 1,
      reference: 'sgd',
      dataset: { name: 'mnist', source: 'synthetic', synthetic_size: 300 },
      engine: { name: 'onnxruntime', threads: 1 },
      machine: { cores: expect.any(Number) },
      optimizers: [
        { name: 'sgd', hyperparameters: { lr: 0.02 } },
        { name: 'momentum', class_name: 'Momentum', hyperparameters: { lr: 0.5, momentum: 0.7 } },
      ],
    });
    for (const { measures, name } of report.optimizers) {
      expect(measures.map(({ scope, clock }: Record<string, string>) => `${scope} ${clock}`)).toEqual([
        ...['training wall', 'training cpu', 'whole wall', 'whole cpu'],
      ]);
      for (const { seconds, ratio } of measures) {
        expect(seconds).toHaveLength(2);
        if (name === 'sgd') expect(ratio).toBeNull();
        else expect(ratio.interval[0]).toBeLessThanOrEqual(ratio.interval[1]);
      }
    }
  });

  test('shows an optimizer that diverges as such', async () => {
    const { code, stdout, stderr } = await command([...small, '--optimizers', 'momentum', '--set', 'momentum.lr=1e38']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^training +wall +momentum +- +diverged$/m);
    expect(stdout).toMatch(/^momentum diverged: the loss of minibatch .*; --set momentum\.NAME=VALUE changes/m);
    expect(stderr).toMatch(/^warm-up: momentum diverged: the loss .*; it is not run again$/m);
  });

  test.each([
    [['--set', 'adam.lr=1'], /^probprec: --set: found the optimizer "adam", expected one of sgd, momentum\n$/],
    [['--set', 'lr=1'], /^probprec: --set: found "lr=1", expected OPTIMIZER\.HYPERPARAMETER=VALUE\n$/],
    [['--set', 'momentum.lr'], /^probprec: --set: found "momentum\.lr", expected OPTIMIZER/],
    [['--set', 'momentum.lr=fast'], /^probprec: --set momentum\.lr: found "fast", expected a number\n$/],
    [['--repeats', '0'], /^probprec: --repeats: found "0", expected a whole number of at least 1\n$/],
    [['--batch-size', '251'], /^probprec: --batch-size: found 251, expected at most 250/],
  ])('says in one line what is wrong with %s', async (args, message) => {
    const { code, stdout, stderr } = await loadedCommand([...small, '--optimizers', 'momentum', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test.skipIf(process.platform === 'win32')('an interruption ends it with 130 and leaves nothing', async () => {
    const endless = [...small, '--optimizers', 'momentum', '--repeats', '100000', '--json'];
    const { child, finished, said } = startCommand(endless, { cwd: folder });
    await said(/repeat 1\/100000/);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await finished;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toMatch(/probprec: interrupted, no results are kept\n$/);
    expect(await readdir(folder)).toEqual([]);
  });
});
