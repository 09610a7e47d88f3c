import { DataError } from '../errors.js';
import type { ImageDatasetDefinition, LayoutFile } from './definition.js';
import type { ReadFile } from './read-file.js';
import { datasetDefinition, datasetNames } from './registry.js';

/** A published file of another data set, or another one of the same, under the name of the one that is wanted. */
export class WrongNameError extends DataError {}

/** A published file, known by its MD5. */
interface KnownFile {
  readonly definition: ImageDatasetDefinition;
  readonly contents: string;
  /** Where it belongs. */
  readonly path: string;
}

/**
 * Throws WrongNameError if the file or its content has the MD5 of a published file that belongs elsewhere: the structure of
 * MNIST's and Fashion-MNIST's files is the same, so that nothing else would tell them apart.
 */
export function refuseWrongName(
  definition: ImageDatasetDefinition,
  file: LayoutFile,
  where: string,
  read: ReadFile,
): void {
  const md5s = [read.md5, ...[...read.contents.values()].map(({ md5 }) => md5)];
  for (const md5 of md5s) {
    const known = md5 === null ? undefined : knownFiles().get(md5);
    if (known === undefined || (known.definition.name === definition.name && known.contents === keyOf(file))) continue;
    throw new WrongNameError({
      subject: where,
      what: `by its MD5 this is ${known.definition.title}'s ${known.path}`,
      remedy: `move it there, then run \`probprec data fetch ${definition.name}\``,
    });
  }
}

function keyOf({ contents, format }: LayoutFile): string {
  return `${contents.join()} ${format}`;
}

let known: ReadonlyMap<string, KnownFile> | null = null;

function knownFiles(): ReadonlyMap<string, KnownFile> {
  known ??= new Map(datasetNames().flatMap((name) => filesOf(name)));
  return known;
}

function filesOf(name: string): [string, KnownFile][] {
  const definition = datasetDefinition(name);
  if (definition.kind !== 'images') return [];
  return definition.layouts.flat().flatMap((file) =>
    // The first place of an MD5 is the best one, and the last entry of a map holds.
    file.places
      .flatMap(({ path, md5 }): [string, KnownFile][] =>
        md5 === null ? [] : [[md5, { definition, contents: keyOf(file), path }]],
      )
      .reverse(),
  );
}
