import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { RunConfiguration } from '../../src/results/index.js';
import { resolveConfiguration, runPlace } from '../../src/run/index.js';
import { smallRequest, temporaryFolder } from './small-run.js';

/** A small run in a folder of its own. */
export interface LockFixture {
  readonly folder: string;
  readonly configuration: RunConfiguration;
  /** Of its lock, in a folder that exists. */
  readonly path: string;
}

/** Gives each test a run in a new folder, which is removed after it. */
export function eachWithLock(use: (fixture: LockFixture) => void): void {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    const { configuration } = await resolveConfiguration(smallRequest);
    const { lock: path } = runPlace(folder, configuration);
    await mkdir(dirname(path), { recursive: true });
    use({ folder, configuration, path });
  });
  afterEach(() => rm(folder, { recursive: true }));
}

/** The number of a process that has ended. */
export async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'close');
  return child.pid ?? 0;
}
