import { createHash } from 'node:crypto';
import { DataError } from '../errors.js';
import type { FileRecord } from './dataset.js';
import type { FilePlace, ImageDatasetDefinition, LayoutFile } from './definition.js';
import { checkContent, contentSize, imageTables, remedyFor } from './image-files.js';
import type { ImageTables } from './image-table.js';
import type { LocatedFile } from './locate.js';
import { type Content, type ReadFile, readDataFile } from './read-file.js';

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
      if (place === null) throw new DataError(`${definition.name}: ${nameOf(file)} is missing.`);
      const read = await readChecked(definition, dataDir, file, place);
      for (const [name, content] of read.contents) contents.set(name, content);
      return { path: place.path, md5: read.md5, published: isPublished(definition, place, file, read) };
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

/** Reads one file and checks the structure of all its contents. Throws DataError. */
export async function readChecked(
  definition: ImageDatasetDefinition,
  dataDir: string,
  file: LayoutFile,
  place: FilePlace,
): Promise<ReadFile> {
  const wanted = definition.contents.filter(({ name }) => file.contents.includes(name));
  const sizes = new Map(wanted.map((content) => [content.name, contentSize(definition, content)]));
  const read = await readDataFile(dataDir, place.path, sizes, remedyFor(definition));
  for (const content of wanted) {
    const found = read.contents.get(content.name);
    if (found === undefined) {
      throw new DataError(
        `${place.path}: the archive has no ${content.name}, expected all of ${file.contents.join(', ')}; ${remedyFor(definition)}.`,
      );
    }
    checkContent(definition, content, found);
  }
  return read;
}

/** The file has the published MD5, or it is a differently packed file whose content has the published MD5. */
export function isPublished(
  definition: ImageDatasetDefinition,
  place: FilePlace,
  file: LayoutFile,
  read: ReadFile,
): boolean {
  if (read.md5 === place.md5) return true;
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
