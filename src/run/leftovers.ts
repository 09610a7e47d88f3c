import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { removeFile } from '../regular-file.js';
import { reasonOf } from '../results/atomic-file.js';
import type { RunConfiguration } from '../results/index.js';
import { isAbandoned } from '../temporary-name.js';
import { isKeptEnd } from './kept-end.js';
import { acquireRunLock, removeDeadClaims } from './lock.js';
import { runPlace, seedPrefix } from './place.js';

/** Everything beside its result that a run may have in its setting's folder. */
interface RunFiles {
  readonly folder: string;
  readonly names: readonly string[];
}

async function filesOf(outputDir: string, configuration: RunConfiguration): Promise<RunFiles> {
  const { folder } = runPlace(outputDir, configuration);
  return { folder, names: await readdir(folder).catch(() => []) };
}

/**
 * Removes what killed processes of this run have left: temporary files, claims of its lock. For the holder of its lock. What
 * cannot be removed stays: it does no harm.
 */
export async function removeLeftovers(outputDir: string, configuration: RunConfiguration): Promise<void> {
  const { folder, names } = await filesOf(outputDir, configuration);
  const place = runPlace(outputDir, configuration);
  await removeDeadClaims(place.lock, names);
  const checkpoint = `.${basename(place.checkpoint)}.`;
  for (const name of names.filter((other) => isTemporary(other, configuration))) {
    const path = join(folder, name);
    const entry = await lstat(path).catch(() => null);
    // Nobody but the holder of the lock writes the checkpoint; run files of one seed belong to several runs.
    const gone = entry !== null && (name.startsWith(checkpoint) || isAbandoned(name, entry.mtimeMs));
    if (gone) await removeFile(path).catch(() => undefined);
  }
}

function isTemporary(name: string, { seed }: RunConfiguration): boolean {
  const ours = name.startsWith(`.${seedPrefix(seed)}`) || name.startsWith('.probprec');
  return ours && name.endsWith('.tmp') && !name.includes('.lock.');
}

/** Removes what a run needs no longer when it has ended; returns a line for each thing that stays. */
export async function removeProgress(outputDir: string, configuration: RunConfiguration): Promise<string[]> {
  const warnings: string[] = [];
  for (const path of progressPaths(outputDir, configuration)) {
    await removeFile(path).catch((error: unknown) => {
      warnings.push(`${path}: cannot be removed (${reasonOf(error)}); the run is complete and needs it no longer`);
    });
  }
  return warnings;
}

/** The checkpoint first: without its journal it would be a damaged one. */
function progressPaths(outputDir: string, configuration: RunConfiguration): string[] {
  const { checkpoint, journal, crash } = runPlace(outputDir, configuration);
  return [checkpoint, journal, `${checkpoint}.damaged`, crash];
}

/**
 * Tidies up after a run that ended before, whose process was killed between its result and its cleaning. Does nothing where
 * there is nothing, nor where somebody trains the run again. Never throws.
 */
export async function tidyEndedRun(outputDir: string, configuration: RunConfiguration): Promise<void> {
  const { names } = await filesOf(outputDir, configuration);
  const stem = basename(runPlace(outputDir, configuration).stem);
  const isLeft = (name: string) =>
    (name.startsWith(`${stem}.`) && !isKeptEnd(name)) ||
    name.startsWith(`.${stem}.`) ||
    isTemporary(name, configuration);
  if (!names.some(isLeft)) return;
  try {
    const lock = await acquireRunLock(outputDir, configuration);
    if ('heldBy' in lock) return;
    await removeProgress(outputDir, configuration);
    await removeLeftovers(outputDir, configuration);
    await lock.release();
  } catch {
    // A folder that cannot be written keeps what is in it.
  }
}
