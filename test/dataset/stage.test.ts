import { chown, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { datasetDefinition, stageDataset, stagedFolder } from '../../src/dataset/index.js';
import { inFolder, mnistFiles, newDataDir, smallMnist, writeFiles } from './small-files.js';

const files = inFolder('mnist', mnistFiles);
const names = Object.keys(files);

async function originals(): Promise<{ dataDir: string; target: string }> {
  const [dataDir, scratch] = [await newDataDir(), await newDataDir()];
  await writeFiles(dataDir, files);
  return { dataDir, target: await stagedFolder(dataDir, scratch) };
}

test('copies the files of a data set once, and again what has changed since', async () => {
  const { dataDir, target } = await originals();
  const copies = await stageDataset(smallMnist, dataDir, target);
  expect(copies.sort()).toEqual(names.map((name) => join(target, name)).sort());
  for (const [name, bytes] of Object.entries(files)) {
    expect(Buffer.compare(await readFile(join(target, name)), bytes)).toBe(0);
  }
  expect(await stageDataset(smallMnist, dataDir, target)).toEqual([]);
  const [changed = ''] = names;
  const { size, mtime } = await stat(join(dataDir, changed));
  await writeFile(join(dataDir, changed), Buffer.alloc(size));
  await utimes(join(dataDir, changed), mtime, new Date(mtime.getTime() + 60_000));
  expect(await stageDataset(smallMnist, dataDir, target)).toEqual([join(target, changed)]);
  expect((await readFile(join(target, changed))).every((byte) => byte === 0)).toBe(true);
});

test('several that ask at once share one copy, and leave nothing else', async () => {
  const { dataDir, target } = await originals();
  const said: string[] = [];
  const each = await Promise.all(
    [1, 2, 3].map(() =>
      stageDataset(smallMnist, dataDir, target, { pollMs: 5, onProgress: (line) => said.push(line) }),
    ),
  );
  expect(each.map((copies) => copies.length).sort()).toEqual([0, 0, names.length]);
  for (const line of said)
    expect(line).toMatch(/^mnist: process \d+ on host \S+, since \S+ UTC, copies it already; waiting$/);
  const left = (await readdir(target, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(left.map(({ name }) => name).sort()).toEqual(names.map((name) => name.split('/').at(-1)).sort());
});

test('what a killed process has left goes', async () => {
  const { dataDir, target } = await originals();
  const [name = ''] = names;
  const file = join(target, name);
  await mkdir(dirname(file), { recursive: true });
  const abandoned = join(dirname(file), `.${name.split('/').at(-1)}.999999999-1-00000000-12345678.tmp`);
  await writeFile(abandoned, 'half');
  await utimes(abandoned, 0, 0);
  await stageDataset(smallMnist, dataDir, target);
  await expect(stat(abandoned)).rejects.toThrow('ENOENT');
});

test('other data folders have other copies', async () => {
  const [one, other] = [await newDataDir(), await newDataDir()];
  expect(await stagedFolder(one, '/scratch')).toMatch(/^\/scratch\/probprec-data-[0-9a-f]{8}$/);
  expect(await stagedFolder(one, '/scratch')).not.toBe(await stagedFolder(other, '/scratch'));
});

test('says what cannot be copied, and where', async () => {
  const { dataDir, target } = await originals();
  await writeFile(target, 'a file where the folder belongs');
  await expect(stageDataset(smallMnist, dataDir, target)).rejects.toThrow(
    /probprec-data-\w+: the data set mnist cannot be copied there \(.*\)$/,
  );
  await expect(stageDataset(datasetDefinition('svhn'), dataDir, target)).rejects.toThrow(
    `${dataDir}: the files of svhn are not all there`,
  );
});

test("copies nothing into a link or another user's folder, and reads nothing there", async () => {
  const { dataDir, target } = await originals();
  const elsewhere = await newDataDir();
  await symlink(elsewhere, target);
  await expect(stageDataset(smallMnist, dataDir, target)).rejects.toThrow(
    /probprec-data-\w+: is a link; expected a folder of your own/,
  );
  expect(await readdir(elsewhere)).toEqual([]);
  if (process.getuid?.() !== 0) return;
  await chown(elsewhere, 12_345, 12_345);
  await expect(stageDataset(smallMnist, dataDir, elsewhere)).rejects.toThrow(/belongs to another user/);
});
