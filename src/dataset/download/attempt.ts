import { PassThrough, pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { PublishedFile } from '../definition.js';
import { asMirrorFault, localFault, MirrorFault } from './fault.js';
import { type Answer, get } from './http.js';
import { type DownloadLimits, LEAST_BYTES_PER_SECOND, retryAfter } from './limits.js';
import type { PartialFile, Validators } from './partial-file.js';
import type { Environment } from './proxy.js';

/** One attempt at one URL. */
export interface Attempt {
  readonly url: URL;
  readonly file: PublishedFile;
  readonly partial: PartialFile;
  readonly limits: DownloadLimits;
  readonly environment: Environment;
  /** Ends it, with the signal's reason. */
  readonly signal: AbortSignal;
  /** Called for each chunk with what is here of the file. */
  readonly onBytes: (received: number) => void;
}

const PASSING_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Asks for the file, or for the rest of it when a part is here, and appends what comes to the part; it is complete when this
 * returns, but not yet checked. Throws MirrorFault,
 * the errors of this machine's disk, and the signal's reason.
 */
export async function attemptDownload(attempt: Attempt): Promise<{ readonly resumed: boolean }> {
  const { url, limits, environment, signal } = attempt;
  const patience = new AbortController();
  const giveUp = (what: string): void => patience.abort(new MirrorFault(what, { again: true }));
  const timers = [
    setTimeout(giveUp, limits.attempt * 1000, `not complete after ${limits.attempt.toFixed(0)} s`),
    setTimeout(giveUp, limits.answer * 1000, `no answer in ${limits.answer} s`),
  ];
  const both = AbortSignal.any([signal, patience.signal]);
  let answer: Answer | null = null;
  try {
    answer = await get(url, { headers: headersFor(attempt), environment, signal: both });
    clearTimeout(timers.pop());
    const body = buffered(answer);
    const resumed = await accept(answer, attempt);
    await receive(unpacked(answer, body, attempt.file), attempt, giveUp);
    both.throwIfAborted();
    return { resumed };
  } catch (error) {
    if (both.aborted) throw both.reason;
    if (localFault(error) !== null) throw error;
    throw asMirrorFault(error);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    answer?.body.destroy();
  }
}

function headersFor({ url, partial }: Attempt): Record<string, string> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity', accept: '*/*', 'user-agent': 'probprec' };
  const { length, validators } = partial;
  if (length === 0) return headers;
  headers.range = `bytes=${length}-`;
  const condition = validators?.url === nameOf(url) ? conditionOf(validators) : null;
  if (condition !== null) headers['if-range'] = condition;
  return headers;
}

/** A URL without its user name and password, which do not belong in files. */
function nameOf(url: URL): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare.href;
}

/** What If-Range may hold (RFC 9110, 13.1.5): a strong entity tag, else the date. */
function conditionOf({ etag, lastModified }: Validators): string | null {
  return etag?.startsWith('"') ? etag : lastModified;
}

/** Checks status, size and range; returns whether the answer goes on from the part, else the part starts anew. */
async function accept({ status, headers }: Answer, { url, file, partial }: Attempt): Promise<boolean> {
  if (status === 206) {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
    const changed = partial.validators?.url === nameOf(url) && hasChanged(partial.validators, headers);
    const asked = partial.length > 0 && Number(start) === partial.length;
    if (asked && Number(total) === file.size && !changed) {
      partial.resumable = true;
      return true;
    }
    await partial.discard();
    throw new MirrorFault(changed ? 'the file there has changed' : 'it sends another part than was asked for', {
      again: true,
    });
  }
  if (status === 416 && partial.length > 0) {
    await partial.discard();
    throw new MirrorFault('it does not have the rest of the file', { again: true });
  }
  if (status !== 200) {
    const afterSeconds = retryAfter(headers['retry-after'], Date.now());
    throw new MirrorFault(`HTTP status ${status}`, { again: PASSING_STATUS.has(status), afterSeconds });
  }
  const length = lengthOf(headers);
  if (length !== null && length !== file.size && encodingOf(headers) === null) {
    const page = headers['content-type']?.includes('html') ? 'a web page of ' : '';
    throw new MirrorFault(`it offers ${page}${length} bytes, expected ${file.size}`);
  }
  await partial.begin({ url: nameOf(url), etag: headers.etag ?? null, lastModified: headers['last-modified'] ?? null });
  partial.resumable = headers['accept-ranges'] === 'bytes' && !isPackedAgain(headers, file);
  return false;
}

function hasChanged(known: Validators, headers: Answer['headers']): boolean {
  const { etag, 'last-modified': lastModified } = headers;
  if (known.etag !== null && etag !== undefined) return etag !== known.etag;
  return known.lastModified !== null && lastModified !== undefined && lastModified !== known.lastModified;
}

function lengthOf(headers: Answer['headers']): number | null {
  const text = headers['content-length'];
  return text === undefined ? null : Number(text);
}

function encodingOf(headers: Answer['headers']): string | null {
  const encoding = headers['content-encoding']?.trim().toLowerCase();
  return encoding === undefined || encoding === '' || encoding === 'identity' ? null : encoding;
}

/**
 * Whether the answer is packed for the way although nobody asked for it. A server may also call the file itself, which is
 * packed, by this name: then it has the file's size.
 */
function isPackedAgain(headers: Answer['headers'], file: PublishedFile): boolean {
  return encodingOf(headers) !== null && lengthOf(headers) !== file.size;
}

/** A body whose bytes are not lost when the connection breaks behind them: then it ends early. */
function buffered({ body }: Answer): Readable {
  const bytes = new PassThrough({ highWaterMark: 1 << 20 });
  body.on('error', () => bytes.end());
  // What arrives after the attempt has ended is nobody's.
  bytes.on('error', () => undefined);
  return body.pipe(bytes);
}

function unpacked(answer: Answer, body: Readable, file: PublishedFile): AsyncIterable<Uint8Array> {
  if (!isPackedAgain(answer.headers, file)) return body;
  const encoding = encodingOf(answer.headers);
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new MirrorFault(`it packs the file with ${JSON.stringify(encoding)}, expected none`);
  }
  // What goes wrong is thrown where the result is read.
  return pipeline(body, createGunzip(), () => undefined);
}

async function receive(
  body: AsyncIterable<Uint8Array>,
  attempt: Attempt,
  giveUp: (what: string) => void,
): Promise<void> {
  const { file, partial, limits } = attempt;
  let mark = partial.length;
  const watch = setInterval(() => {
    const received = partial.length - mark;
    if (received < LEAST_BYTES_PER_SECOND * limits.stall) giveUp(`only ${received} bytes in ${limits.stall} s`);
    mark = partial.length;
  }, limits.stall * 1000);
  try {
    for await (const chunk of body) {
      if (partial.length + chunk.length > file.size) {
        await partial.discard();
        throw new MirrorFault(`it sends more than ${file.size} bytes, the size of the file`);
      }
      await partial.append(chunk);
      attempt.onBytes(partial.length);
    }
  } catch (error) {
    throw endedEarly(error, attempt);
  } finally {
    clearInterval(watch);
  }
  if (partial.length < file.size) throw endedEarly(null, attempt);
}

/** A connection that breaks within the file, in words. */
function endedEarly(error: unknown, { file, partial }: Attempt): unknown {
  if (error !== null && (localFault(error) !== null || !asMirrorFault(error).again)) return error;
  return new MirrorFault(`the connection ended after ${partial.length} of ${file.size} bytes`, {
    again: true,
    cause: error,
  });
}
