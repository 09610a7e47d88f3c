import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { basename, dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchFiles } from '../../src/dataset/fetch.js';
import { fetchDataset, openDataset } from '../../src/dataset/index.js';
import { DataError } from '../../src/errors.js';
import { temporaryName } from '../../src/temporary-name.js';
import { newDataDir, writeFiles } from './small-files.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** The base URL of a server on this machine. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/data` : '';
}

/** A base URL where nothing listens. */
async function deadEnd(): Promise<string> {
  const url = await serve(() => undefined);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  return url;
}

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);
const file = { path: 'toy/one.gz', md5: createHash('md5').update(bytes).digest('hex'), urls: [] };
const good: RequestListener = (_, response) => response.end(bytes);

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DataError);
  const message = error instanceof DataError ? error.message : '';
  expect(message).not.toContain('\n');
  return message;
}

describe('fetchFiles', () => {
  it('stores the file under its name, asks for the right path and reports progress', async () => {
    const asked: string[] = [];
    const lines: string[] = [];
    const mirror = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end(bytes);
    });
    const dataDir = await newDataDir();
    const paths = await fetchFiles([file], dataDir, { mirrors: [mirror], onProgress: (line) => lines.push(line) });
    expect(paths).toEqual(['toy/one.gz']);
    expect(asked).toEqual(['/data/one.gz']);
    expect(new Uint8Array(await readFile(join(dataDir, 'toy/one.gz')))).toEqual(bytes);
    expect(await readdir(join(dataDir, 'toy'))).toEqual(['one.gz']);
    expect(lines.at(-1)).toBe('one.gz: 0.3 MB received');
  });

  it('removes a download with the wrong MD5 and says so', async () => {
    const mirror = await serve((_, response) => response.end('<html>Please log in</html>'));
    const dataDir = await newDataDir();
    const message = await failure(fetchFiles([file], dataDir, { mirrors: [mirror] }));
    expect(message).toMatch(new RegExp(`MD5 is [0-9a-f]{32}, expected ${file.md5}; it was removed`));
    expect(await readdir(join(dataDir, 'toy'))).toEqual([]);
  });

  it('goes on to the next mirror after a refusal, a missing file or wrong bytes', async () => {
    const missing = await serve((_, response) => response.writeHead(404).end());
    const wrong = await serve((_, response) => response.end('wrong'));
    const dataDir = await newDataDir();
    await fetchFiles([file], dataDir, { mirrors: [await deadEnd(), missing, wrong, await serve(good)] });
    expect(await readdir(join(dataDir, 'toy'))).toEqual(['one.gz']);
  });

  it('refuses a download that breaks off', async () => {
    const mirror = await serve((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 1000));
      setTimeout(() => response.destroy(), 20);
    });
    const dataDir = await newDataDir();
    expect(await failure(fetchFiles([file], dataDir, { mirrors: [mirror] }))).toMatch(/one\.gz could not be fetched/);
    expect(await readdir(join(dataDir, 'toy'))).toEqual([]);
  });

  it('stops at the first file that no mirror has, and leaves nothing behind', async () => {
    const asked: string[] = [];
    const mirror = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(503).end();
    });
    const dataDir = await newDataDir();
    const second = { ...file, path: 'toy/two.gz' };
    const message = await failure(fetchFiles([file, second], dataDir, { mirrors: [mirror, await deadEnd()] }));
    expect(message).toMatch(/one\.gz.*HTTP status 503.*ECONNREFUSED/);
    expect(asked).toEqual(['/data/one.gz']);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('gives up on a server that does not answer within 5 seconds', async () => {
    const mirror = await serve(() => undefined);
    const started = Date.now();
    expect(await failure(fetchFiles([file], await newDataDir(), { mirrors: [mirror] }))).toMatch(/no answer in 5 s/);
    expect(Date.now() - started).toBeLessThan(8000);
  });

  it('ends with the reason of its signal when that is aborted', async () => {
    const controller = new AbortController();
    const mirror = await serve((_, response) => {
      response.write(bytes.subarray(0, 1000));
      controller.abort(new Error('stopped by the user'));
    });
    const dataDir = await newDataDir();
    const fetching = fetchFiles([file], dataDir, { mirrors: [mirror], signal: controller.signal });
    await expect(fetching).rejects.toThrow('stopped by the user');
    expect(await readdir(dataDir).then((names) => names.filter((name) => name.endsWith('.part')))).toEqual([]);
  });

  it('removes what killed downloads of the file have left, and nothing of others', async () => {
    const mirror = await serve((_, response) => response.end(bytes));
    const dataDir = await newDataDir();
    const folder = join(dataDir, dirname(file.path));
    const target = basename(file.path);
    const { pid } = spawnSync(process.execPath, ['--version']);
    const own = temporaryName(target, '.part');
    const dead = own.replace(/\.\d+-\d+-/, `.${pid}-1-`);
    const others = [own, 'other.gz.1-1-00000000-00000000.part'];
    await mkdir(folder, { recursive: true });
    for (const name of [dead, ...others]) await writeFile(join(folder, name), 'half');
    await fetchFiles([file], dataDir, { mirrors: [mirror] });
    expect((await readdir(folder)).sort()).toEqual([...others, target].sort());
  });

  it('names a place that cannot be written', async () => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, { toy: new Uint8Array(1) });
    const mirrors = [await serve(good), await serve(good)];
    expect(await failure(fetchFiles([file], dataDir, { mirrors }))).toMatch(
      /one\.gz: cannot be written \(E.*--data-dir/,
    );
  });
});

describe('fetchDataset', () => {
  it('asks only for the files that are missing', async () => {
    const asked: string[] = [];
    const mirror = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end('wrong');
    });
    const dataDir = await newDataDir();
    await writeFiles(dataDir, { 'MNIST/raw/train-images-idx3-ubyte': new Uint8Array(1) });
    await failure(fetchDataset('mnist', dataDir, { mirrors: [mirror] }));
    expect(asked).toEqual(['/data/train-labels-idx1-ubyte.gz']);
  });

  it('has nothing to do for a generated data set', async () => {
    expect(await fetchDataset('quadratic', 'nowhere')).toEqual([]);
  });
});

describe('openDataset with fetch', () => {
  it('gives one clear line without a network, at once', async () => {
    const dataDir = await newDataDir();
    const started = Date.now();
    const message = await failure(
      openDataset('cifar10', { dataDir, source: 'real', fetch: true, mirrors: [await deadEnd()] }),
    );
    expect(message).toMatch(/missing cifar10\/cifar-10-binary\.tar\.gz .*ECONNREFUSED.*data fetch cifar10.*synthetic/);
    expect(Date.now() - started).toBeLessThan(3000);
    expect(await readdir(dataDir)).toEqual([]);
  });
});
