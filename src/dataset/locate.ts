import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FilePlace, ImageDatasetDefinition, LayoutFile } from './definition.js';
import { contentSize } from './image-files.js';

/** Where one file of a layout was found; null if it is in none of its places. */
export interface LocatedFile {
  readonly file: LayoutFile;
  readonly place: FilePlace | null;
  /** What is there is a file, and of the right size where that is known. */
  readonly sound: boolean;
}

/**
 * The first complete layout in `dataDir` whose files have the right sizes, else the first complete one, else the one of
 * which most files were found; if there is nothing at all, the layout that `data fetch` makes.
 */
export async function locate(definition: ImageDatasetDefinition, dataDir: string): Promise<readonly LocatedFile[]> {
  const layouts = await Promise.all(
    definition.layouts.map((layout) => Promise.all(layout.map((file) => locateFile(definition, dataDir, file)))),
  );
  const complete = layouts.filter((files) => missingFiles(files).length === 0);
  const [best] = [...complete.filter((files) => files.every(({ sound }) => sound)), ...complete];
  if (best !== undefined) return best;
  const found = (files: readonly LocatedFile[]): number => files.length - missingFiles(files).length;
  const fetched = layouts.find((files) => files.some(({ file }) => isFetched(definition, file))) ?? [];
  return layouts.reduce((most, files) => (found(files) > found(most) ? files : most), fetched);
}

/** The files of a located layout that were not found. */
export function missingFiles(files: readonly LocatedFile[]): readonly LayoutFile[] {
  return files.filter(({ place }) => place === null).map(({ file }) => file);
}

function isFetched(definition: ImageDatasetDefinition, { places }: LayoutFile): boolean {
  return places.some((place) => definition.files.some(({ path }) => path === place.path));
}

/**
 * The first place with a file that can be right, or else the first where anything is: a folder or a file that is too short
 * is reported instead of overlooked, unless the same file lies elsewhere as it should.
 */
async function locateFile(definition: ImageDatasetDefinition, dataDir: string, file: LayoutFile): Promise<LocatedFile> {
  let doubtful: FilePlace | null = null;
  for (const place of file.places) {
    const presence = await look(join(dataDir, place.path), sizeOf(definition, file, place));
    if (presence === 'sound') return { file, place, sound: true };
    if (presence === 'doubtful') doubtful ??= place;
  }
  return { file, place: doubtful, sound: false };
}

async function look(path: string, size: number | null): Promise<'absent' | 'doubtful' | 'sound'> {
  try {
    const entry = await stat(path);
    return entry.isFile() && entry.size > 0 && (size === null || entry.size === size) ? 'sound' : 'doubtful';
  } catch {
    return 'absent';
  }
}

/** Bytes that the file at a place must have; null if it is packed, or holds more than its images. */
function sizeOf(definition: ImageDatasetDefinition, file: LayoutFile, { path }: FilePlace): number | null {
  const content = definition.contents.find(({ name }) => name === file.contents[0]);
  const packed = file.contents.length > 1 || file.format !== 'binary' || path.endsWith('.gz');
  return packed || content === undefined ? null : contentSize(definition, content);
}
