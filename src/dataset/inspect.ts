import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ProbprecError } from '../errors.js';
import type { ImageDatasetDefinition, LayoutFile, PublishedFile } from './definition.js';
import type { FileInspection } from './file-inspection.js';
import { WrongNameError } from './identify.js';
import { isPublished, mostBytes, nameOf, readChecked } from './load.js';
import { type LocatedFile, locate } from './locate.js';
import { md5OfFile } from './read-file.js';
import { datasetDefinition } from './registry.js';
import { inspectText } from './text-files.js';
import { wantedOf } from './wanted-files.js';

/** What is in `dataDir` of a data set, file by file. A generated data set has no files: an empty list. */
export async function inspectDataset(name: string, dataDir: string): Promise<readonly FileInspection[]> {
  const definition = datasetDefinition(name);
  if (definition.kind === 'text') return [await inspectText(definition, dataDir)];
  if (definition.kind !== 'images') return [];
  const inspections: FileInspection[] = [];
  for (const located of await locate(definition, dataDir)) {
    inspections.push(await inspectFile(definition, dataDir, located));
  }
  return inspections;
}

/** The published files that `data fetch` would download into `dataDir`; none when the data set is complete there. */
export async function missingDownloads(name: string, dataDir: string): Promise<readonly PublishedFile[]> {
  const definition = datasetDefinition(name);
  return definition.kind === 'images' || definition.kind === 'text' ? wantedOf(definition, dataDir) : [];
}

async function inspectFile(
  definition: ImageDatasetDefinition,
  dataDir: string,
  { file, place }: LocatedFile,
): Promise<FileInspection> {
  if (place === null) {
    const reason = `not found; run \`probprec data fetch ${definition.name}\``;
    return { state: 'missing', path: nameOf(file), publishedMd5: file.places[0]?.md5 ?? null, reason };
  }
  const common = { path: place.path, publishedMd5: place.md5 };
  try {
    const read = await readChecked(definition, dataDir, file, place);
    const facts = { ...common, size: read.size, md5: read.md5 };
    if (isPublished(definition, place, file, read)) return { ...facts, state: 'verified', reason: null };
    const reason = place.md5 === null ? 'no MD5 is published for this file' : 'its MD5 is not the published one';
    return { ...facts, state: 'unverified', reason };
  } catch (error) {
    if (!(error instanceof ProbprecError)) throw error;
    const state = error instanceof WrongNameError ? 'misnamed' : 'corrupt';
    const facts = await factsOf(definition, file, join(dataDir, place.path));
    return { ...common, ...facts, state, reason: error.message, error };
  }
}

async function factsOf(definition: ImageDatasetDefinition, file: LayoutFile, where: string) {
  const { size } = await stat(where).catch(() => ({ size: 0 }));
  return { size, md5: await md5OfFile(where, mostBytes(definition, file)) };
}
