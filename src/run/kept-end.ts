import { rename } from 'node:fs/promises';
import { reasonOf } from '../results/atomic-file.js';
import type { RunConfiguration } from '../results/index.js';
import { runPlace } from './place.js';

/** Where a completed run keeps its state after the last epoch, and what it has measured until then. */
export interface KeptEnd {
  readonly checkpoint: string;
  readonly journal: string;
}

/** Other names than those of a run under way: nothing that goes on with a run, or tidies up after it, takes them for its own. */
export function keptEndPaths(outputDir: string, configuration: RunConfiguration): KeptEnd {
  const { stem } = runPlace(outputDir, configuration);
  return { checkpoint: `${stem}.final`, journal: `${stem}.final-journal` };
}

/** Whether a file in a setting's folder is of a kept end. */
export function isKeptEnd(name: string): boolean {
  return /\.final(?:-journal)?$/.test(name);
}

/** Keeps the last checkpoint of a run that has just completed; returns what went wrong, in words, else null. */
export async function keepEnd(outputDir: string, configuration: RunConfiguration): Promise<string | null> {
  const { checkpoint, journal } = keptEndPaths(outputDir, configuration);
  const place = runPlace(outputDir, configuration);
  try {
    // The checkpoint last: it counts on the journal.
    await rename(place.journal, journal);
    await rename(place.checkpoint, checkpoint);
    return null;
  } catch (error) {
    return `${checkpoint}: the checkpoint of the last epoch is not kept (${reasonOf(error)}); the run is complete`;
  }
}
