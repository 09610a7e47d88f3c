import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadedCommand } from '../cli/loaded-command.js';
import { prunedStates, writePrunedPlan } from './pruned-plan.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-pruned-'));
});
afterAll(() => rm(folder, { recursive: true }));

const probprec = (...args: string[]) => loadedCommand(args, { cwd: folder });

test('a sweep decides after its epochs, and every table says what it stopped', async () => {
  const { code, stdout, stderr } = await probprec('sweep', 'run', await writePrunedPlan(folder, 'one'));
  expect(stderr).toContain('quadratic_deep sgd after epoch 1: 2 of 4 settings pruned by valid_losses, 2 continue\n');
  expect(stderr).toContain('quadratic_deep sgd after epoch 2: 1 of 2 settings pruned by valid_losses, 1 continue\n');
  const summary = 'one: 4 runs: 1 completed, 1 diverged, 2 pruned\n';
  expect({ code, stdout }).toEqual({ code: 0, stdout: summary });
  const states = (await prunedStates(folder, 'one')).map(({ lr, state, epoch }) => [lr, state, epoch]);
  expect(states).toEqual([
    [1e-4, 'pruned', 1],
    [1e-3, 'pruned', 2],
    [0.01, 'completed', 4],
    [1e30, 'diverged', expect.any(Number)],
  ]);
  const status = await probprec('sweep', 'status', 'one.yaml');
  expect(status.stdout).toMatch(/^one: 2 of 4 runs done; 1 completed, 1 diverged, 2 pruned\n/);
  expect(status.stderr).toContain('next: probprec sweep best one.yaml');
  const best = await probprec('sweep', 'best', 'one.yaml');
  expect(best.stdout).toMatch(/left out: lr=0\.0001: pruned after epoch 1: rank 3 of 4, 2 went on: valid_losses \d/);
  expect(best.stdout).toMatch(/^ +1 {2}lr=0\.01 .*\n +2 {2}lr=1e\+30/m);
  const compared = await probprec('compare', 'one', '--baselines', 'none');
  expect(compared.stdout).toContain('best of 4, 2 pruned');
  const listed = await probprec('list', 'runs', 'one', '--where', 'state=pruned');
  expect(listed.stdout.trimEnd().split('\n').slice(-2)).toEqual(Array(2).fill(expect.stringMatching(/\bpruned\b/)));
  expect((await probprec('validate', 'one')).code).toBe(0);
  expect((await probprec('sweep', 'rerun-best', 'one.yaml', '--seeds', '43')).code).toBe(0);
  expect(await readFile(join(folder, 'one-best.yaml'), 'utf8')).not.toContain('pruning');
  // Nothing is left to do.
  expect((await probprec('sweep', 'run', 'one.yaml')).stdout).toBe(summary);
});
