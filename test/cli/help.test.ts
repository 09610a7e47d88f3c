import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command } from './command.js';
import { loadedCommand } from './loaded-command.js';

async function help(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await loadedCommand(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('help', () => {
  test('of the program', async () => expect(await help('--help')).toMatchSnapshot());
  test('of run', async () => expect(await help('run', '--help')).toMatchSnapshot());
  test('of list', async () => expect(await help('list', '--help')).toMatchSnapshot());
  test('of data', async () => expect(await help('data', '--help')).toMatchSnapshot());
  test('of data verify', async () => expect(await help('data', 'verify', '--help')).toMatchSnapshot());
  test('of doctor', async () => expect(await help('doctor', '--help')).toMatchSnapshot());

  test("of run with an optimizer ends in the optimizer's own hyperparameters", async () => {
    const text = await help('run', '--optimizer', 'adam', '--help');
    expect(text).toContain('--num-epochs');
    expect(text.slice(text.indexOf('Hyperparameters of adam'))).toMatchSnapshot();
  });

  test('of run works before the required options are given and wherever --help stands', async () => {
    expect(await help('run', '--help', '--optimizer', 'sgd')).toContain('Hyperparameters of sgd');
  });

  test('of a command goes by its whole name, and takes its arguments along', async () => {
    expect(await help('help', 'sweep', 'run')).toBe(await help('sweep', 'run', '--help'));
    expect(await help('help', 'list', 'runs')).toBe(await help('list', '--help'));
  });

  test('says a default as one types it, and none where there is none', async () => {
    const text = await help('plot', '--help');
    expect(text).toContain('in, cm, mm or pt (page)');
    expect(text).not.toMatch(/default: |\(\)|\[\]/);
  });

  test('wraps sentences at the width, not where the source code breaks them', async () => {
    const { stdout } = await command(['sweep', 'run', '--help'], { env: { COLUMNS: '70' } });
    const description = (stdout.split('\n\n')[1] ?? '').split('\n');
    expect(description.slice(0, -1).every((line) => line.length > 50)).toBe(true);
  });

  test('--version prints the version of the package', async () => {
    const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await help('--version')).toBe(`${version}\n`);
  });

  // What makes a command slow to start is what it loads, which does not depend on how busy the machine is.
  test('loads nothing but the command line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'probprec-help-'));
    try {
      const LOADED = join(folder, 'loaded.txt');
      const { code } = await command(['--help'], {
        env: { LOADED, NODE_OPTIONS: `--import ${new URL('./log-loaded-modules.mjs', import.meta.url).href}` },
      });
      expect(code).toBe(0);
      const loaded = readFileSync(LOADED, 'utf8').trim().split('\n');
      expect(loaded.length).toBeGreaterThan(10);
      expect(loaded.length).toBeLessThan(70);
      const packages = loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
      expect(new Set(packages)).toEqual(new Set(['commander']));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
