import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Loads a package, or a file of one, by name; rejects with code MODULE_NOT_FOUND when it is not installed. */
export type ImportModule = (name: string) => Promise<unknown>;

/**
 * Loads an optional package as Node would from this file (beside probprec, in a project or among the global packages),
 * else from the working directory: a probprec that is installed globally finds what a user's project has installed.
 */
export const importPackage: ImportModule = async (name) => {
  const places = [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json'))];
  for (const place of places) {
    const require = createRequire(place);
    let path: string;
    try {
      path = require.resolve(name);
    } catch (error) {
      if (isNotFound(error) && place !== places.at(-1)) continue;
      throw error;
    }
    return require(path);
  }
};

/** Whether an import failed because there is nothing of that name. */
export function isNotFound(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
}
