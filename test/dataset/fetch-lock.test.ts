import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ImageDatasetDefinition } from '../../src/dataset/definition.js';
import { fetchMissing } from '../../src/dataset/fetch.js';
import { fetchLockPath, withFetchLock } from '../../src/dataset/fetch-lock.js';
import { DataError } from '../../src/errors.js';
import { ownIdentity } from '../../src/process-identity.js';
import { serve } from './local-server.js';
import { mnistFiles, newDataDir, smallMnist, writeFiles } from './small-files.js';

const nonce = '0123456789abcdef';
const quick = { pollMs: 5 };

/** What a process that has ended left as its lock. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--eval', '']);
  await once(child, 'close');
  return child.pid ?? 0;
}

describe('withFetchLock', () => {
  it('lets one after the other in, each with a lock that says who it is, and leaves nothing', async () => {
    const dataDir = await newDataDir();
    let inside = 0;
    let most = 0;
    const lines: string[] = [];
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        withFetchLock(dataDir, 'toy', { ...quick, onProgress: (line) => lines.push(line) }, async () => {
          inside += 1;
          most = Math.max(most, inside);
          expect(JSON.parse(await readFile(fetchLockPath(dataDir, 'toy'), 'utf8'))).toMatchObject({ pid: process.pid });
          await sleep(2);
          inside -= 1;
          return i;
        }),
      ),
    );
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(1);
    expect(lines[0]).toMatch(
      new RegExp(`^toy: process ${process.pid} on host \\S+, since \\d{4}-.* UTC, fetches it already; waiting$`),
    );
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('does not hinder another data set, and is released when the action fails', async () => {
    const dataDir = await newDataDir();
    const failing = withFetchLock(dataDir, 'one', quick, () =>
      withFetchLock(dataDir, 'two', quick, () => Promise.reject(new Error('failed'))),
    );
    await expect(failing).rejects.toThrow('failed');
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('takes the lock of a dead process over at once, also when many want it', async () => {
    const dataDir = await newDataDir();
    const dead = { ...ownIdentity(), pid: await deadProcess(), since: new Date().toISOString(), nonce };
    await writeFile(fetchLockPath(dataDir, 'toy'), JSON.stringify(dead));
    let inside = 0;
    const started = Date.now();
    await Promise.all(
      Array.from({ length: 6 }, () =>
        withFetchLock(dataDir, 'toy', quick, async () => {
          inside += 1;
          expect(inside).toBe(1);
          await sleep(2);
          inside -= 1;
        }),
      ),
    );
    expect(Date.now() - started).toBeLessThan(5000);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('waits for a process on another host, and can be interrupted', async () => {
    const dataDir = await newDataDir();
    const path = fetchLockPath(dataDir, 'toy');
    await writeFile(path, JSON.stringify({ ...ownIdentity(), host: 'elsewhere\u001b[2J', since: 'x\u001b[2J', nonce }));
    const lines: string[] = [];
    const controller = new AbortController();
    const waiting = withFetchLock(
      dataDir,
      'toy',
      { ...quick, signal: controller.signal, onProgress: (line) => lines.push(line) },
      async () => 0,
    );
    await sleep(50);
    controller.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    expect(lines.length).toBe(1);
    expect(lines.join()).not.toContain('\u001b');
    // It has shown no life for an hour.
    const before = new Date(Date.now() - 3_600_000);
    await utimes(path, before, before);
    expect(await withFetchLock(dataDir, 'toy', quick, async () => 1)).toBe(1);
  });

  it.each(['', '{}', '{"pid": -1}', 'null', `{"pid":0,"host":"${hostname()}"}`, 'x'.repeat(4000)])(
    'takes over an old lock with the content %j',
    async (content) => {
      const dataDir = await newDataDir();
      const path = fetchLockPath(dataDir, 'toy');
      await writeFile(path, content);
      const before = new Date(Date.now() - 3_600_000);
      await utimes(path, before, before);
      expect(await withFetchLock(dataDir, 'toy', quick, async () => 1)).toBe(1);
      expect(await readdir(dataDir)).toEqual([]);
    },
  );

  it('ends in one line when something else is in its place', async () => {
    for (const make of [(path: string) => mkdir(path), (path: string) => symlink('/nonexistent', path)]) {
      const dataDir = await newDataDir();
      await make(fetchLockPath(dataDir, 'toy'));
      const error = await withFetchLock(dataDir, 'toy', quick, async () => 0).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DataError);
      expect(String(error)).toMatch(/\.toy\.fetching: found a (folder|symbolic link), expected a file/);
    }
  });
});

describe('fetchMissing', () => {
  const packed = Object.fromEntries(Object.entries(mnistFiles).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]));
  /** The small MNIST as if it were published. */
  const published: ImageDatasetDefinition = {
    ...smallMnist,
    files: Object.entries(packed).map(([name, bytes]) => ({
      path: `mnist/${name}`,
      size: bytes.length,
      md5: createHash('md5').update(bytes).digest('hex'),
      urls: [],
    })),
  };

  async function mirror() {
    const asked: string[] = [];
    const { url } = await serve((request, response) => {
      const name = request.url?.split('/').at(-1) ?? '';
      asked.push(name);
      response.end(packed[name]);
    });
    return { asked, options: { environment: {}, mirrors: [url], pollMs: 5 } };
  }

  it('downloads once for many who want the same', async () => {
    const dataDir = await newDataDir();
    const { asked, options } = await mirror();
    const paths = await Promise.all([1, 2, 3].map(() => fetchMissing(published, dataDir, options)));
    expect(asked.sort()).toEqual(Object.keys(packed).sort());
    expect(paths.map((each) => each.length).sort()).toEqual([0, 0, 4]);
    expect(await readdir(dataDir)).toEqual(['mnist']);
    expect((await readdir(join(dataDir, 'mnist'))).sort()).toEqual(Object.keys(packed).sort());
  });

  it('removes what killed fetches have left, before and after', async () => {
    const dataDir = await newDataDir();
    const { options } = await mirror();
    const litter = {
      'mnist/train-images-idx3-ubyte.gz.0b8a4b8e-8f5f-4c58-9d2c-000000000000.part': new Uint8Array(9),
      'mnist/train-images-idx3-ubyte.gz.part': new Uint8Array(9),
      'mnist/train-images-idx3-ubyte.gz.part.json': new Uint8Array(9),
    };
    await writeFiles(dataDir, { ...litter, 'mnist/my.part': new Uint8Array(1) });
    await fetchMissing(published, dataDir, options);
    const left = [...Object.keys(packed), 'my.part'].sort();
    expect((await readdir(join(dataDir, 'mnist'))).sort()).toEqual(left);
    await writeFiles(dataDir, litter);
    expect(await fetchMissing(published, dataDir, options)).toEqual([]);
    expect((await readdir(join(dataDir, 'mnist'))).sort()).toEqual(left);
    expect(await readdir(dataDir)).toEqual(['mnist']);
  });
});
