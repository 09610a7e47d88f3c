import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolders, makeFoldersSync } from '../../src/make-folders.js';
import { fileLog } from '../../src/report/live-log/text-log.js';
import { GrowingFile } from '../../src/report/long-form/growing-file.js';
import { writeFileAtomic } from '../../src/results/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-places-'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await symlink('/dev/null', join(folder, 'device'));
  await mkdir(join(folder, 'folder'));
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
  ['pipe', 'found a pipe, expected a file'],
  ['device', 'found a device, expected a file'],
])('a %s in the place of a file is neither waited for nor replaced', async (name, said) => {
  const path = join(folder, name);
  const before = await readdir(folder);
  await expect(writeFileAtomic(path, 'x')).rejects.toThrow(`cannot write ${path}: ${said}`);
  await expect(GrowingFile.create(path)).rejects.toThrow(`cannot write ${path}: ${said}`);
  expect(() => fileLog('csv', path)).toThrow(`log: ${path} cannot be read: ${said}`);
  expect(await readdir(folder)).toEqual(before);
});

test('a link to a file is replaced, and what it led to stays', async () => {
  await writeFileAtomic(join(folder, 'mine'), 'mine');
  await symlink('mine', join(folder, 'link'));
  await writeFileAtomic(join(folder, 'link'), 'other');
  expect(await readFile(join(folder, 'mine'), 'utf8')).toBe('mine');
  expect(await readFile(join(folder, 'link'), 'utf8')).toBe('other');
});

test('folders are made one at a time, and it ends where none can be made', async () => {
  await makeFolders(join(folder, 'a', 'b', 'c'));
  makeFoldersSync(join(folder, 'a', 'd', 'e'));
  await makeFolders(join(folder, 'a', 'b', 'c'));
  expect((await readdir(folder, { recursive: true })).filter((name) => name.startsWith('a')).sort()).toEqual([
    'a',
    'a/b',
    'a/b/c',
    'a/d',
    'a/d/e',
  ]);
  await expect(makeFolders('/proc/probprec/a/b')).rejects.toMatchObject({ code: 'ENOENT' });
  expect(() => makeFoldersSync('/proc/probprec/a/b')).toThrow(/ENOENT/);
  await expect(makeFolders(join(folder, 'pipe', 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});
