import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasEnded, type RunConfiguration, type SourceFile } from '../results/index.js';
import { sourceVersion } from '../user-file/source-version.js';
import { mapConcurrently } from './concurrent.js';
import { type RunSources, readRunOutcome } from './run-outcome.js';

/** Finished runs that another version of a user's file left in the results. */
export interface EarlierVersions {
  /** The user's file, and the version that it has now. */
  readonly file: string;
  readonly version: string;
  /** The run files of other versions. */
  readonly paths: readonly string[];
  /** Their versions, each once. */
  readonly versions: readonly string[];
  /** Where they lie: the optimizers' folders, each once. */
  readonly folders: readonly string[];
}

/** What says where the runs of users' files lie. */
interface UsersRun extends Pick<RunConfiguration, 'testproblem' | 'testproblemSource' | 'dataset'> {
  readonly optimizer: Pick<RunConfiguration['optimizer'], 'className' | 'source'>;
}

/** A user's file, and in which folders of optimizers runs of it lie. */
interface UsersFile {
  readonly kind: keyof RunSources;
  readonly source: SourceFile;
  readonly folders: Set<string>;
}

/** Folders that are read at once: enough to hide the latency of a network file system. */
const CONCURRENT_FOLDERS = 32;

/**
 * Looks in the folders of users' optimizers, test problems and data sets for finished runs of other versions, whatever the
 * setting. One entry for each file that has some. Of run files the end is read only.
 */
export async function findEarlierVersions(
  outputDir: string,
  configurations: Iterable<UsersRun>,
): Promise<EarlierVersions[]> {
  const found: EarlierVersions[] = [];
  for (const { kind, source, folders } of await usersFiles(outputDir, configurations)) {
    const { file, sha256 } = source;
    const runs = (await Promise.all([...folders].map((folder) => otherVersions(folder, kind, sha256)))).flat();
    if (runs.length === 0) continue;
    found.push({
      file,
      version: sourceVersion(sha256),
      paths: runs.map(({ path }) => path),
      versions: [...new Set(runs.map((run) => sourceVersion(run.sha256)))],
      folders: [...new Set(runs.map(({ path }) => dirname(dirname(path))))],
    });
  }
  return found;
}

async function usersFiles(outputDir: string, configurations: Iterable<UsersRun>): Promise<UsersFile[]> {
  const files = new Map<string, UsersFile>();
  const note = (kind: keyof RunSources, source: SourceFile, folders: readonly string[]) => {
    const key = `${kind} ${source.sha256}`;
    const file = files.get(key) ?? { kind, source, folders: new Set() };
    files.set(key, file);
    for (const folder of folders) file.folders.add(folder);
  };
  const ofProblem = new Map<string, Promise<string[]>>();
  for (const { testproblem, testproblemSource, dataset, optimizer } of configurations) {
    const folder = join(outputDir, testproblem);
    if (optimizer.source !== null) note('optimizer', optimizer.source, [join(folder, optimizer.className)]);
    if (testproblemSource === undefined && dataset?.source == null) continue;
    const all = ofProblem.get(folder) ?? foldersIn(folder);
    ofProblem.set(folder, all);
    if (testproblemSource !== undefined) note('testproblem', testproblemSource, await all);
    if (dataset?.source != null) note('dataset', dataset.source, await all);
  }
  return [...files.values()];
}

/** The finished runs in an optimizer's folder that another source left there. */
async function otherVersions(
  folder: string,
  kind: keyof RunSources,
  sha256: string,
): Promise<{ path: string; sha256: string }[]> {
  const inSettings = await mapConcurrently(await foldersIn(folder), CONCURRENT_FOLDERS, async (setting) => {
    const runs: { path: string; sha256: string }[] = [];
    const files = await readdir(setting).catch(() => []);
    for (const file of files.filter((entry) => entry.startsWith('random_seed__') && entry.endsWith('.json'))) {
      const path = join(setting, file);
      const outcome = await readRunOutcome(path);
      const ended = outcome !== null && hasEnded(outcome.status.state);
      const other = outcome?.sources[kind]?.sha256 ?? sha256;
      if (ended && other !== sha256) runs.push({ path, sha256: other });
    }
    return runs;
  });
  return inSettings.flat();
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}
