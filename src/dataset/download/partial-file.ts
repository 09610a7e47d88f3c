import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, lstat, open, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { makeFolders } from '../../make-folders.js';
import { readRegularFile } from '../../regular-file.js';
import type { PublishedFile } from '../definition.js';

/** What tells whether a server still has the file of which a part is here. */
export interface Validators {
  readonly url: string;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

const MOST_NOTE_BYTES = 10_000;
const noteSchema = z.object({
  url: z.string(),
  etag: z.string().nullable(),
  lastModified: z.string().nullable(),
  md5: z.string(),
});

/**
 * What has arrived of a download: `NAME.part` beside the file's place, and `NAME.part.json` with where it comes from. It is
 * there for the next try, also that of a later process, until the file is complete.
 */
export class PartialFile {
  readonly #file: PublishedFile;
  readonly #target: string;
  #validators: Validators | null = null;
  #handle: FileHandle | null = null;
  #hash: Hash = createHash('md5');
  #length = 0;
  #madeFolder = false;
  /** Whether the server that was asked last can go on from a part. What an earlier process left is tried. */
  resumable = true;

  private constructor(file: PublishedFile, target: string) {
    this.#file = file;
    this.#target = target;
  }

  /** The part that an earlier try has left, or an empty one; nothing is made before {@link begin}. */
  static async open(file: PublishedFile, target: string): Promise<PartialFile> {
    const partial = new PartialFile(file, target);
    try {
      await partial.#restore();
    } catch (error) {
      await partial.close();
      throw error;
    }
    return partial;
  }

  /** Bytes that are here. */
  get length(): number {
    return this.#length;
  }

  /** Where they come from; null if nothing is here. */
  get validators(): Validators | null {
    return this.#validators;
  }

  /** Starts anew with what a server is about to send. */
  async begin(validators: Validators): Promise<void> {
    await this.discard();
    const made = await makeFolders(dirname(this.#target));
    this.#madeFolder ||= made !== undefined;
    this.#handle = await open(this.#part, 'wx');
    await writeFile(this.#note, `${JSON.stringify({ ...validators, md5: this.#file.md5 })}\n`, { flag: 'wx' });
    this.#validators = validators;
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#handle?.writeFile(chunk);
    this.#hash.update(chunk);
    this.#length += chunk.length;
  }

  /** Moves the complete file to its place in one step if its MD5 is right; else removes it and returns its MD5. */
  async finish(): Promise<string | null> {
    const md5 = this.#hash.copy().digest('hex');
    if (this.#length !== this.#file.size || md5 !== this.#file.md5) {
      await this.discard();
      return md5;
    }
    await this.#handle?.sync();
    await this.close();
    await rename(this.#part, this.#target);
    await rm(this.#note, { force: true });
    return null;
  }

  /** Removes what is here, and the folder that was made for it. */
  async discard(): Promise<void> {
    await this.close();
    await rm(this.#part, { force: true });
    await rm(this.#note, { force: true });
    if (this.#madeFolder) await rmdir(dirname(this.#target)).catch(() => undefined);
    this.#validators = null;
    this.#hash = createHash('md5');
    this.#length = 0;
  }

  /** Leaves what is here for the next try. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  get #part(): string {
    return `${this.#target}.part`;
  }

  get #note(): string {
    return `${this.#part}.json`;
  }

  /** A part whose note is missing or that cannot be right is removed; a link is never followed. */
  async #restore(): Promise<void> {
    const entry = await lstat(this.#part).catch(() => null);
    const note = await this.#readNote();
    if (entry === null && note === null) return;
    const right = entry?.isFile() === true && entry.size > 0 && entry.size <= this.#file.size;
    if (!right || note === null || note.md5 !== this.#file.md5) return await this.discard();
    this.#handle = await open(this.#part, 'r+');
    const chunks = this.#handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 1 << 20 });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      this.#hash.update(chunk);
      this.#length += chunk.length;
    }
    await this.#handle.close();
    this.#handle = await open(this.#part, 'a');
    this.#validators = { url: note.url, etag: note.etag, lastModified: note.lastModified };
  }

  async #readNote(): Promise<z.infer<typeof noteSchema> | null> {
    try {
      const { content } = await readRegularFile(this.#note, { most: MOST_NOTE_BYTES, follow: false });
      return noteSchema.safeParse(JSON.parse(content.toString('utf8'))).data ?? null;
    } catch {
      return null;
    }
  }
}

/**
 * The names of what fetches of a file have left beside its place: its part with the note, and the parts of earlier versions,
 * each under a name of its own. With `keepPart` the part that the next try goes on with is not among them.
 */
export async function leftovers(target: string, keepPart: boolean): Promise<string[]> {
  const [folder, name] = [dirname(target), basename(target)];
  const entries = await readdir(folder).catch(() => []);
  const own = [`${name}.part`, `${name}.part.json`];
  return entries
    .filter((entry) => (own.includes(entry) ? !keepPart : entry.startsWith(`${name}.`) && entry.endsWith('.part')))
    .map((entry) => join(folder, entry));
}
