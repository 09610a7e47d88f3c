import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command } from '../cli/command.js';
import { prunedStates, writePrunedPlan } from './pruned-plan.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-pruned-'));
});
afterAll(() => rm(folder, { recursive: true }));

const sweep = (...args: string[]) => command(['sweep', ...args], { cwd: folder });

describe('a plan that prunes', () => {
  test('comes to the same one by one, two at a time, in parts, and after a run that was done before', async () => {
    await sweep('run', await writePrunedPlan(folder, 'one', 'seeds: 42-43'), '--threads', '1', '--quiet');
    await writePrunedPlan(folder, 'two', 'seeds: 42-43');
    const run = [
      'run',
      '--testproblem',
      'quadratic_deep',
      '--optimizer',
      'sgd',
      '--num-epochs',
      '4',
      '--threads',
      '1',
      '--quiet',
    ];
    const before = [...run, '--lr', '0.0001', '--output-dir', 'two', '--stop-after-epoch', '2'];
    expect((await command(before, { cwd: folder })).code).toBe(0);
    // A whole run ahead of the decisions, which lets the others stay as they are.
    await command([...run, '--lr', '0.01', '--seed', '43', '--output-dir', 'two'], { cwd: folder });
    expect((await sweep('run', 'two.yaml', '--jobs', '2', '--threads', '1', '--quiet')).code).toBe(0);
    const [expected, found] = [await prunedStates(folder, 'one'), await prunedStates(folder, 'two')];
    expect(found).toHaveLength(8);
    // The first run stands where it was, further than the decision, which is the same.
    expect(found[0]).toMatchObject({ state: 'pruned', epoch: 2, reason: expected[0]?.reason });
    expect(found.slice(1)).toEqual(expected.slice(1));
  });

  test('goes on with what another rule lets go on, and with everything without a rule', async () => {
    const path = join(folder, 'two.yaml');
    const stated = await readFile(path, 'utf8');
    await writeFile(path, stated.replace('factor: 2', 'factor: 4'));
    expect((await sweep('status', 'two.yaml')).stdout).toMatch(/^two: 4 of 8 runs done; .*4 interrupted/);
    expect((await sweep('run', 'two.yaml', '--quiet')).stdout).toBe('two: 8 runs: 2 completed, 2 diverged, 4 pruned\n');
    await writeFile(path, stated.replace(/^pruning.*$/m, ''));
    expect((await sweep('run', 'two.yaml', '--quiet')).stdout).toBe('two: 8 runs: 6 completed, 2 diverged\n');
    const [first] = await prunedStates(folder, 'two');
    expect(first?.content.valid_losses).toHaveLength(5);
    expect(first?.content).not.toHaveProperty('pruned_by');
  });

  test('is refused where runs cannot be decided on together', async () => {
    for (const args of [
      ['run', 'one.yaml', '--index', '0'],
      ['run', 'one.yaml', '--only', 'lr=0.01'],
      ['commands', 'one.yaml', '--format', 'slurm'],
    ]) {
      expect(await sweep(...args)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /found a plan that prunes.* whose runs are decided on together, expected sweep run/,
        ),
      });
    }
  });
});
