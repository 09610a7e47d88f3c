import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../errors.js';
import type { RunConfiguration } from './configuration.js';
import { hashConfiguration } from './identity.js';
import { readRunFile } from './run-file.js';
import type { RunFile } from './schema.js';
import { settingFolders } from './setting-folders.js';

/** A run file that belongs to a configuration. */
export interface FoundRunFile {
  readonly path: string;
  readonly status: RunFile['status'];
  readonly runFile: RunFile;
}

/**
 * The run files of exactly this configuration (same hash), newest first, also those that an older version wrote into a folder
 * that states the same values in other words. Files of the same seed that cannot be read are no result: they are handed to
 * `onUnreadable` and left alone.
 */
export async function findRunFiles(
  outputDir: string,
  configuration: RunConfiguration,
  onUnreadable: (error: FileError) => void = () => undefined,
): Promise<FoundRunFile[]> {
  const prefix = `random_seed__${configuration.seed}__`;
  const hash = hashConfiguration(configuration);
  const found: FoundRunFile[] = [];
  for (const folder of await settingFolders(outputDir, configuration)) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((entry) => entry.startsWith(prefix) && entry.endsWith('.json')).sort()) {
      const path = join(folder, name);
      try {
        const runFile = await readRunFile(path);
        if (runFile.configuration_hash === hash) found.push({ path, status: runFile.status, runFile });
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        onUnreadable(error);
      }
    }
  }
  return found.sort((left, right) => (left.runFile.started_at < right.runFile.started_at ? 1 : -1));
}
