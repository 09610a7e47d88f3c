import { createHash, type Hash } from 'node:crypto';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { OutputError } from '../errors.js';
import { openRegularFile, removeFile } from '../regular-file.js';
import { outputOptions, reasonOf } from '../results/atomic-file.js';
import { reasonUnread } from '../system-reasons.js';
import { DamagedContent } from './checkpoint-format.js';

/** How much of a journal counts, and what that part must be: a checkpoint says so. */
export const journalStateSchema = z.strictObject({
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type JournalState = z.infer<typeof journalStateSchema>;

/**
 * A file that only grows: one line of JSON for everything that a run has measured between two checkpoints. Lists of all
 * epochs in every checkpoint would cost disk traffic that is quadratic in the number of epochs. A checkpoint counts the
 * journal's bytes that belong to it; what a killed process wrote behind them is cut off.
 */
export class Journal {
  readonly #path: string;
  readonly #hash: Hash;
  #bytes: number;

  private constructor(path: string, hash: Hash, bytes: number) {
    this.#path = path;
    this.#hash = hash;
    this.#bytes = bytes;
  }

  /** A new, empty journal in the place of whatever is there. Throws OutputError. */
  static async create(path: string): Promise<Journal> {
    await writing(path, async () => {
      await removeFile(path);
      await (await open(path, 'wx')).close();
    });
    return new Journal(path, createHash('sha256'), 0);
  }

  /**
   * The journal as a checkpoint knows it, and its lines. Throws DamagedContent when it is not that, and OutputError when
   * what is behind cannot be cut off.
   */
  static async reopen(path: string, state: JournalState): Promise<{ journal: Journal; entries: unknown[] }> {
    const { hash, entries } = await readJournal(path, state);
    await writing(path, () => withFile(path, (handle) => handle.truncate(state.bytes)));
    return { journal: new Journal(path, hash, state.bytes), entries };
  }

  get state(): JournalState {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }

  /** Adds a line, durably. Throws OutputError. */
  async append(entry: object): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`, 'utf8');
    await writing(this.#path, () =>
      withFile(this.#path, async (handle) => {
        for (let done = 0; done < line.length; ) {
          done += (await handle.write(line, done, line.length - done, this.#bytes + done)).bytesWritten;
        }
        await handle.datasync();
      }),
    );
    this.#hash.update(line);
    this.#bytes += line.length;
  }
}

/** The lines of a journal as a checkpoint knows it; leaves the file as it is. Throws DamagedContent. */
export async function readJournal(path: string, state: JournalState): Promise<{ hash: Hash; entries: unknown[] }> {
  const content = await readStart(path, state.bytes);
  const hash = createHash('sha256').update(content);
  const actual = hash.copy().digest('hex');
  if (actual !== state.sha256) {
    throw new DamagedContent(`a journal with SHA-256 ${actual} in ${state.bytes} bytes`, state.sha256);
  }
  const lines = content.toString('utf8').split('\n').slice(0, -1);
  const entries = lines.map((line): unknown => {
    try {
      return JSON.parse(line);
    } catch {
      throw new DamagedContent('a journal with a line that is no JSON', 'one JSON value in each line');
    }
  });
  return { hash, entries };
}

/** Opens the journal for writing; a link that somebody has put in its place is not followed. */
async function withFile(path: string, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
  await use(handle).finally(() => handle.close());
}

async function readStart(path: string, bytes: number): Promise<Buffer> {
  const { handle, size } = await openRegularFile(path, { follow: false }).catch((error: unknown) => {
    throw new DamagedContent(`no journal (${reasonUnread(error)})`, `one of ${bytes} bytes`);
  });
  try {
    if (size < bytes) throw new DamagedContent(`a journal of ${size} bytes`, `at least ${bytes}`);
    const content = Buffer.alloc(bytes);
    let read = 0;
    while (read < bytes) {
      const { bytesRead } = await handle.read(content, read, bytes - read, read);
      if (bytesRead === 0) throw new DamagedContent(`a journal of ${read} bytes`, `at least ${bytes}`);
      read += bytesRead;
    }
    return content;
  } finally {
    await handle.close();
  }
}

async function writing(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw new OutputError({ subject: `cannot write ${path}`, what: reasonOf(error) }, outputOptions(error));
  }
}
