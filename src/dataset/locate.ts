import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FilePlace, ImageDatasetDefinition, LayoutFile } from './definition.js';

/** Where one file of a layout was found; null if it is in none of its places. */
export interface LocatedFile {
  readonly file: LayoutFile;
  readonly place: FilePlace | null;
}

/** The first complete layout in `dataDir`, or else the one of which most files were found (the last of equals). */
export async function locate(definition: ImageDatasetDefinition, dataDir: string): Promise<readonly LocatedFile[]> {
  const layouts = await Promise.all(
    definition.layouts.map((layout) =>
      Promise.all(layout.map(async (file) => ({ file, place: await firstPresent(dataDir, file.places) }))),
    ),
  );
  const complete = layouts.find((files) => missingFiles(files).length === 0);
  if (complete !== undefined) return complete;
  const found = (files: readonly LocatedFile[]): number => files.length - missingFiles(files).length;
  return layouts.reduce((best, files) => (found(files) >= found(best) ? files : best), layouts[0] ?? []);
}

/** The files of a located layout that were not found. */
export function missingFiles(files: readonly LocatedFile[]): readonly LayoutFile[] {
  return files.filter(({ place }) => place === null).map(({ file }) => file);
}

/** The folders in which a data set's files are looked for. */
export function folders(definition: ImageDatasetDefinition, dataDir: string): readonly string[] {
  const places = definition.layouts.flat().flatMap((file) => file.places);
  return [...new Set(places.map(({ path }) => join(dataDir, dirname(path))))];
}

async function firstPresent(dataDir: string, places: readonly FilePlace[]): Promise<FilePlace | null> {
  for (const place of places) {
    if (await exists(join(dataDir, place.path))) return place;
  }
  return null;
}

/** Anything that is there counts, so that a folder in a file's place is reported instead of overlooked. */
async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
