import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DataError } from '../errors.js';
import { type CifarBatch, mostPickleBytes, pickleName, recordsOfPickle } from './cifar-pickle.js';
import type { FileRecord } from './dataset.js';
import type { ContentDefinition, FilePlace, ImageDatasetDefinition, LayoutFile } from './definition.js';
import { refuseWrongName } from './identify.js';
import { checkContent, contentSize, imageTables, labelsOf, remedyFor } from './image-files.js';
import { type ImageTables, imageSize } from './image-table.js';
import type { LocatedFile } from './locate.js';
import { type Content, mostStoredBytes, type ReadFile, readDataFile, type StoredContent } from './read-file.js';
import { type DigitBatch, mostMatBytes, recordsOfMat } from './svhn-mat.js';

/** Images read from files, and what the run file says about the files. */
export interface LoadedImages {
  readonly tables: ImageTables;
  readonly files: readonly FileRecord[];
  readonly verified: boolean;
  readonly checksum: string;
}

/** Reads and checks all files of a complete layout. Throws DataError naming the file and its fault. */
export async function loadImages(
  definition: ImageDatasetDefinition,
  dataDir: string,
  located: readonly LocatedFile[],
): Promise<LoadedImages> {
  const contents = new Map<string, Content>();
  const files = await Promise.all(
    located.map(async ({ file, place }): Promise<FileRecord> => {
      if (place === null) throw new DataError({ subject: definition.name, what: `${nameOf(file)} is missing.` });
      const read = await readChecked(definition, dataDir, file, place);
      for (const [name, content] of read.contents) contents.set(name, content);
      return { path: place.path, md5: read.md5 ?? '', published: isPublished(definition, place, file, read) };
    }),
  );
  const hash = createHash('sha256');
  for (const { name } of definition.contents) hash.update(`${contents.get(name)?.md5 ?? ''} ${name}\n`);
  return {
    tables: imageTables(definition, contents),
    files,
    verified: files.every(({ published }) => published),
    checksum: hash.digest('hex'),
  };
}

/** Reads one file and checks what it is and the structure of all its contents. Throws DataError. */
export async function readChecked(
  definition: ImageDatasetDefinition,
  dataDir: string,
  file: LayoutFile,
  place: FilePlace,
): Promise<ReadFile> {
  const wanted = contentsOf(definition, file);
  const stored = storedContents(definition, file);
  const read = await readDataFile(dataDir, place.path, stored, remedyFor(definition));
  refuseWrongName(definition, file, join(dataDir, place.path), read);
  for (const content of wanted) {
    const found = read.contents.get(content.name);
    if (found === undefined) {
      const names = wanted.map((each) => memberName(each, file.format));
      throw new DataError({
        subject: join(dataDir, place.path),
        what: `the archive has no ${memberName(content, file.format)}`,
        expected: `all of ${names.join(', ')}`,
        remedy: remedyFor(definition),
      });
    }
    checkContent(definition, content, found);
  }
  return read;
}

/** The most bytes that a file can have without being wrong. */
export function mostBytes(definition: ImageDatasetDefinition, file: LayoutFile): number {
  return mostStoredBytes(storedContents(definition, file));
}

function contentsOf(definition: ImageDatasetDefinition, file: LayoutFile): readonly ContentDefinition[] {
  return definition.contents.filter(({ name }) => file.contents.includes(name));
}

function storedContents(definition: ImageDatasetDefinition, file: LayoutFile): StoredContent[] {
  return contentsOf(definition, file).map((content) => storedContent(definition, content, file.format));
}

function memberName({ name }: ContentDefinition, format: LayoutFile['format']): string {
  return format === 'pickle' ? pickleName(name) : name;
}

function storedContent(
  definition: ImageDatasetDefinition,
  content: ContentDefinition,
  format: LayoutFile['format'],
): StoredContent {
  const member = memberName(content, format);
  if (format === 'binary') {
    return { name: content.name, member, most: contentSize(definition, content), decode: (bytes) => bytes };
  }
  const { image, classes } = definition;
  if (format === 'matlab') {
    const batch: DigitBatch = { images: content.count, image, classes };
    const decode = (bytes: Uint8Array): Uint8Array => recordsOfMat(bytes, batch);
    return { name: content.name, member, most: mostMatBytes(batch), decode };
  }
  const labels = labelsOf(definition, content).map(({ key }) => key);
  const batch: CifarBatch = { labels, images: content.count, imageSize: imageSize(image) };
  const decode = (bytes: Uint8Array): Uint8Array => recordsOfPickle(bytes, batch);
  return { name: content.name, member, most: mostPickleBytes(batch), decode };
}

/** The file has the published MD5, or it is a differently packed file whose content has the published MD5. */
export function isPublished(
  definition: ImageDatasetDefinition,
  place: FilePlace,
  file: LayoutFile,
  read: ReadFile,
): boolean {
  if (place.md5 !== null && read.md5 === place.md5) return true;
  const [content] = read.contents.values();
  if (content === undefined || read.contents.size !== 1) return false;
  const known = definition.layouts
    .flat()
    .filter((other) => other.contents.join() === file.contents.join())
    .flatMap(({ places }) => places.filter(({ path }) => !path.endsWith('.gz')).map(({ md5 }) => md5));
  return known.includes(content.md5);
}

/** How a file of a layout is called in messages: the name it has in its first place. */
export function nameOf(file: LayoutFile): string {
  return file.places[0]?.path ?? file.contents.join(', ');
}
