import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRunFile } from '../../src/results/index.js';
import { command, startCommand } from './command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-run-'));
});
afterEach(() => rm(folder, { recursive: true }));

const small = [
  'run',
  '--testproblem',
  'mnist_logreg',
  '--data',
  'synthetic',
  '--synthetic-size',
  '1200',
  '--threads',
  '1',
];
const sgd = [...small, '--optimizer', 'sgd', '--lr', '0.1'];

describe('run', () => {
  test("writes one run file at DeepOBS's path and prints only that path on stdout", async () => {
    const { code, stdout, stderr } = await command([...sgd, '--num-epochs', '2'], { cwd: folder });
    expect({ code, stderr: stderr.includes('completed') }).toEqual({ code: 0, stderr: true });
    const path = stdout.trim();
    expect(path).toMatch(
      /^results.mnist_logreg.SGD.num_epochs__2__batch_size__128__lr__1\.e-01.random_seed__42__\d{4}(-\d\d){5}\.json$/,
    );
    const runFile = await readRunFile(join(folder, path));
    expect(runFile.status).toEqual({ state: 'completed', epoch: 2, step: null, reason: null });
    expect(runFile.dataset).toMatchObject({ source: 'synthetic', synthetic_size: 1200 });
    expect(runFile.test_accuracies).toHaveLength(3);
    expect(await readdir(join(folder, dirname(path)))).toHaveLength(1);
  });

  test('writes plain text without control sequences when piped', async () => {
    const { stdout, stderr } = await command([...sgd, '--num-epochs', '1'], { cwd: folder });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
    expect(stdout + stderr).not.toMatch(/[\u001b\r\u0007]/);
    expect(stderr).toMatch(/epoch 0\/1: loss \(accuracy\) train 2\.303 /);
    expect(stderr).toMatch(/epoch 1\/1: loss/);
  });

  test('with --json --quiet prints a summary and nothing else', async () => {
    const args = [...sgd, '--num-epochs', '1', '--seed', '7', '--json', '--quiet'];
    const { code, stdout, stderr } = await command(args, { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const summary = JSON.parse(stdout);
    const runFile = await readRunFile(join(folder, summary.path));
    expect(summary).toMatchObject({
      status: 'completed',
      random_seed: 7,
      already_complete: false,
      test_loss: runFile.test_losses.at(-1),
      test_accuracy: runFile.test_accuracies?.at(-1),
    });
  });

  test('does nothing when the run is complete, and runs again with --overwrite', async () => {
    const args = [...sgd, '--num-epochs', '1', '--json'];
    const first = JSON.parse((await command(args, { cwd: folder })).stdout);
    const second = await command(args, { cwd: folder });
    expect(JSON.parse(second.stdout)).toEqual({ ...first, already_complete: true });
    expect(second.stderr).toContain('already complete (--overwrite runs it again)');
    expect(JSON.parse((await command([...args, '--overwrite'], { cwd: folder })).stdout).already_complete).toBe(false);
  });

  test('takes hyperparameters as --name V, --name=V and booleans', async () => {
    const base = [...small, '--num-epochs', '1', '--json', '--quiet'];
    const momentum = [...base, '--optimizer', 'momentum', '--lr=1e-2', '--momentum', '.5'];
    const { stdout, stderr } = await command(momentum, { cwd: folder });
    expect(stderr).toBe('');
    const { optimizer_hyperparams } = await readRunFile(join(folder, JSON.parse(stdout).path));
    expect(optimizer_hyperparams).toMatchObject({ lr: 0.01, momentum: 0.5 });
  });

  test('a diverged run is a result: exit code 0', async () => {
    const args = [...small, '--optimizer', 'sgd', '--lr', '1e38', '--num-epochs', '3', '--json'];
    const { code, stdout, stderr } = await command(args, { cwd: folder });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'diverged', reason: expect.any(String) });
    expect(stderr).toMatch(/^diverged after \d+ epochs? and \d+ steps? in /m);
  });

  test('a schedule is part of the run file and of the folder', async () => {
    const schedule = ['--lr-schedule-epochs', '1,2', '--lr-schedule-factors', '0.1,0.01'];
    const { stdout } = await command([...sgd, '--num-epochs', '3', ...schedule, '--quiet'], { cwd: folder });
    expect(stdout).toContain('__lr_sched_epochs__[1, 2]__lr_sched_factors__[0.1, 0.01]');
    const { training_params } = await readRunFile(join(folder, stdout.trim()));
    expect(training_params).toEqual({ lr_sched_epochs: [1, 2], lr_sched_factors: [0.1, 0.01] });
  });
});

describe.skipIf(process.platform === 'win32')('an interruption', () => {
  const endless = [...sgd, '--num-epochs', '100000'];

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGUSR1', 128 + constants.signals.SIGUSR1],
  ] as const)('by %s keeps the step and says so, and ends with code %i', async (signal, exitCode) => {
    const first = startCommand(endless, { cwd: folder });
    await first.said(/epoch 2\/100000/);
    first.child.kill(signal);
    const { code, stdout, stderr } = await first.finished;
    expect(code).toBe(exitCode);
    expect(stderr).toMatch(
      new RegExp(`^probprec: interrupted by ${signal}, stopping after this step \\(once more`, 'm'),
    );
    expect(stderr).not.toMatch(/debugger/i);
    const kept =
      /^interrupted after .*; kept: the checkpoint of (.* of 100000), (\S+\.checkpoint); repeat the command/m;
    const [, place = '', checkpoint = ''] = kept.exec(stderr) ?? [];
    const runFile = await readRunFile(join(folder, stdout.trim()));
    expect(runFile.status).toMatchObject({ state: 'interrupted', reason: `interrupted by ${signal}` });
    expect(await readdir(join(folder, dirname(checkpoint)))).toContain(
      checkpoint.slice(dirname(checkpoint).length + 1),
    );

    const second = startCommand(endless, { cwd: folder });
    await second.said(new RegExp(`resumes from the checkpoint of ${place}\n`));
    second.child.kill(signal);
    expect((await second.finished).code).toBe(exitCode);
  });
});

describe('a reader that goes away', () => {
  test('from stdout ends the command quietly', async () => {
    const { child, finished } = startCommand(['list', 'testproblems', '--json']);
    child.stdout.destroy();
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
  });

  test('from stderr does not end a run', async () => {
    const { child, finished } = startCommand([...sgd, '--num-epochs', '1'], { cwd: folder });
    child.stderr.destroy();
    const { code, stdout } = await finished;
    expect(code).toBe(0);
    expect((await readRunFile(join(folder, stdout.trim()))).status.state).toBe('completed');
  });
});
