import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { planOf, planStatus } from '../../src/sweep/index.js';
import { command } from '../cli/command.js';

const parallelIsThere = /GNU parallel/.test(spawnSync('parallel', ['--version'], { encoding: 'utf8' }).stdout ?? '');
const FILE = 'jobs_SGD_grid_search_mnist_logreg.txt';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'probprec-parallel-'));
  folder = join(root, `it's {} {1} "$HOME"`);
  await mkdir(folder);
});
afterEach(() => rm(root, { recursive: true }));

function start(): ChildProcess {
  return spawn(`./${FILE}`, { cwd: folder, stdio: 'ignore' });
}

/** The joblog's lines: of each finished command its number and exit code. */
async function joblog(): Promise<{ sequence: number; exit: number }[]> {
  const name = (await readdir(folder)).find((entry) => entry.endsWith('.joblog'));
  const text = name === undefined ? '' : await readFile(join(folder, name), 'utf8');
  const rows = text.trim().split('\n').slice(1);
  return rows.map((row) => ({ sequence: Number(row.split('\t')[0]), exit: Number(row.split('\t')[6]) }));
}

test('GNU parallel runs the file, and after a kill goes on without doing finished runs again', async (context) => {
  if (!parallelIsThere) context.skip('GNU parallel is not installed (Debian: apt-get install parallel)');
  const path = join(folder, 'plan.yaml');
  const text = `testproblems: mnist_logreg
optimizers: sgd
settings: { lr: [0.1, 0.2, 0.3, 0.4, 1e9] }
options: { num_epochs: 12, batch_size: 16, data: synthetic, synthetic_size: 600 }
resources: { jobs: 2, threads: 1 }
`;
  await writeFile(path, text);
  const plan = planOf(path, text);
  const written = await command(['sweep', 'commands', 'plan.yaml', '--format', 'parallel'], { cwd: folder });
  expect(written).toMatchObject({ code: 0, stdout: `${FILE}\n` });

  const first = start();
  while ((await joblog()).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  first.kill('SIGKILL');
  await once(first, 'close');
  const before = (await planStatus(plan)).filter(({ state }) => state === 'completed' || state === 'diverged');
  const times = await Promise.all(before.map(({ path: file }) => stat(file ?? '')));
  const logged = await joblog();
  expect(before.length).toBeGreaterThanOrEqual(2);

  // What the killed parallel had started may still be running: those runs are held by their locks and are tried again.
  for (let attempt = 0; attempt < 40; attempt++) {
    const again = start();
    const [code] = await once(again, 'close');
    if (code === 0) break;
  }
  const after = await planStatus(plan);
  expect(after.map(({ state }) => state)).toEqual([
    'completed',
    'completed',
    'completed',
    'completed',
    after[4]?.state,
  ]);
  expect(after[4]?.state).toMatch(/^(completed|diverged)$/);
  for (const [index, { path: file }] of before.entries()) {
    expect((await stat(file ?? '')).mtimeMs).toBe(times[index]?.mtimeMs);
  }
  const finished = await joblog();
  expect(new Set(finished.map(({ sequence }) => sequence)).size).toBe(5);
  for (const { sequence } of logged) {
    expect(finished.filter((row) => row.sequence === sequence)).toEqual([{ sequence, exit: 0 }]);
  }
  expect((await command(['sweep', 'status', 'plan.yaml'], { cwd: folder })).stdout).toContain('5 of 5 runs done');
});
