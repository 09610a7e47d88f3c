import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { command } from './command.js';

async function help(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await command(args);
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

  test('--version prints the version of the package', async () => {
    const { version }: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await help('--version')).toBe(`${version}\n`);
  });

  test('is quick, for it loads nothing but the command line', async () => {
    const times: number[] = [];
    for (let repeat = 0; repeat < 5; repeat++) {
      const start = performance.now();
      await help('--help');
      times.push(performance.now() - start);
    }
    // 75 ms on an idle machine; the bound leaves room for the tests beside this one.
    expect(Math.min(...times)).toBeLessThan(400);
  });
});
