import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadedCommand } from '../cli/loaded-command.js';

const root = new URL('../../', import.meta.url);

/** The texts of a figure, in their order, without numbers of axes and of runs. */
function textsOf(svg: string): string[] {
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text.replace(/n = \d+/, 'n'));
  return texts.filter((text) => !/^[\d.]+$/.test(text));
}

test('the commands in README make its figure and its table', async () => {
  const readme = await readFile(new URL('README.md', root), 'utf8');
  const commands = readme.split('\n').filter((line) => /^ {4}npx probprec .*\bexample\.yaml/.test(line));
  expect(commands).toHaveLength(4);
  const folder = await mkdtemp(join(tmpdir(), 'probprec-readme-'));
  try {
    await mkdir(join(folder, 'docs'));
    const outputs: string[] = [];
    for (const line of commands) {
      // Two seeds, so that the test takes seconds.
      const args = line.replace('--seeds 42-51', '--seeds 42-43').trim().split(' ').slice(2);
      const { code, stdout, stderr } = await loadedCommand(args, { cwd: folder });
      expect({ line, code, stderr: code === 0 ? '' : stderr }).toEqual({ line, code: 0, stderr: '' });
      outputs.push(stdout);
    }
    const [made, committed] = await Promise.all(
      [join(folder, 'docs/example.svg'), new URL('docs/example.svg', root)].map((path) => readFile(path, 'utf8')),
    );
    expect(textsOf(made ?? '')).toEqual(textsOf(committed ?? ''));
    const table = (text: string) => text.split('\n').filter((line) => line.startsWith('| '));
    const own = table(outputs[3] ?? '');
    const shown = table(readme).slice(0, own.length);
    expect(own[0]).toBe(shown[0]);
    const cells = (line: string) => line.split('|').map((cell) => cell.trim());
    for (const [index, line] of own.entries()) {
      expect(cells(line).slice(1, 3)).toEqual(cells(shown[index] ?? '').slice(1, 3));
      if (index < 2) continue;
      const meanOf = (row: string) => Number.parseFloat(cells(row)[4]?.replaceAll('*', '') ?? '');
      expect(Math.abs(meanOf(line) / meanOf(shown[index] ?? '') - 1)).toBeLessThan(0.03);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}, 300_000);
