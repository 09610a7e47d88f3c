import { pickleName } from './cifar-pickle.js';
import type { ContentDefinition, FilePlace, LayoutFile } from './definition.js';

/** How one of the CIFAR data sets is published: two archives and what they unpack to. */
export interface CifarArchives {
  readonly contents: readonly ContentDefinition[];
  /** Folders below the data directory in which any of it may lie, best first. */
  readonly folders: readonly string[];
  readonly binary: { readonly archive: string; readonly md5: string; readonly folder: string };
  readonly python: {
    readonly archive: string;
    readonly md5: string;
    readonly folder: string;
    /** MD5s of the unpacked files, as torchvision checks them. */
    readonly files: Readonly<Record<string, string>>;
  };
}

/**
 * Complete ways to have a CIFAR data set: unpacked binary files (also without the archive's folder, as DeepOBS has them),
 * unpacked pickles, either archive. Of the binary version only the archive has a published MD5.
 */
export function cifarLayouts({ contents, folders, binary, python }: CifarArchives): LayoutFile[][] {
  const names = contents.map(({ name }) => name);
  const file = (name: string, format: LayoutFile['format'], place: FilePlace): LayoutFile => ({
    contents: [name],
    format,
    places: [place],
  });
  const binaryFolders = folders.flatMap((folder) => [`${folder}${binary.folder}/`, folder]);
  return [
    ...binaryFolders.map((folder) =>
      names.map((name) => file(name, 'binary', { path: `${folder}${name}`, md5: null })),
    ),
    ...folders.map((folder) =>
      names.map((name) => {
        const pickle = pickleName(name);
        const path = `${folder}${python.folder}/${pickle}`;
        return file(name, 'pickle', { path, md5: python.files[pickle] ?? null });
      }),
    ),
    [{ contents: names, format: 'binary', places: archivePlaces(folders, binary) }],
    [{ contents: names, format: 'pickle', places: archivePlaces(folders, python) }],
  ];
}

/** An archive in each of the folders, also with the outer packing taken off, as some browsers leave it. */
function archivePlaces(
  folders: readonly string[],
  { archive, md5 }: { readonly archive: string; readonly md5: string },
): FilePlace[] {
  return folders.flatMap((folder) => [
    { path: `${folder}${archive}`, md5 },
    { path: `${folder}${archive.replace(/\.gz$/, '')}`, md5: null },
  ]);
}
