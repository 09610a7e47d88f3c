import { rename } from 'node:fs/promises';
import { openRegularFile, type RegularFile, removeFile } from '../regular-file.js';
import { reasonOf } from '../results/atomic-file.js';
import { writeFileAtomic } from '../results/index.js';
import { expectedBy, pathText } from '../zod-expectation.js';
import {
  type CheckpointArray,
  DamagedContent,
  encodeCheckpoint,
  OtherVersion,
  type ReadAt,
  readContent,
  readHeader,
} from './checkpoint-format.js';
import { type CheckpointHeader, checkpointHeaderSchema } from './checkpoint-header.js';

/** The state of a run between two steps: enough, with the journal, to go on with exactly the same numbers. */
export interface Checkpoint {
  readonly header: CheckpointHeader;
  readonly arrays: Readonly<Record<string, CheckpointArray>>;
}

/** What lies in the place of a checkpoint. */
export type FoundCheckpoint<Whole> =
  | { readonly kind: 'none' }
  | { readonly kind: 'whole'; readonly checkpoint: Whole }
  /** Cut off, changed, of another format, or no file at all; `fault` says what was found and expected. */
  | { readonly kind: 'damaged'; readonly fault: string }
  /** Whole, and of another version of the layout. */
  | { readonly kind: 'other'; readonly fault: string };

/** Writes a checkpoint atomically: after a crash the file is the previous checkpoint or this one. Throws OutputError. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeFileAtomic(path, encodeCheckpoint(checkpoint));
}

/** Reads a checkpoint; a damaged one is never used in part. Throws the system's errors only. */
export function readCheckpoint(path: string): Promise<FoundCheckpoint<Checkpoint>> {
  return find(path, async (size, readAt) => {
    const { header, arrays } = await readContent(size, readAt);
    return { header: checkedHeader(header), arrays };
  });
}

/** The header of a checkpoint without its arrays, quickly: for saying how far a run got, not for going on from it. */
export function readCheckpointHeader(path: string): Promise<FoundCheckpoint<CheckpointHeader>> {
  return find(path, async (size, readAt) => checkedHeader(await readHeader(size, readAt)));
}

/** Moves what is no checkpoint out of the way, to `….damaged`; returns that path. Throws the system's errors. */
export async function putAside(path: string): Promise<string> {
  const aside = `${path}.damaged`;
  await removeFile(aside);
  await rename(path, aside);
  return aside;
}

async function find<Whole>(
  path: string,
  read: (size: number, readAt: ReadAt) => Promise<Whole>,
): Promise<FoundCheckpoint<Whole>> {
  let file: RegularFile;
  try {
    file = await openRegularFile(path, { follow: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' };
    return { kind: 'damaged', fault: error instanceof Error ? reasonOf(error) : String(error) };
  }
  try {
    return { kind: 'whole', checkpoint: await read(file.size, readerOf(file)) };
  } catch (error) {
    if (error instanceof DamagedContent) return { kind: 'damaged', fault: error.message };
    if (error instanceof OtherVersion) return { kind: 'other', fault: error.message };
    throw error;
  } finally {
    await file.handle.close();
  }
}

/** The most that systems read at one time is a little below 2 GiB. */
const LARGEST_READ = 2 ** 30;

/** Reads up to the end of the file, in pieces if the system gives them so. */
function readerOf({ handle }: RegularFile): ReadAt {
  return async (position, length) => {
    // Not from a pool: numbers of eight bytes are read in place.
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, LARGEST_READ), position + done);
      if (bytesRead === 0) throw new DamagedContent(`${position + done} bytes`, `at least ${position + length}`);
      done += bytesRead;
    }
    return bytes;
  };
}

function checkedHeader(header: unknown): CheckpointHeader {
  let checked: ReturnType<typeof checkpointHeaderSchema.safeParse>;
  try {
    checked = checkpointHeaderSchema.safeParse(header);
  } catch {
    throw new DamagedContent('a header that is nested too deeply', 'the header of a checkpoint');
  }
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new DamagedContent(`a header with a wrong ${pathText(issue) || 'content'}`, expectedBy(issue));
}
