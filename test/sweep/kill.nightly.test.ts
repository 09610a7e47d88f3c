import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { command } from '../cli/command.js';
import { reproducibleResults, runFiles, sweepFolder, writePlan } from './small-sweep.js';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
/** PROBPREC_LONG_TESTS=1 sends a hundred. */
const KILLS = process.env.PROBPREC_LONG_TESTS === '1' ? 100 : 10;

let folder: string;
beforeEach(async () => {
  folder = await sweepFolder();
});
afterEach(() => rm(folder, { recursive: true }));

/** Numbers in [0, 1) by a linear congruential generator (Numerical Recipes' constants). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

async function hasCheckpoint(): Promise<boolean> {
  const names = await readdir(join(folder, 'killed'), { recursive: true }).catch(() => []);
  return names.some((name) => name.endsWith('.checkpoint'));
}

test('a sweep killed at random moments gives the same results as one that was not', {
  timeout: KILLS * 60_000,
}, async () => {
  const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));
  console.info(`seed of the moments: ${seed} (PROBPREC_TEST_SEED repeats them)`);
  const random = randomNumbers(seed);
  // So many epochs that the last kill still finds something to kill.
  const small = { seeds: '1-3', epochs: 6 * KILLS, syntheticSize: 1200, faults: ['none', 'other'] };
  const whole = await writePlan(folder, 'whole.yaml', { ...small, outputDir: 'whole' });
  expect(
    (await command(['sweep', 'run', whole, '--jobs', '2', '--allow-user-code', '--quiet'], { cwd: folder })).code,
  ).toBe(0);

  const killed = await writePlan(folder, 'killed.yaml', { ...small, outputDir: 'killed' });
  let resumed = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [main, 'sweep', 'run', killed, '--jobs', '2', '--allow-user-code'], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = once(child, 'close');
    // Half of the moments count from the start of the process, the others from when a run is in the middle of its work.
    const inTheMiddle = kill % 2 === 1;
    while (inTheMiddle && child.exitCode === null && !(await hasCheckpoint())) await sleep(5);
    await Promise.race([sleep(random() * (inTheMiddle ? 400 : 1500)), ended]);
    if (child.exitCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
    await ended;
    expect(said).not.toContain('failed');
    if (await hasCheckpoint()) resumed += 1;
  }
  const last = await command(['sweep', 'run', killed, '--jobs', '2', '--allow-user-code', '--quiet'], { cwd: folder });
  expect(last).toMatchObject({ code: 0, stdout: 'killed: 6 runs: 6 completed\n', stderr: '' });
  expect(await reproducibleResults(join(folder, 'killed'))).toEqual(await reproducibleResults(join(folder, 'whole')));
  expect(await runFiles(join(folder, 'killed'))).toHaveLength(6);
  // The kills must have hit something: without one in the middle of a run the test would show nothing.
  expect(resumed).toBeGreaterThan(0);
});
