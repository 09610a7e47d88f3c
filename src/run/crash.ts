import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashConfiguration, type RunConfiguration, settingPath, writeFileAtomic } from '../results/index.js';

/** What is known of a run whose process ended without a run file, from who started it. */
export interface Crash {
  /** ISO time. */
  readonly at: string;
  readonly reason: string;
}

/** Where the crash of this configuration's last attempt is noted: beside its checkpoint. */
export function crashPath(outputDir: string, configuration: RunConfiguration): string {
  const name = `random_seed__${configuration.seed}__${hashConfiguration(configuration).slice(0, 12)}.crash`;
  return join(settingPath(outputDir, configuration), name);
}

/** Notes why a run has no run file. The next attempt removes the note. Throws OutputError. */
export async function writeCrash(outputDir: string, configuration: RunConfiguration, crash: Crash): Promise<void> {
  await writeFileAtomic(crashPath(outputDir, configuration), `${JSON.stringify(crash)}\n`);
}

/** Why the last attempt left no run file; null when it left one, or none was made. */
export async function readCrash(outputDir: string, configuration: RunConfiguration): Promise<Crash | null> {
  try {
    return JSON.parse(await readFile(crashPath(outputDir, configuration), 'utf8')) as Crash;
  } catch {
    return null;
  }
}

/** Removes the note of an earlier attempt, because another one begins. */
export async function removeCrash(outputDir: string, configuration: RunConfiguration): Promise<void> {
  await rm(crashPath(outputDir, configuration), { force: true });
}
