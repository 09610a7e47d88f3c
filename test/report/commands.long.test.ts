import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command } from '../cli/command.js';
import { loadedCommand } from '../cli/loaded-command.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-report-'));
  const shared = ['run', '--testproblem', 'quadratic_deep', '--num-epochs', '2', '--threads', '1', '--quiet'];
  for (const words of ['--optimizer sgd --lr 0.01', '--optimizer adam --lr 0.1', '--optimizer sgd --lr 1e6']) {
    for (const seed of [42, 43]) {
      const { code } = await loadedCommand([
        ...shared,
        ...words.split(' '),
        '--seed',
        `${seed}`,
        '--output-dir',
        join(folder, 'results'),
      ]);
      expect(code).toBe(0);
    }
  }
}, 180_000);

afterAll(() => rm(folder, { recursive: true }));

const inFolder = (name: string) => join(folder, name);

describe('plot', () => {
  test.each(['svg', 'png', 'pdf', 'json'])('writes %s and the data behind it', async (format) => {
    const file = inFolder(`curves.${format}`);
    const { code, stdout } = await loadedCommand([
      'plot',
      'learning-curves',
      inFolder('results'),
      '-o',
      file,
      '--data',
      inFolder('curves.csv'),
      '--width',
      'column',
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}\n${inFolder('curves.csv')}\n` });
    const start = (await readFile(file)).subarray(0, 200).toString('latin1');
    expect(start).toMatch(
      { svg: /^<svg .*width="23\d/, png: /^\x89PNG/, pdf: /^%PDF/, json: /^\{\s+"\$schema": "https:\/\/vega/ }[
        format
      ] ?? /never/,
    );
    const { stdout: json } = await loadedCommand(['compare', inFolder('results'), '--format', 'json', '--details']);
    const [table] = JSON.parse(json).tables;
    const lines = (await readFile(inFolder('curves.csv'), 'utf8')).trim().split('\n');
    for (const row of table.rows) {
      const last = lines.filter((line) => line.includes(`,${row.name},2,`));
      expect(last).toHaveLength(1);
      expect(last[0]).toContain(`,${row.final.mean},`);
    }
  });

  test('writes a picture for LaTeX and its data beside it', async () => {
    const file = inFolder('curves.tex');
    const { code, stdout } = await loadedCommand(['plot', 'learning-curves', inFolder('results'), '-o', file]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}\n${inFolder('curves.tikz.csv')}\n` });
    expect(await readFile(file, 'utf8')).toContain('\\pgfplotstableread[col sep=comma]{curves.tikz.csv}\\probprecdata');
    const refused = async (...args: string[]) =>
      (await loadedCommand(['plot', 'finals', inFolder('results'), ...args])).stderr;
    expect(await refused('-o', inFolder('a#b.tex'))).toMatch(
      /^probprec: --output: found the name "a#b.tex", expected letters/,
    );
    expect(await refused('-o', file, '--data', inFolder('curves.tikz.csv'))).toMatch(/^probprec: --data: found/);
    const latex = async (...args: string[]) =>
      (await loadedCommand(['compare', inFolder('results'), '--format', 'latex', ...args])).stderr;
    expect(await latex('--label', 'a{b')).toMatch(/^probprec: --label: found "a\{b", expected letters/);
    expect(await latex('--caption', '50% more')).toMatch(/^probprec: --caption: found "50% more", expected LaTeX/);
  });

  test('says what is wrong in one line', async () => {
    const line = async (...args: string[]) => {
      const { code, stderr } = await loadedCommand(args);
      return [code, stderr];
    };
    expect(await line('plot', 'curve', '-o', 'x.svg')).toEqual([
      2,
      expect.stringMatching(/^probprec: plot: found "curve", expected one of learning-curves, .*\n$/),
    ]);
    expect(await line('plot', 'finals', '-o', 'x.gif')).toEqual([
      2,
      'probprec: --output: found "x.gif", expected a name that ends in .svg, .png, .pdf, .json, .tex (or --format)\n',
    ]);
    expect(await line('plot', 'finals', '-o', 'x.svg', '--width', '3')).toEqual([
      2,
      expect.stringMatching(/^probprec: --width: found "3", expected column, page or a length/),
    ]);
    expect(await line('plot', 'quantities', inFolder('results'), '-o', inFolder('q.svg'))).toEqual([
      1,
      'probprec: plot quantities: nothing to draw; it needs an optimizer that writes a log about itself, for instance preconditioned-sgd\n',
    ]);
    expect(await readdir(folder)).not.toContain('q.svg');
  });
});

test('report writes one page with the settings, the diverged runs and the commands that repeat it', async () => {
  const file = inFolder('report.html');
  const { code, stdout } = await loadedCommand([
    'report',
    inFolder('results'),
    '-o',
    file,
    '--all-settings',
    '--no-interactive',
  ]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}\n` });
  const text = await readFile(file, 'utf8');
  expect(text).toContain(
    'for seed in 42 43; do probprec run --testproblem quadratic_deep --optimizer sgd --lr 0.01 --num-epochs 2',
  );
  expect(text).toContain('diverged');
  expect(text).not.toContain('<script');
  const interactive = await loadedCommand(['report', inFolder('results'), '-o', file]);
  expect(interactive.code).toBe(0);
  const { length } = await readFile(file);
  expect(length).toBeGreaterThan(800_000);
  expect(length).toBeLessThan(2_000_000);
});

test('export csv: tables that fit together, every number as in the run file', async () => {
  const { code, stdout } = await loadedCommand(['export', 'csv', inFolder('results'), '-o', inFolder('tables')]);
  expect({ code, files: stdout.trim().split('\n').length }).toEqual({ code: 0, files: 5 });
  expect((await readdir(inFolder('tables'))).sort()).toEqual([
    'curves.csv',
    'events.csv',
    'quantities.csv',
    'runs.csv',
    'settings.csv',
  ]);
  const table = async (name: string) => {
    const [header = '', ...lines] = (await readFile(inFolder(`tables/${name}.csv`), 'utf8')).trim().split('\n');
    const keys = header.split(',');
    return lines.map((line) =>
      Object.fromEntries(
        (line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g) ?? []).map((cell, index) => [
          keys[index],
          cell.replace(/,$/, ''),
        ]),
      ),
    );
  };
  const [runs, curves, settings] = [await table('runs'), await table('curves'), await table('settings')];
  expect(runs).toHaveLength(6);
  expect(settings).toHaveLength(3);
  expect(runs.filter(({ state }) => state === 'diverged')).toHaveLength(2);
  for (const run of runs) {
    const file = JSON.parse(await readFile(run.file ?? '', 'utf8'));
    const own = curves.filter((row) => row.run === run.run && row.metric === 'test_losses');
    expect(own.map(({ value }) => (value === '' ? null : Number(value)))).toEqual(file.test_losses);
    const setting = settings.filter((row) => row.setting === run.setting);
    expect(setting.map(({ lr }) => Number(lr))).toEqual([file.optimizer_hyperparams.lr]);
  }
});

// The chart library takes longer to load than all the rest; a run on a cluster must not pay for it.
test('only the commands that draw load the chart library, and only the export to Parquet its writer', async () => {
  const loads = async (...args: string[]) => {
    const { stderr, code } = await command(args, { env: { NODE_DEBUG: 'esm' } });
    expect(code).toBe(0);
    expect(stderr).toContain('commander');
    return /node_modules\/(?:vega|@resvg|hyparquet)/.test(stderr);
  };
  expect(await loads('--help')).toBe(false);
  expect(await loads('plot', '--help')).toBe(false);
  expect(await loads('compare', inFolder('results'))).toBe(false);
  expect(await loads('export', 'csv', inFolder('results'), '-o', inFolder('t'))).toBe(false);
  expect(await loads('export', 'parquet', inFolder('results'), '-o', inFolder('t'))).toBe(true);
  expect(await loads('plot', 'finals', inFolder('results'), '-o', inFolder('f.svg'))).toBe(true);
});
