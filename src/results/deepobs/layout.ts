import { basename, dirname, resolve } from 'node:path';
import { FileError } from '../../errors.js';
import { quotedName } from '../../shown-text.js';
import { nameFault } from '../names.js';

/** The folders that DeepOBS goes by: `<testproblem>/<optimizer>/<setting>/random_seed__….json`. */
export interface DeepobsFolders {
  readonly testproblem: string;
  readonly optimizer: string;
  readonly setting: string;
}

/**
 * The folders of a file that lies as DeepOBS lays its files out, whatever part of the path was named; null for every other
 * file. Throws FileError for a folder whose name cannot be shown.
 */
export function deepobsFolders(path: string): DeepobsFolders | null {
  const setting = dirname(resolve(path));
  const optimizer = dirname(setting);
  const testproblem = dirname(optimizer);
  if (!('num_epochs' in settingValues(path))) return null;
  const names = { testproblem: basename(testproblem), optimizer: basename(optimizer), setting: basename(setting) };
  if (names.testproblem === '' || names.optimizer === '') return null;
  for (const name of Object.values(names)) {
    const fault = nameFault(name);
    if (fault !== null)
      throw new FileError({ subject: path, found: `the folder ${quotedName(name)}`, expected: fault });
  }
  return names;
}

/** Names and values in the name of the setting's folder, as far as names have no double underscore. */
export function settingValues(path: string): Readonly<Record<string, string>> {
  const parts = basename(dirname(resolve(path))).split('__');
  const pairs = parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1] ?? ''] as const] : []));
  return Object.assign(Object.create(null), Object.fromEntries(pairs.filter(([name]) => name !== '__proto__')));
}

/** The seed and the start in the name of a file: `random_seed__42__2019-08-10-02-05-05.json`. */
export function fileNameParts(path: string): { readonly seed: string | undefined; readonly startedAt: string } {
  const name = basename(path);
  return { seed: /^random_seed__(\d+)__/.exec(name)?.[1], startedAt: /__([\d-]+)\.json$/.exec(name)?.[1] ?? '' };
}
