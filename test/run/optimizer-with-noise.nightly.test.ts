import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRunFile, reproducibleContent } from '../../src/results/index.js';
import { command, startCommand } from '../cli/command.js';
import { temporaryFolder } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  const text = await readFile(fileURLToPath(new URL('../../docs/writing-optimizers.md', import.meta.url)), 'utf8');
  const examples = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  await writeFile(join(folder, 'noisy.mjs'), examples.find((example) => example.includes('continueEpoch')) ?? '');
});
afterEach(() => rm(folder, { recursive: true }));

const data = ['--testproblem', 'mnist_logreg', '--data', 'synthetic', '--synthetic-size', '600', '--threads', '1'];
const args = (output: string, seed: number) => [
  ...['run', '--optimizer', './noisy.mjs', ...data, '--batch-size', '32', '--num-epochs', '12'],
  ...['--seed', String(seed), '--output-dir', output],
];

async function trained(output: string, seed: number) {
  const { code, stdout, stderr } = await command([...args(output, seed), '--quiet'], { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return readRunFile(join(folder, stdout.trim()));
}

test('the optimizer with random probes of the documentation repeats its numbers, seed by seed, and learns', async () => {
  const [first, again, other] = [await trained('a', 42), await trained('b', 42), await trained('c', 43)];
  expect(reproducibleContent(again)).toEqual(reproducibleContent(first));
  expect(other.minibatch_train_losses).not.toEqual(first.minibatch_train_losses);
  expect(first.train_losses.at(-1)).toBeLessThan(2.2);
});

test.each(['with', 'without'])('it gives the same numbers when it was interrupted, %s continueEpoch', async (which) => {
  const file = join(folder, 'noisy.mjs');
  const text = await readFile(file, 'utf8');
  expect(text).toContain('async continueEpoch');
  if (which === 'without') await writeFile(file, text.replace('async continueEpoch', 'async notNeeded'));
  const whole = await trained('whole', 42);
  const { child, finished, said } = startCommand(args('parts', 42), {
    cwd: folder,
  });
  await said(/epoch 2\/12: loss/);
  child.kill('SIGINT');
  const { code, stderr } = await finished;
  expect(code).toBe(130);
  expect(stderr).toMatch(/; kept: the checkpoint of .* of 12, .*repeat the command to resume/);
  const resumed = await trained('parts', 42);
  expect(resumed.resumed).toHaveLength(1);
  const { step } = resumed.resumed[0] ?? {};
  if (which === 'without') expect([undefined, resumed.steps_per_epoch]).toContain(step);
  expect(reproducibleContent(resumed)).toEqual(reproducibleContent(whole));
});
