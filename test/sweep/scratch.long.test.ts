import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command } from '../cli/command.js';
import { writeBlankMnist } from './blank-mnist.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-scratch-'));
  await writeBlankMnist(join(folder, 'data'));
  const text =
    'testproblems: mnist_logreg\noptimizers: sgd\nseeds: 1-2\noptions: { num_epochs: 0, batch_size: 1000 }\ndata_dir: data\n';
  await writeFile(join(folder, 'plan.yaml'), text);
});
afterAll(() => rm(folder, { recursive: true }));

const sweepRun = (...args: string[]) => command(['sweep', 'run', 'plan.yaml', ...args], { cwd: folder });

test('runs read the copies of their data on the disk of this machine', async () => {
  const first = await sweepRun('--index', '0', '--scratch', 'scratch');
  expect(first.code).toBe(0);
  expect(first.stderr).toMatch(/^mnist: copied to \S+\/scratch\/probprec-data-[0-9a-f]{8}$/m);
  const [own = ''] = await readdir(join(folder, 'scratch'));
  const labels = join(folder, 'scratch', own, 'mnist', 'train-labels-idx1-ubyte');
  expect((await readFile(labels)).length).toBe(60_008);
  // A copy that is wrong, but of the right size and time, is read: the error is about it.
  const { size, atime, mtime } = await stat(labels);
  await writeFile(labels, Buffer.alloc(size));
  await utimes(labels, atime, mtime);
  const second = await sweepRun('--scratch', 'scratch');
  expect(second.code).toBe(1);
  expect(second.stdout).toContain(labels);
});

test('runs read their data where they are when the disk cannot be written', async () => {
  await writeFile(join(folder, 'no-folder'), '');
  const { code, stderr } = await sweepRun('--index', '1', '--scratch', 'no-folder', '--quiet');
  expect(stderr).toMatch(
    /^probprec: --scratch: \S+: the data set mnist cannot be copied there \(.*\); the runs read their data in \S+\/data$/m,
  );
  expect(code).toBe(0);
});
