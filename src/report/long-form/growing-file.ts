import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { OutputError } from '../../errors.js';
import { checkReplaceable } from '../../regular-file.js';
import { outputOptions, reasonOf } from '../../results/atomic-file.js';
import { beginTemporary, finishTemporary, removeAbandoned } from '../../temporary-files.js';

/** A file that grows under another name and has its own only when it is whole. */
export class GrowingFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  /** Begins a file. Throws OutputError. */
  static async create(path: string): Promise<GrowingFile> {
    const temporary = beginTemporary(path);
    const begun = checkReplaceable(path)
      .then(() => removeAbandoned(path))
      .then(() => open(temporary, 'wx'));
    const handle = await begun.catch((error: unknown) => {
      finishTemporary(temporary);
      throw new OutputError(
        { subject: `cannot write ${path}`, what: reasonOf(error), remedy: 'expected a folder that can be written' },
        outputOptions(error),
      );
    });
    return new GrowingFile(path, temporary, handle);
  }

  /** Adds to the end. Throws OutputError. */
  async add(content: string | Uint8Array): Promise<void> {
    await this.#writing(() => this.#handle.appendFile(content));
  }

  /** Closes the file, which is whole now. Throws OutputError. */
  async complete(): Promise<void> {
    await this.#writing(() => this.#handle.close());
  }

  /** Gives the complete file its name. Throws OutputError. */
  async publish(): Promise<void> {
    await this.#writing(() => rename(this.#temporary, this.path));
    finishTemporary(this.#temporary);
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
    finishTemporary(this.#temporary);
  }

  async #writing(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      throw new OutputError({ subject: `cannot write ${this.path}`, what: reasonOf(error) }, outputOptions(error));
    }
  }
}
