import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { command, main } from './command.js';

const folder = await mkdtemp(join(tmpdir(), 'probprec-signals-'));
afterAll(() => rm(folder, { recursive: true }));

const seed = Number(process.env.PROBPREC_TEST_SEED ?? Date.now() % 1_000_000);
const problem = '--testproblem mnist_logreg --data synthetic --synthetic-size 600 --threads 1';

beforeAll(async () => {
  for (const each of [42, 43]) {
    const args = `run ${problem} --optimizer sgd --lr 0.1 --num-epochs 2 --batch-size 50 --quiet --seed ${each} --output-dir runs`;
    expect((await command(args.split(' '), { cwd: folder })).code).toBe(0);
  }
});

/** Commands that take a while, and what they write, which ends so when it is whole. */
const COMMANDS: readonly { readonly line: string; readonly written?: string; readonly end?: RegExp }[] = [
  { line: `curvature ${problem} --lanczos 60 --trace-probes 100` },
  { line: 'report runs -o page.html', written: 'page.html', end: /<\/html>\s*$/ },
  { line: 'plot finals runs -o figure.pdf', written: 'figure.pdf', end: /%%EOF\s*$/ },
  { line: 'export csv runs --output-dir csv', written: 'csv/settings.csv', end: /\n$/ },
  { line: 'export parquet runs --output-dir parquet', written: 'parquet/runs.parquet', end: /PAR1$/ },
  { line: 'export tensorboard runs --output-dir events' },
  {
    line: 'experiment lr-sensitivity --scale smoke -o experiment',
    written: 'experiment/index.html',
    end: /<\/html>\s*$/,
  },
  { line: 'show runs' },
];

test.each(COMMANDS)(
  `$line ends by a signal at any moment with nothing half written (seed ${seed})`,
  { timeout: 300_000 },
  async ({ line, written, end }) => {
    const start = performance.now();
    expect((await command(line.split(' '), { cwd: folder })).code).toBe(0);
    const whole = performance.now() - start;
    for (const [index, signal] of (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGTERM'] as const).entries()) {
      // Thirds of the way, shifted by the seed; the last ones fall into the time in which files are written.
      const share = [0.3, 0.6, 0.85, 0.95][index] ?? 0.5;
      const child = spawn(process.execPath, [main, ...line.split(' ')], {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      const ended = once(child, 'close');
      const timer = setTimeout(() => child.kill(signal), whole * share + (seed % 97));
      const [code, by] = (await ended) as [number | null, NodeJS.Signals | null];
      clearTimeout(timer);
      // By the signal, with its code where the command listens, or done before it came.
      // What it said stands beside it, since a failure here does not come again for the asking.
      expect([`null ${signal}`, `${128 + constants.signals[signal]} null`, '0 null'], stderr).toContain(
        `${code} ${by}`,
      );
      expect(stderr).not.toMatch(/defect|\n {4}at /);
      const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.tmp'));
      expect(names).toEqual([]);
      if (written === undefined || end === undefined) continue;
      expect(await readFile(join(folder, written), 'latin1')).toMatch(end);
    }
  },
);
