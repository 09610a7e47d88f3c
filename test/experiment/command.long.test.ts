import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadedCommand } from '../cli/loaded-command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-experiment-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('writes a plan that sweep reads, and a page; the same command again changes nothing', async () => {
  const args = ['experiment', 'initialization', '--scale', 'paper', '-o', 'mine'];
  const first = await loadedCommand(args, { cwd: folder });
  expect(first).toMatchObject({ code: 0, stdout: `${join('mine', 'index.html')}\n` });
  expect(first.stderr).toContain('next: probprec experiment initialization --scale paper -o mine --run');
  const plan = await readFile(join(folder, 'mine', 'plan.yaml'), 'utf8');
  const status = await loadedCommand(['sweep', 'status', join('mine', 'plan.yaml')], { cwd: folder });
  expect(status.code).toBe(0);
  expect(status.stdout).toContain('60');
  expect(await loadedCommand(args, { cwd: folder })).toMatchObject({ code: 0 });
  expect(await readFile(join(folder, 'mine', 'plan.yaml'), 'utf8')).toBe(plan);
  const other = await loadedCommand([...args.slice(0, 3), 'laptop', '-o', 'mine'], { cwd: folder });
  expect(other.code).toBe(2);
  expect(other.stderr).toMatch(/plan\.yaml: found a plan that differs, expected a new name \(-o\) or --overwrite/);
});

test('unknown names and scales are one line', async () => {
  expect(await loadedCommand(['experiment', 'speed'], { cwd: folder })).toMatchObject({ code: 2 });
  const { code, stderr } = await loadedCommand(['experiment', 'runtime', '--scale', 'huge'], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toMatch(/--scale: found "huge", expected one of smoke, laptop, paper/);
});
