import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { OutputError } from '../errors.js';
import { makeFolders } from '../make-folders.js';
import { checkReplaceable } from '../regular-file.js';
import { codeOf, exitCodeOf, reasonOf } from '../system-reasons.js';
import { beginTemporary, finishTemporary, removeAbandoned } from '../temporary-files.js';
import { temporaryName } from '../temporary-name.js';
import { option } from '../words.js';

export { reasonOf };

/**
 * Writes a file so that a reader sees the old content or the whole new content, also after a crash: a temporary file in
 * the same folder, fsync, rename, fsync of the folder. Creates the folder; a device, a pipe or a socket stays as it is. Throws
 * OutputError.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array | readonly Buffer[]): Promise<void> {
  const folder = dirname(path);
  const temporary = beginTemporary(path);
  try {
    await checkReplaceable(path);
    await makeFolders(folder);
    await removeAbandoned(path);
    const handle = await open(temporary, 'wx');
    try {
      await writeFile(handle, data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new OutputError(
      { subject: `cannot write ${path}`, what: reasonOf(error), remedy: 'nothing was changed' },
      outputOptions(error),
    );
  } finally {
    finishTemporary(temporary);
  }
  await syncFolder(folder);
}

/**
 * Makes sure, before any work is done, that results can be written to the output directory, which is created when its
 * parent exists, or to a folder below it, which is created too. Throws OutputError when that fails.
 */
export async function ensureWritable(outputDir: string, folder = outputDir): Promise<void> {
  if (!(await isFolder(outputDir)) && !(await isFolder(dirname(resolve(outputDir))))) {
    throw new OutputError({
      subject: option('output_dir', outputDir),
      what: 'its parent folder does not exist or is not a folder',
      remedy: `expected an existing parent (mkdir -p ${dirname(outputDir)}) or another directory`,
    });
  }
  await makeFolder(outputDir);
  const below = relative(outputDir, folder)
    .split(sep)
    .filter((part) => part !== '');
  for (const [depth] of below.entries()) await makeFolder(join(outputDir, ...below.slice(0, depth + 1)));
  const probe = join(folder, temporaryName('.probprec', '.tmp'));
  try {
    const handle = await open(probe, 'wx');
    await handle.close();
    await rm(probe);
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** One folder at a time: mkdir's own recursion never ends on file systems that answer ENOENT to every mkdir (/proc). */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !(await isFolder(folder))) throw unwritable(folder, error);
  }
}

function unwritable(folder: string, error: unknown): OutputError {
  return new OutputError(
    {
      subject: option('output_dir'),
      what: `${folder}: ${reasonOf(error)}`,
      remedy: 'expected a folder that can be written',
    },
    outputOptions(error),
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/** Makes the rename itself durable; platforms that cannot open a folder (Windows) do without. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // The content is already on disk under its final name; only the durability of the name is left to the system.
  }
}

/** The options of an OutputError for what the system said: exit code 1 where nothing is wrong with the request. */
export function outputOptions(cause: unknown): { readonly cause: unknown; readonly exitCode?: 1 } {
  const exitCode = exitCodeOf(cause);
  return exitCode === undefined ? { cause } : { cause, exitCode };
}
