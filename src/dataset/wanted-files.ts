import type { ImageDatasetDefinition, PublishedFile } from './definition.js';
import { type LocatedFile, missingFiles } from './locate.js';

/** The published files that hold what is missing of a located layout. */
export function wantedFiles(
  definition: ImageDatasetDefinition,
  located: readonly LocatedFile[],
): readonly PublishedFile[] {
  const missing = missingFiles(located);
  if (missing.length === 0) return [];
  const wanted = new Set(missing.flatMap(({ contents }) => contents));
  const layoutFiles = definition.layouts.flat();
  return definition.files.filter(({ path }) =>
    layoutFiles.some(
      ({ contents, places }) =>
        places.some((place) => place.path === path) && contents.some((content) => wanted.has(content)),
    ),
  );
}
