import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders, removeFolders } from '../make-folders.js';
import type { DatasetDefinition, ImageDatasetDefinition, PublishedFile, TextDatasetDefinition } from './definition.js';
import { type DownloadOptions, download } from './download/download.js';
import { localFault, unwritable } from './download/fault.js';
import { leftovers } from './download/partial-file.js';
import { type WaitOptions, withFetchLock } from './fetch-lock.js';
import { datasetDefinition } from './registry.js';
import { wantedOf } from './wanted-files.js';

/** Where to download from, how to follow it and how to wait for another process that does the same. */
export interface FetchOptions extends DownloadOptions, WaitOptions {}

type FiledDefinition = ImageDatasetDefinition | TextDatasetDefinition;

/**
 * Downloads the files of a data set that are missing in `dataDir`, checks each against its published size and MD5 and moves
 * it to its place in one step. Returns the paths of the new files. When another process fetches the same data set, waits
 * until that has ended. Throws DataError when a file could not be had from any mirror; the first such file ends it. A file
 * that is there already is left alone. Writes only below `dataDir`.
 */
export async function fetchDataset(
  dataset: string | DatasetDefinition,
  dataDir: string,
  options: FetchOptions = {},
): Promise<string[]> {
  const definition = typeof dataset === 'string' ? datasetDefinition(dataset) : dataset;
  const filed = definition.kind === 'images' || definition.kind === 'text';
  return filed ? await fetchMissing(definition, dataDir, options) : [];
}

/** As {@link fetchDataset}, of a definition. */
export async function fetchMissing(
  definition: FiledDefinition,
  dataDir: string,
  options: FetchOptions,
): Promise<string[]> {
  const wanted = await wantedOf(definition, dataDir);
  if (wanted.length === 0) {
    await removeLeftovers(definition, dataDir, wanted, options).catch(() => options.signal?.throwIfAborted());
    return [];
  }
  return await inFolder(dataDir, () =>
    withFetchLock(dataDir, definition.name, options, async () => {
      // Once more: another process may have fetched them until now.
      const files = await wantedOf(definition, dataDir);
      await removeAll(await leftoversOf(definition, dataDir, files));
      return await fetchFiles(files, dataDir, options);
    }),
  );
}

/** Downloads `files` into `dataDir`, whatever is there; see {@link fetchDataset}. */
export async function fetchFiles(
  files: readonly PublishedFile[],
  dataDir: string,
  options: FetchOptions,
): Promise<string[]> {
  for (const file of files) await download(file, join(dataDir, file.path), options);
  return files.map(({ path }) => path);
}

/** Makes the data directory for what is done in it, and removes it again if that fails and leaves nothing there. */
async function inFolder<T>(dataDir: string, action: () => Promise<T>): Promise<T> {
  let made: string | undefined;
  try {
    made = await makeFolders(dataDir);
    return await action();
  } catch (error) {
    await removeFolders(dataDir, made);
    throw localFault(error) ? unwritable(dataDir, error) : error;
  }
}

/** What killed fetches have left of a data set that is complete. */
async function removeLeftovers(
  definition: FiledDefinition,
  dataDir: string,
  wanted: readonly PublishedFile[],
  options: FetchOptions,
): Promise<void> {
  if ((await leftoversOf(definition, dataDir, wanted)).length === 0) return;
  await withFetchLock(dataDir, definition.name, options, async () => {
    await removeAll(await leftoversOf(definition, dataDir, wanted));
  });
}

async function leftoversOf(
  { files }: FiledDefinition,
  dataDir: string,
  wanted: readonly PublishedFile[],
): Promise<string[]> {
  const names = await Promise.all(files.map((file) => leftovers(join(dataDir, file.path), wanted.includes(file))));
  return names.flat();
}

async function removeAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true, recursive: false });
}
