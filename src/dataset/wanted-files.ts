import type { ImageDatasetDefinition, PublishedFile, TextDatasetDefinition } from './definition.js';
import { type LocatedFile, locate, missingFiles } from './locate.js';
import { wantedText } from './text-files.js';

/** The published files that hold what is missing of a data set in `dataDir`. */
export async function wantedOf(
  definition: ImageDatasetDefinition | TextDatasetDefinition,
  dataDir: string,
): Promise<readonly PublishedFile[]> {
  if (definition.kind === 'text') return wantedText(definition, dataDir);
  return wantedFiles(definition, await locate(definition, dataDir));
}

function wantedFiles(definition: ImageDatasetDefinition, located: readonly LocatedFile[]): readonly PublishedFile[] {
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
