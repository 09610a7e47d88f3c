import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { optimizerVersion } from '../optimizer/index.js';
import type { RunConfiguration } from '../results/index.js';
import { mapConcurrently } from './concurrent.js';
import { readRunOutcome } from './run-outcome.js';

/** Finished runs that another version of a user's optimizer left in the results. */
export interface EarlierVersions {
  /** The user's file, and the version that it has now. */
  readonly file: string;
  readonly version: string;
  /** The run files of other versions. */
  readonly paths: readonly string[];
  /** Their versions, each once. */
  readonly versions: readonly string[];
  /** Where they lie: the optimizer's folders, each once. */
  readonly folders: readonly string[];
}

/** What says where an optimizer's runs lie. */
interface UsersRun extends Pick<RunConfiguration, 'testproblem'> {
  readonly optimizer: Pick<RunConfiguration['optimizer'], 'className' | 'source'>;
}

/** Folders that are read at once: enough to hide the latency of a network file system. */
const CONCURRENT_FOLDERS = 32;

/**
 * Looks in the folders of users' optimizers for finished runs of other versions: same class name and test problem, whatever
 * the setting. One entry for each optimizer that has some. Of run files the end is read only.
 */
export async function findEarlierVersions(
  outputDir: string,
  configurations: Iterable<UsersRun>,
): Promise<EarlierVersions[]> {
  const optimizers = new Map<string, { file: string; folders: Set<string> }>();
  for (const configuration of configurations) {
    const { source, className } = configuration.optimizer;
    if (source === null) continue;
    const { file, sha256 } = source;
    const optimizer = optimizers.get(sha256) ?? { file, folders: new Set() };
    optimizers.set(sha256, optimizer);
    optimizer.folders.add(join(outputDir, configuration.testproblem, className));
  }
  const found: EarlierVersions[] = [];
  for (const [sha256, { file, folders }] of optimizers) {
    const runs = (await Promise.all([...folders].map((folder) => otherVersions(folder, sha256)))).flat();
    if (runs.length === 0) continue;
    found.push({
      file,
      version: optimizerVersion(sha256),
      paths: runs.map(({ path }) => path),
      versions: [...new Set(runs.map((run) => optimizerVersion(run.sha256)))],
      folders: [...new Set(runs.map(({ path }) => dirname(dirname(path))))],
    });
  }
  return found;
}

/** The finished runs in an optimizer's folder that another source left there. */
async function otherVersions(folder: string, sha256: string): Promise<{ path: string; sha256: string }[]> {
  const settings = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const inSettings = await mapConcurrently(
    settings.filter((entry) => entry.isDirectory()),
    CONCURRENT_FOLDERS,
    async ({ name }) => {
      const runs: { path: string; sha256: string }[] = [];
      const files = await readdir(join(folder, name)).catch(() => []);
      for (const file of files.filter((entry) => entry.startsWith('random_seed__') && entry.endsWith('.json'))) {
        const path = join(folder, name, file);
        const outcome = await readRunOutcome(path);
        const ended = outcome?.status.state === 'completed' || outcome?.status.state === 'diverged';
        const other = outcome?.source?.sha256 ?? sha256;
        if (ended && other !== sha256) runs.push({ path, sha256: other });
      }
      return runs;
    },
  );
  return inSettings.flat();
}
