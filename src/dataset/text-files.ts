import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, ProbprecError } from '../errors.js';
import { say } from '../words.js';
import type { Dataset } from './dataset.js';
import type { FilePlace, PublishedFile, TextDatasetDefinition } from './definition.js';
import type { FileInspection } from './file-inspection.js';
import { remedyFor } from './image-files.js';
import { OTHER_DATA } from './other-data.js';
import { md5OfFile, readDataFile } from './read-file.js';
import { syntheticText } from './synthetic-text.js';
import { splitText, type TextParts } from './text-split.js';

/** Where the text lies; null if in none of its places. */
export async function locateText({ places }: TextDatasetDefinition, dataDir: string): Promise<FilePlace | null> {
  for (const place of places) {
    const found = await stat(join(dataDir, place.path)).catch(() => null);
    if (found !== null) return place;
  }
  return null;
}

/** The published file if it is in none of its places. */
export async function wantedText(
  definition: TextDatasetDefinition,
  dataDir: string,
): Promise<readonly PublishedFile[]> {
  return (await locateText(definition, dataDir)) === null ? definition.files : [];
}

/** What is in the place of the text. */
export async function inspectText(definition: TextDatasetDefinition, dataDir: string): Promise<FileInspection> {
  const [published] = definition.files;
  const place = await locateText(definition, dataDir);
  if (place === null) {
    const reason = `not found; run \`probprec data fetch ${definition.name}\``;
    return { state: 'missing', path: published?.path ?? '', publishedMd5: published?.md5 ?? null, reason };
  }
  const common = { path: place.path, publishedMd5: place.md5 };
  try {
    const { md5, size } = await readText(definition, dataDir, place);
    return md5 === place.md5
      ? { ...common, size, md5, state: 'verified', reason: null }
      : { ...common, size, md5, state: 'unverified', reason: 'its MD5 is not the published one' };
  } catch (error) {
    if (!(error instanceof ProbprecError)) throw error;
    const where = join(dataDir, place.path);
    const { size } = await stat(where).catch(() => ({ size: 0 }));
    return {
      ...common,
      size,
      md5: await md5OfFile(where, most(definition)),
      state: 'corrupt',
      reason: error.message,
      error,
    };
  }
}

/** Reads the text. Throws DataError if it is missing or another one. */
export async function openText(definition: TextDatasetDefinition, dataDir: string): Promise<Dataset> {
  const place = await locateText(definition, dataDir);
  const { name } = definition;
  if (place === null) {
    throw new DataError({
      subject: `data set ${name}`,
      what: `no files in ${dataDir}`,
      remedy: say`\`probprec data fetch ${name}\` downloads them, \`probprec data info ${name}\` lists what to download by hand, ${OTHER_DATA}`,
    });
  }
  const { parts, md5 } = await readText(definition, dataDir, place);
  const published = md5 === place.md5;
  const checksum = createHash('sha256')
    .update(`${md5} ${place.path.split('/').at(-1)}\n`)
    .digest('hex');
  const files = [{ path: place.path, md5, published }];
  return textDataset(definition, parts, definition.sizes, {
    ...{ name, source: 'real', verified: published, checksum, files, syntheticSize: null },
  });
}

/** A synthetic text whose training file has `size` sequences; one in four of them is for validation, as many more for testing. */
export function openSyntheticText(definition: TextDatasetDefinition, size: number, sizes: Dataset['sizes']): Dataset {
  const { name, classes, shape } = definition;
  const [length = 1] = shape;
  const text = (part: string, count: number) => syntheticText(name, part, count * length + 1, classes);
  const parts = {
    train: text('train', sizes.train),
    valid: text('valid', sizes.valid),
    test: text('test', sizes.test),
  };
  const hash = createHash('sha256');
  for (const part of Object.values(parts)) hash.update(Uint8Array.from(part));
  return textDataset(definition, parts, sizes, {
    ...{ name, source: 'synthetic', verified: true, checksum: hash.digest('hex'), files: [], syntheticSize: size },
  });
}

async function readText(
  definition: TextDatasetDefinition,
  dataDir: string,
  place: FilePlace,
): Promise<{ parts: TextParts; md5: string; size: number }> {
  const { name } = definition;
  const remedy = remedyFor(definition);
  const stored = { name, member: name, most: most(definition), decode: (bytes: Uint8Array) => bytes };
  const { contents, md5, size } = await readDataFile(dataDir, place.path, [stored], remedy);
  const where = join(dataDir, place.path);
  const bytes = contents.get(name)?.bytes ?? new Uint8Array();
  return { parts: definition.parts(bytes, where), md5: md5 ?? '', size };
}

function most({ files }: TextDatasetDefinition): number {
  return files[0]?.size ?? 0;
}

function textDataset(
  { name, shape, classes }: TextDatasetDefinition,
  parts: TextParts,
  sizes: Dataset['sizes'],
  record: Dataset['record'],
): Dataset {
  const [length = 1] = shape;
  const split: Dataset['split'] = (_, protocol) => splitText(parts, sizes, length, protocol === 'deepobs-beta');
  return { name, record, shape, classes, sizes, split };
}
