import { basename, dirname, join } from 'node:path';
import { hashConfiguration, type RunConfiguration, settingPath } from '../results/index.js';

/** Where the files of one run lie that are not its result: all in the setting's folder, named by seed and identity. */
export interface RunPlace {
  /** The setting's folder. */
  readonly folder: string;
  /** What the paths of all of these files begin with. */
  readonly stem: string;
  /** The state between two steps. */
  readonly checkpoint: string;
  /** What the run has measured so far. */
  readonly journal: string;
  /** Who trains it. */
  readonly lock: string;
  /** Why its last process ended without a run file. */
  readonly crash: string;
  /** Parameters as they were after an epoch. */
  readonly keptParameters: (epoch: number) => string;
}

/** The place of a configuration's run. */
export function runPlace(outputDir: string, configuration: RunConfiguration): RunPlace {
  const name = stemName(configuration.seed, hashConfiguration(configuration));
  return placeOf(join(settingPath(outputDir, configuration), name));
}

/** The place of the run that a run file is of, by what that says. */
export function placeBeside(
  runFile: string,
  { seed, hash }: { readonly seed: number; readonly hash: string },
): RunPlace {
  return placeOf(join(dirname(runFile), stemName(seed, hash)));
}

/** The place whose checkpoint this is. */
export function placeOfCheckpoint(checkpoint: string): RunPlace {
  return placeOf(checkpoint.replace(/\.checkpoint$/, ''));
}

/** Whether a name in a setting's folder is that of a checkpoint of this seed, of whichever run. */
export function isCheckpointOf(name: string, seed: number): boolean {
  return name.startsWith(seedPrefix(seed)) && name.endsWith('.checkpoint');
}

/** Whether a name is that of a file of this run, its result not counted. */
export function isOfRun({ stem }: RunPlace, name: string): boolean {
  const own = basename(stem);
  return name.startsWith(`${own}.`) || name.startsWith(`${own}__`);
}

/** The epoch whose parameters a file of this name has; null for every other file. */
export function keptEpochOf({ stem }: RunPlace, name: string): number | null {
  const begin = `${basename(stem)}__epoch__`;
  const [, epoch] = name.startsWith(begin) ? (/^(\d+)\.safetensors$/.exec(name.slice(begin.length)) ?? []) : [];
  return epoch === undefined ? null : Number(epoch);
}

/** What the names of all files of runs with this seed begin with, results too. */
export function seedPrefix(seed: number): string {
  return `random_seed__${seed}__`;
}

function placeOf(stem: string): RunPlace {
  return {
    folder: dirname(stem),
    stem,
    checkpoint: `${stem}.checkpoint`,
    journal: `${stem}.journal`,
    lock: `${stem}.lock`,
    crash: `${stem}.crash`,
    keptParameters: (epoch) => `${stem}__epoch__${epoch}.safetensors`,
  };
}

function stemName(seed: number, hash: string): string {
  return `${seedPrefix(seed)}${hash.slice(0, 12)}`;
}
