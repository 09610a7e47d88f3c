import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hintText } from '../../src/cli/divergence-hints.js';
import { loadOptimizer, optimizerNames } from '../../src/optimizer/index.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { loadedCommand } from './loaded-command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-diverged-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What an optimizer says with these hyperparameters, defaults filled in. */
async function hint(optimizer: string, hyperparameters: Record<string, unknown> = {}): Promise<string | null> {
  const resolved = await resolveConfiguration({ testproblem: 'quadratic_deep', optimizer, hyperparameters });
  return hintText(resolved.optimizer.whenDiverged?.(resolved.configuration.optimizer.hyperparameters) ?? null);
}

describe('what an optimizer says of a divergence', () => {
  test('is nothing for those whose learning rate the user chose', async () => {
    expect(await hint('sgd')).toBeNull();
    expect(await hint('adam')).toBeNull();
  });

  test('names what helps for those that estimate it, and only what is not in force already', async () => {
    for (const name of optimizerNames().filter((other) => /^(preconditioned|adaptive|only)-/.test(other))) {
      const tuned = name.startsWith('preconditioned-tuned-');
      const text = await hint(name, tuned ? { lr: 1 } : {});
      expect(text, name).toMatch(
        tuned ? /a smaller --lr, or --scaling relative,/ : /--lr-schedule-factors 0\.3\) or .*--lr 0\.05\)/,
      );
      expect(text?.includes('scaling'), name).toBe(name.startsWith('preconditioned'));
    }
    const relative = await hint('preconditioned-sgd', { scaling: 'relative' });
    expect(relative).toMatch(/nothing bounds .*--lr 0\.05/);
    expect(relative).not.toContain('scaling');
  });

  test('names options that there are', async () => {
    const text = `${await hint('preconditioned-sgd')}`;
    const { stdout } = await loadedCommand(['run', '--optimizer', 'preconditioned-sgd', '--help']);
    for (const [option] of text.matchAll(/--[a-z-]+/g)) expect(stdout).toContain(`${option} `);
  });
});

const lost = ['--lr', '1e30'];
const quadratic = ['--testproblem', 'quadratic_deep', '--num-epochs', '2', '--batch-size', '32', '--threads', '1'];

test('run shows it below the line that says where the run diverged, also with --quiet', async () => {
  const args = ['run', '--optimizer', 'preconditioned-sgd', ...quadratic, ...lost, '--quiet', '--json'];
  const { code, stdout, stderr } = await loadedCommand(args, { cwd: folder });
  expect(code).toBe(0);
  expect(stderr).toMatch(/^diverged after .*\npreconditioned-sgd: nothing bounds the estimated step size .*\n$/);
  expect(JSON.parse(stdout).hint).toMatch(/^nothing bounds/);
});

test('a sweep and its status show it once, however many runs diverged', async () => {
  await writeFile(
    join(folder, 'plan.yaml'),
    `{ testproblems: quadratic_deep, optimizers: preconditioned-sgd, settings: { lr: 1e30 }, seeds: 1-3,
       options: { num_epochs: 2, batch_size: 32 } }`,
  );
  const sweep = await loadedCommand(['sweep', 'run', 'plan.yaml', '--threads', '1'], { cwd: folder });
  expect(sweep.code, sweep.stderr).toBe(0);
  expect(sweep.stdout).toContain('3 diverged');
  expect(sweep.stderr.match(/^preconditioned-sgd: nothing bounds/gm)).toHaveLength(1);
  const status = await loadedCommand(['sweep', 'status', 'plan.yaml'], { cwd: folder });
  expect(status.stderr.match(/^preconditioned-sgd: nothing bounds/gm)).toHaveLength(1);
});

test('the list of optimizers says where the published algorithm is fragile', async () => {
  const stdout = (await loadedCommand(['list', 'optimizers'])).stdout.replaceAll(/(\S)\n(?=\S)/g, '$1 ');
  expect(stdout).toMatch(/(?:^| )preconditioned-sgd: .* mnist_mlp .* of 10 seeds .*docs\/preconditioner\.md/m);
  const { caveat } = await loadOptimizer('preconditioned-sgd');
  expect(stdout).toContain(`preconditioned-sgd: ${caveat}`);
});
