import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataError } from '../../errors.js';
import type { PublishedFile } from '../definition.js';
import { attemptDownload } from './attempt.js';
import { asMirrorFault, localFault, MirrorFault, unwritable } from './fault.js';
import { type DownloadLimits, limitsFor, waitAfter } from './limits.js';
import { PartialFile } from './partial-file.js';
import type { Environment } from './proxy.js';

/** Where to download from and how to follow it. */
export interface DownloadOptions {
  readonly onProgress?: ((line: string) => void) | undefined;
  /**
   * Base URLs to use instead of the published mirrors, in this order. A file is looked for under its name, and in a folder of
   * its data set, as in a data directory.
   */
  readonly mirrors?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Where the proxies are named; this process's environment by default. */
  readonly environment?: Environment | undefined;
  /** Shorter or longer limits than the file's size gives. */
  readonly limits?: Partial<DownloadLimits> | undefined;
}

/** A file that no mirror gave; the message has each one's fault. */
export class FetchError extends DataError {}

/** New bytes of an attempt from which on it counts as one that brings something. */
const PROGRESS_BYTES = 65_536;
const REPORT_MS = 2000;

/**
 * Downloads one file to `target`, which appears in one step when its size and MD5 are right. Asks the mirrors in order, each
 * again after faults that may pass, and goes on from what is here where the server allows it. What has arrived stays for the
 * next call when it can be used. Throws FetchError, DataError if it cannot be written, and the signal's reason.
 */
export async function download(file: PublishedFile, target: string, options: DownloadOptions): Promise<void> {
  await new Download(file, target, options).run();
}

class Download {
  readonly #file: PublishedFile;
  readonly #target: string;
  readonly #options: DownloadOptions;
  readonly #limits: DownloadLimits;
  readonly #deadline = new AbortController();
  readonly #signal: AbortSignal;
  /** Hosts by what went wrong with them. */
  readonly #faults = new Map<string, Set<string>>();
  #reportedAt = Date.now();

  constructor(file: PublishedFile, target: string, options: DownloadOptions) {
    this.#file = file;
    this.#target = target;
    this.#options = options;
    this.#limits = limitsFor(file.size, options.limits);
    const signals = options.signal === undefined ? [] : [options.signal];
    this.#signal = AbortSignal.any([...signals, this.#deadline.signal]);
  }

  async run(): Promise<void> {
    const { total } = this.#limits;
    const timer = setTimeout(() => this.#deadline.abort(), total * 1000);
    try {
      const partial = await PartialFile.open(this.#file, this.#target);
      try {
        if (await this.#fromMirrors(partial)) return;
      } catch (error) {
        // On a full disk a part would only be in the way.
        if (localFault(error)) partial.resumable = false;
        throw error;
      } finally {
        // A server that cannot go on from a part makes it useless.
        if (partial.resumable) await partial.close();
        else await partial.discard();
      }
      throw this.#failed(this.#describeFaults(), this.#kept(partial));
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (this.#deadline.signal.aborted) {
        const before = this.#faults.size === 0 ? '' : `; ${this.#describeFaults()}`;
        throw this.#failed(`not complete after ${total.toFixed(0)} s${before}`);
      }
      throw localFault(error) ? unwritable(this.#target, error) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  #failed(why: string, remedy?: string): FetchError {
    return new FetchError({
      what: `${this.#name} could not be fetched (${why})`,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }

  get #name(): string {
    return basename(this.#target);
  }

  #describeFaults(): string {
    return [...this.#faults].map(([fault, hosts]) => `${[...hosts].join(', ')}: ${fault}`).join('; ');
  }

  #kept({ length }: PartialFile): string | undefined {
    if (length === 0) return undefined;
    return `${megabytes(length)} of ${megabytes(this.#file.size)} are kept for the next try`;
  }

  async #fromMirrors(partial: PartialFile): Promise<boolean> {
    // A killed process may have left it complete but for its name.
    if (partial.length === this.#file.size && (await partial.finish()) === null) return true;
    for (const url of this.#urls()) {
      if (await this.#fromMirror(url, partial)) return true;
    }
    return false;
  }

  #urls(): URL[] {
    const { mirrors } = this.#options;
    if (mirrors === undefined) return this.#file.urls.map((url) => new URL(url));
    const paths = [basename(this.#file.path), this.#file.path];
    return mirrors.flatMap((mirror) => paths.map((path) => new URL(path, mirror.replace(/\/?$/, '/'))));
  }

  async #fromMirror(url: URL, partial: PartialFile): Promise<boolean> {
    for (let failed = 0; ; ) {
      const before = partial.length;
      try {
        this.#announce(url, before);
        await this.#once(url, partial);
        this.#say(`${megabytes(this.#file.size)} received`);
        return true;
      } catch (error) {
        if (this.#signal.aborted || localFault(error)) throw error;
        const fault = asMirrorFault(error);
        failed = partial.resumable && partial.length - before >= PROGRESS_BYTES ? 1 : failed + 1;
        const wait = waitAfter(failed, fault.afterSeconds, this.#limits);
        if (!fault.again || failed >= this.#limits.attempts || wait > this.#limits.longestWait) {
          const asked = fault.afterSeconds === null ? '' : `, to be asked again in ${fault.afterSeconds.toFixed(0)} s`;
          const message = `${fault.message}${asked}`;
          this.#faults.set(message, (this.#faults.get(message) ?? new Set()).add(url.host));
          return false;
        }
        this.#say(`${url.host}: ${fault.message}; trying again in ${wait.toFixed(1)} s`);
        await sleep(wait * 1000, undefined, { signal: this.#signal });
      }
    }
  }

  async #once(url: URL, partial: PartialFile): Promise<void> {
    const { resumed } = await attemptDownload({
      url,
      file: this.#file,
      partial,
      limits: this.#limits,
      environment: this.#options.environment ?? process.env,
      signal: this.#signal,
      onBytes: (received) => this.#report(received),
    });
    const md5 = await partial.finish();
    if (md5 === null) return;
    const message = `the download's MD5 is ${md5}, expected ${this.#file.md5}; it was removed`;
    // Parts of two files may have met; a whole file is wrong again.
    throw new MirrorFault(message, { again: resumed });
  }

  #announce(url: URL, before: number): void {
    this.#say(`fetching from ${url.host}${before === 0 ? '' : `, what is missing after ${megabytes(before)}`}`);
  }

  #report(received: number): void {
    if (Date.now() - this.#reportedAt < REPORT_MS) return;
    this.#reportedAt = Date.now();
    this.#say(`${megabytes(received)} of ${megabytes(this.#file.size)}`);
  }

  #say(text: string): void {
    this.#options.onProgress?.(`${this.#name}: ${text}`);
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
