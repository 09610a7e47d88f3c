import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OutputError } from '../../src/errors.js';
import { ensureWritable, writeFileAtomic } from '../../src/results/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-atomic-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('writing atomically', () => {
  test('replaces the content and leaves nothing else behind', async () => {
    const path = join(folder, 'deep', 'file.txt');
    await writeFileAtomic(path, 'old');
    await writeFileAtomic(path, new TextEncoder().encode('new'));
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(join(folder, 'deep'))).toEqual(['file.txt']);
  });

  test('many writers at once leave one whole content', async () => {
    const path = join(folder, 'file.txt');
    const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    expect(contents).toContain(await readFile(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['file.txt']);
  });

  test('a failure is an OutputError and leaves no temporary file', async () => {
    await mkdir(join(folder, 'taken'));
    await expect(writeFileAtomic(join(folder, 'taken'), 'text')).rejects.toThrow(OutputError);
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('a process that ends as it writes', () => {
  const module = new URL('../../dist/src/temporary-files.js', import.meta.url).href;
  /** Begins a file, says so, and waits; with `listens` the process does something of its own about the signal. */
  const program = (path: string, listens: boolean) => `
    import { writeFileSync } from 'node:fs';
    import { beginTemporary } from ${JSON.stringify(module)};
    ${listens ? "process.on('SIGTERM', () => setTimeout(() => process.exit(7), 50));" : ''}
    writeFileSync(beginTemporary(${JSON.stringify(path)}), 'half');
    console.log('begun');
    setInterval(() => undefined, 1000);`;

  async function killed(signal: NodeJS.Signals, listens = false) {
    const path = join(folder, 'table.csv');
    const child = spawn(process.execPath, ['--input-type=module', '-e', program(path, listens)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    expect(await readdir(folder)).toHaveLength(1);
    child.kill(signal);
    return (await ended) as [number | null, NodeJS.Signals | null];
  }

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s leaves nothing, and ends by it', async (signal) => {
    expect(await killed(signal)).toEqual([null, signal]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('in its own way leaves nothing either', async () => {
    expect(await killed('SIGTERM', true)).toEqual([7, null]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('by SIGKILL leaves what the next writer of the file removes, and nobody else', async () => {
    await killed('SIGKILL');
    await writeFileAtomic(join(folder, 'other.csv'), 'whole');
    expect(await readdir(folder)).toHaveLength(2);
    await writeFileAtomic(join(folder, 'table.csv'), 'whole');
    expect(await readdir(folder)).toEqual(['other.csv', 'table.csv']);
  });
});

describe('checking the output directory', () => {
  test('creates it in an existing parent', async () => {
    await ensureWritable(join(folder, 'results'));
    expect(await readdir(folder)).toEqual(['results']);
    expect(await readdir(join(folder, 'results'))).toEqual([]);
    await ensureWritable(join(folder, 'results'));
  });

  test('creates a folder below it', async () => {
    await ensureWritable(join(folder, 'results'), join(folder, 'results', 'a', 'b'));
    expect(await readdir(join(folder, 'results', 'a'))).toEqual(['b']);
    await expect(ensureWritable(join(folder, 'no', 'results'), join(folder, 'no', 'results', 'a'))).rejects.toThrow(
      /parent folder does not exist/,
    );
  });

  test('refuses a missing parent, a file, and a folder that cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(ensureWritable(join(folder, 'a', 'b'))).rejects.toThrow(/its parent folder does not exist/);
    await expect(ensureWritable(join(folder, 'file'))).rejects.toThrow(/a file of that name is in the way/);
    await expect(ensureWritable(join(folder, 'file', 'b'))).rejects.toThrow(OutputError);
    expect(await readdir(folder)).toEqual(['file']);
    await mkdir(join(folder, 'read-only'));
    await chmod(join(folder, 'read-only'), 0o555);
    // The superuser may write there all the same; /proc refuses everyone.
    const refused = process.getuid?.() === 0 ? '/proc/probprec' : join(folder, 'read-only');
    await expect(ensureWritable(refused)).rejects.toThrow(/outputDir/);
  });
});
