import { z } from 'zod';
import { readRegularFile, removeFile } from '../regular-file.js';
import { type RunConfiguration, writeFileAtomic } from '../results/index.js';
import { runPlace } from './place.js';

/** Bytes; a note is one line. */
const LONGEST_NOTE = 1 << 20;

const crashSchema = z.object({
  /** ISO time. */
  at: z.iso.datetime(),
  reason: z.string(),
});

/** What is known of a run whose process ended without a run file, from who started it. */
export type Crash = Readonly<z.infer<typeof crashSchema>>;

/** Notes why a run has no run file. The next attempt removes the note. Throws OutputError. */
export async function writeCrash(outputDir: string, configuration: RunConfiguration, crash: Crash): Promise<void> {
  await writeFileAtomic(runPlace(outputDir, configuration).crash, `${JSON.stringify(crash)}\n`);
}

/** Why the last attempt left no run file; null when it left one, or none was made, or the note is none. */
export async function readCrash(outputDir: string, configuration: RunConfiguration): Promise<Crash | null> {
  try {
    const { content } = await readRegularFile(runPlace(outputDir, configuration).crash, {
      most: LONGEST_NOTE,
      follow: false,
    });
    return crashSchema.parse(JSON.parse(content.toString('utf8')));
  } catch {
    return null;
  }
}

/** Removes the note of an earlier attempt, because another one begins. */
export async function removeCrash(outputDir: string, configuration: RunConfiguration): Promise<void> {
  await removeFile(runPlace(outputDir, configuration).crash);
}
