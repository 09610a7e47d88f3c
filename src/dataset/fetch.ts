import { createHash } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DataError } from '../errors.js';
import { isAbandoned, temporaryName } from '../temporary-name.js';
import type { ImageDatasetDefinition, PublishedFile } from './definition.js';
import { locate, missingFiles } from './locate.js';
import { datasetDefinition } from './registry.js';

const CONNECT_SECONDS = 5;
const STALL_SECONDS = 30;

/** Where to download from and how to follow it. */
export interface FetchOptions {
  readonly onProgress?: ((line: string) => void) | undefined;
  /** Base URLs to use instead of the published mirrors. */
  readonly mirrors?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads the files of a data set that are missing in `dataDir`, checks each against its published MD5 and moves it to
 * its place in one step. Returns the paths of the new files. Throws DataError when a file could not be had from any
 * mirror; the first such file ends it. A file that is there already is left alone.
 */
export async function fetchDataset(name: string, dataDir: string, options: FetchOptions = {}): Promise<string[]> {
  const definition = datasetDefinition(name);
  if (definition.kind === 'generated') return [];
  return await fetchFiles(await wantedFiles(definition, dataDir), dataDir, options);
}

async function wantedFiles(definition: ImageDatasetDefinition, dataDir: string): Promise<readonly PublishedFile[]> {
  const missing = missingFiles(await locate(definition, dataDir));
  if (missing.length === 0) return [];
  const wanted = new Set(missing.flatMap(({ contents }) => contents));
  const layoutFiles = definition.layouts.flat();
  return definition.files.filter(({ path }) =>
    layoutFiles.some(
      ({ contents, places }) =>
        places.some((place) => place.path === path) && contents.some((content) => wanted.has(content)),
    ),
  );
}

/** Downloads `files` into `dataDir`; see {@link fetchDataset}. */
export async function fetchFiles(
  files: readonly PublishedFile[],
  dataDir: string,
  options: FetchOptions,
): Promise<string[]> {
  for (const file of files) await fetchFile(file, dataDir, options);
  return files.map(({ path }) => path);
}

async function fetchFile(file: PublishedFile, dataDir: string, options: FetchOptions): Promise<void> {
  const name = basename(file.path);
  const urls = options.mirrors?.map((mirror) => `${mirror.replace(/\/?$/, '/')}${name}`) ?? file.urls;
  const failures: string[] = [];
  for (const url of urls) {
    options.onProgress?.(`${name}: fetching from ${new URL(url).host}`);
    try {
      await download(url, file, join(dataDir, file.path), options);
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      const code = codeOf(error);
      if (code !== null && LOCAL_FAULTS.has(code)) {
        throw new DataError(`${join(dataDir, file.path)}: cannot be written (${code}); give another --data-dir.`, {
          cause: error,
        });
      }
      failures.push(`${new URL(url).host}: ${reasonOf(error, code)}`);
    }
  }
  throw new DataError(`${name} could not be fetched (${failures.join('; ')}).`);
}

/** Downloads to a temporary file beside `target`, which is removed unless its MD5 is right. */
async function download(url: string, file: PublishedFile, target: string, options: FetchOptions): Promise<void> {
  const chunks = bodyOf(url, basename(target), options);
  try {
    // The first chunk is awaited before a folder is made: an unreachable mirror leaves nothing behind.
    const first = await chunks.next();
    await mkdir(dirname(target), { recursive: true });
    await store(first, chunks, file, target);
  } finally {
    await chunks.return(undefined);
  }
}

async function store(
  first: IteratorResult<Uint8Array>,
  rest: AsyncGenerator<Uint8Array>,
  file: PublishedFile,
  target: string,
): Promise<void> {
  await removeAbandoned(target);
  const temporary = temporaryName(target, '.part');
  const handle = await open(temporary, 'wx');
  try {
    const hash = createHash('md5');
    for (let next = first; !next.done; next = await rest.next()) {
      hash.update(next.value);
      await handle.writeFile(next.value);
    }
    const md5 = hash.digest('hex');
    if (md5 !== file.md5) throw new DataError(`the download's MD5 is ${md5}, expected ${file.md5}; it was removed`);
    await handle.sync();
    await handle.close();
    await rename(temporary, target);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Removes what killed downloads of this file have left; a download that another process goes on with stays. */
async function removeAbandoned(target: string): Promise<void> {
  const [folder, start] = [dirname(target), `${basename(target)}.`];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(start) || !name.endsWith('.part')) continue;
    const entry = await lstat(join(folder, name)).catch(() => null);
    if (entry?.isFile() && isAbandoned(name, entry.mtimeMs)) await rm(join(folder, name), { force: true });
  }
}

/** The chunks of a response; gives up when the server does not answer in 5 seconds or sends nothing for 30. */
async function* bodyOf(url: string, name: string, options: FetchOptions): AsyncGenerator<Uint8Array> {
  const patience = new AbortController();
  const giveUp = (what: string): void => patience.abort(new DataError(what));
  let timer = setTimeout(giveUp, CONNECT_SECONDS * 1000, `no answer in ${CONNECT_SECONDS} s`);
  const signals = options.signal === undefined ? [patience.signal] : [patience.signal, options.signal];
  try {
    const response = await fetch(url, { signal: AbortSignal.any(signals) });
    if (!response.ok || response.body === null) throw new DataError(`HTTP status ${response.status}`);
    const total = Number(response.headers.get('content-length') ?? Number.NaN);
    let received = 0;
    let reported = Date.now();
    for await (const chunk of response.body) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, STALL_SECONDS * 1000, `nothing received for ${STALL_SECONDS} s`);
      received += chunk.length;
      if (Date.now() - reported > 2000) {
        reported = Date.now();
        options.onProgress?.(`${name}: ${megabytes(received)}${total > 0 ? ` of ${megabytes(total)}` : ''}`);
      }
      yield chunk;
    }
    if (total > received && response.headers.get('content-encoding') === null) {
      throw new DataError(`the connection ended after ${received} of ${total} bytes`);
    }
    options.onProgress?.(`${name}: ${megabytes(received)} received`);
  } finally {
    clearTimeout(timer);
  }
}

const LOCAL_FAULTS = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'EISDIR']);

/** The system's error code, which fetch hides in the cause (and that in the first of several errors). */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}

function reasonOf(error: unknown, code: string | null): string {
  if (error instanceof DataError) return error.message;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the host name cannot be resolved (${code})`;
  return code === null ? String(error) : `the connection failed (${code})`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
