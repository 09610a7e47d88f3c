import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test, vi } from 'vitest';
import { ownIdentity } from '../../src/process-identity.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { acquireRunLock } from '../../src/run/lock.js';
import { runPlace } from '../../src/run/place.js';
import { smallRequest, temporaryFolder } from './small-run.js';

// FAT, exFAT and some network mounts have no hard links and say so in this way.
vi.mock('node:fs/promises', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:fs/promises')>()),
  link: () => Promise.reject(Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' })),
}));

test('a file system without hard links still has one holder at a time, and takeovers', async () => {
  const folder = await temporaryFolder();
  try {
    const { configuration } = await resolveConfiguration(smallRequest);
    const path = runPlace(folder, configuration).lock;
    await mkdir(dirname(path), { recursive: true });
    const acquire = () => acquireRunLock(folder, configuration);
    const all = await Promise.all(Array.from({ length: 8 }, acquire));
    const held = all.flatMap((lock) => ('release' in lock ? [lock] : []));
    expect(held).toHaveLength(1);
    for (const lock of held) await lock.release();
    expect(await readdir(dirname(path))).toEqual([]);

    await writeFile(path, JSON.stringify({ ...ownIdentity(), started: '1', since: new Date(), nonce: 'dead' }));
    const takers = await Promise.all(Array.from({ length: 8 }, acquire));
    const [taken, ...others] = takers.flatMap((lock) => ('release' in lock ? [lock] : []));
    expect(others).toEqual([]);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    await taken?.release();
    expect(await readdir(dirname(path))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
