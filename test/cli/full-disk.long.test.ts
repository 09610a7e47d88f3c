import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from './command.js';
import { loadedCommand } from './loaded-command.js';

const RUN =
  'run --testproblem mnist_logreg --optimizer adam --data synthetic --synthetic-size 600 --num-epochs 6 --batch-size 32 --threads 1 --quiet --no-resource-check --output-dir';

let folder: string;
let disk: string;
/** Whether file systems may be mounted here: as the superuser, and not in every container. */
const mayMount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', '/mnt']).status === 0;
if (mayMount) spawnSync('umount', ['/mnt']);

const probprec = (line: string) =>
  spawnSync(process.execPath, [main, ...line.split(' ')], { encoding: 'utf8', cwd: folder });

/** A file system with so much room. */
function mount(options: string): void {
  spawnSync('umount', [disk]);
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]).status).toBe(0);
}

async function files(): Promise<string[]> {
  const entries = await readdir(disk, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

describe.skipIf(!mayMount)('a disk that becomes full (needs the right to mount one)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probprec-full-'));
    disk = await mkdtemp(join(tmpdir(), 'probprec-disk-'));
    expect(probprec(`${RUN} results`).status).toBe(0);
  });
  afterAll(async () => {
    spawnSync('umount', [disk]);
    for (const path of [folder, disk]) await rm(path, { recursive: true });
  });

  // Room for nothing, a journal, a part of a checkpoint, nearly one; then names for some of the files only.
  test.each(['size=4k', 'size=8k', 'size=60k', 'size=100k', 'nr_inodes=1', 'nr_inodes=4', 'nr_inodes=7'])(
    'under a run (%s): one line, and the same command goes on when there is room',
    async (options) => {
      mount(options);
      const { status, stdout, stderr } = probprec(`${RUN} ${disk}/r`);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^probprec: [^\n]*no space left on the device[^\n]*\n$/);
      for (const name of await files()) expect(name).not.toMatch(/\.(tmp|lock)$/);
      if (stdout !== '') expect(JSON.parse(await readFile(stdout.trim(), 'utf8')).status.state).toBe('failed');
      spawnSync('mount', ['-o', 'remount,size=50m,nr_inodes=10000', disk]);
      const again = probprec(`${RUN} ${disk}/r`);
      expect(again.stderr).toBe('');
      expect(await files()).toEqual([expect.stringMatching(/^random_seed__42__.*\.json$/)]);
    },
  );

  const whole = /^(random_seed|events\.out|p\.html|plan\.yaml)/;
  test.each([
    ['export csv', `export csv results -o DISK/o`, /^$/],
    ['export parquet', `export parquet results -o DISK/o`, /^$/],
    ['export tensorboard', `export tensorboard results -o DISK/o`, whole],
    ['export deepobs', `export deepobs results --output-dir DISK/o`, whole],
    ['report', `report results -o DISK/a/b/p.html`, /^$/],
    ['plot', `plot learning-curves results -o DISK/a/b/p.png`, /^$/],
    ['sweep plan', `sweep plan --testproblem mnist_logreg --optimizer sgd --grid lr=0.1 -o DISK/a/plan.yaml`, whole],
  ])('under %s: one line, and nothing in part', async (_, line, left) => {
    for (const options of ['size=4k,nr_inodes=100', 'nr_inodes=1', 'nr_inodes=2', 'nr_inodes=5']) {
      mount(options);
      const { code: status, stderr } = await loadedCommand(line.replaceAll('DISK', disk).split(' '), { cwd: folder });
      if (status !== 0) expect(stderr, options).toMatch(/^probprec: [^\n]*no space left on the device[^\n]*\n$/);
      if (status !== 0) expect(status, options).toBe(1);
      if (status !== 0) for (const name of await files()) expect(name, options).toMatch(left);
    }
  });

  test.each(['csv', 'jsonl'])('under run --log %s: the run goes on, and no line is cut off', async (kind) => {
    mount('size=4k');
    const { status, stderr } = probprec(`${RUN} log-${kind} --log ${kind}:${disk}/log`);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^probprec: warning: --log: cannot write .*no space left.*the run continues without .*\n$/);
    const log = await readFile(join(disk, 'log'), 'utf8');
    expect(log.length).toBeGreaterThan(1000);
    expect(log.endsWith('\n')).toBe(true);
  });
});
