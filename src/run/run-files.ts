import { readdir, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { ensureDir, move, pathExists } from 'fs-extra/esm';
import { FileError, OutputError } from '../errors.js';
import { removeFile } from '../regular-file.js';
import { reasonOf } from '../results/atomic-file.js';
import { readResultFile } from '../results/index.js';
import { describeHolder, inspectLock, isStale } from './lock-file.js';
import { isOfRun, placeBeside } from './place.js';

/** A run file and what lies beside it that belongs to the same run: kept parameters, a checkpoint. */
export interface RunFileSet {
  readonly runFile: string;
  /** Absolute or relative as the run file is; without the run file. */
  readonly beside: readonly string[];
}

/**
 * The files of the run that a run file is of. Throws FileError for a file that is not probprec's, and for a run that a process trains at
 * the moment: its files must stay.
 */
export async function filesOfRun(runFile: string): Promise<RunFileSet> {
  const file = await readResultFile(runFile);
  if (file.kind === 'deepobs') {
    throw new FileError({
      subject: runFile,
      found: 'a file of DeepOBS',
      expected: 'a run file or an imported one',
    });
  }
  if (file.kind !== 'probprec') return { runFile, beside: [] };
  const { random_seed: seed, configuration_hash: hash } = file.content;
  const place = placeBeside(runFile, { seed, hash });
  const { folder } = place;
  const lock = await inspectLock(place.lock);
  if (lock !== null && !isStale(lock, Date.now())) {
    throw new FileError({
      subject: `${runFile}: another process trains this run`,
      what: describeHolder(lock.holder),
      remedy: 'stop it first',
    });
  }
  const names = await readdir(folder);
  const beside = names.filter((name) => isOfRun(place, name));
  return { runFile, beside: beside.filter((name) => name !== basename(runFile)).map((name) => join(folder, name)) };
}

/** Removes a run's files, the run file last, and folders that are empty then, up to `root`. Throws OutputError. */
export async function removeRun({ runFile, beside }: RunFileSet, root: string): Promise<void> {
  for (const path of [...beside, runFile]) {
    await removeFile(path).catch((error: unknown) => {
      throw new OutputError({ subject: `${path}: cannot be removed`, what: reasonOf(error) }, { cause: error });
    });
  }
  await removeEmptyFolders(dirname(runFile), root);
}

/**
 * Moves a run's files into `folder`, under their paths below `root`; the run file last, so that an interrupted move is taken up by the
 * next one. Throws FileError when something lies there already, OutputError when it cannot be moved.
 */
export async function moveRun({ runFile, beside }: RunFileSet, root: string, folder: string): Promise<string> {
  const target = join(folder, relative(root, dirname(runFile)));
  for (const path of [...beside, runFile]) {
    const moved = join(target, basename(path));
    if (await pathExists(moved)) throw new FileError({ subject: moved, what: `exists, so ${path} stays where it is` });
  }
  try {
    await ensureDir(target);
    for (const path of [...beside, runFile]) await move(path, join(target, basename(path)));
  } catch (error) {
    throw new OutputError(
      { subject: `${runFile}: cannot be moved to ${target}`, what: reasonOf(error) },
      { cause: error },
    );
  }
  await removeEmptyFolders(dirname(runFile), root);
  return join(target, basename(runFile));
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  const top = resolve(root);
  for (let path = resolve(folder); path !== top && path.startsWith(top + sep); path = dirname(path)) {
    // A folder with something in it stays, and so do those above it.
    if (
      !(await rmdir(path).then(
        () => true,
        () => false,
      ))
    )
      return;
  }
}
