import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { command } from '../cli/command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-experiment-'));
});
afterEach(() => rm(folder, { recursive: true }));

const page = () => readFile(join(folder, 'mine', 'index.html'), 'utf8');

test('runtime --run measures once, and sets our ratios beside the published ones', async () => {
  const args = ['experiment', 'runtime', '--scale', 'smoke', '-o', 'mine', '--run', '--threads', '1', '--quiet'];
  expect(await command(args, { cwd: folder })).toMatchObject({ code: 0 });
  const first = await page();
  expect(first).toMatch(/AdaptiveSGD: whole run over SGD [\d.]+ .*published 1\.869 ± 0\.254/);
  const again = await command(args, { cwd: folder });
  expect(again.stderr).toContain('runtime.json exists');
  expect(await page()).toBe(first);
  // Nothing is left to do, so nothing is advised.
  const drawn = await command(args.slice(0, 6), { cwd: folder });
  expect(drawn.stderr).not.toContain('next:');
}, 300_000);

test('initialization --run executes the plan and draws what it found', async () => {
  const args = ['experiment', 'initialization', '--scale', 'smoke', '-o', 'mine', '--run', '--jobs', '2', '--quiet'];
  expect(await command(args, { cwd: folder })).toMatchObject({ code: 0 });
  const text = await page();
  expect(text).toContain('6 of 6 runs have ended');
  expect(text).toContain('Measured here, synthetic data');
  const drawn = await command(args.slice(0, 6), { cwd: folder });
  expect(drawn.stderr).not.toContain('next:');
}, 600_000);
