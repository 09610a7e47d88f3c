import { dirname } from 'node:path';
import type { OptimizerDefinition } from '../optimizer/index.js';
import {
  effectiveSchedule,
  findRunFiles,
  hashConfiguration,
  listFolders,
  type RunConfiguration,
  settingPath,
} from '../results/index.js';
import { type Checkpoint, readCheckpoint } from './checkpoint.js';
import { DamagedContent } from './checkpoint-format.js';
import type { CheckpointHeader } from './checkpoint-header.js';
import type { ResolvedRun } from './configuration.js';
import { readJournal } from './journal.js';
import { keptEndPaths } from './kept-end.js';
import { type LoadedRun, recordOf } from './saved-run.js';

/** What a run that goes on from a shorter one must agree with. */
interface Expectation {
  readonly incompatibilities: (header: CheckpointHeader) => readonly string[];
  readonly stepsPerEpoch: number;
}

/** The end of a shorter run to go on from, and what there is to say. */
interface ShorterRun {
  readonly end: LoadedRun | null;
  readonly notes: readonly string[];
}

/**
 * The longest completed run of the same values in force and fewer epochs, at its end: a run of this configuration is bit for
 * bit that run and some epochs more. Null where there is none, where its last checkpoint was not kept or is not whole, and
 * where the number of epochs has a say in the learning rate; the notes say so. Leaves the shorter run's files as they are.
 */
export async function findShorterRun(
  outputDir: string,
  { configuration, optimizer }: Pick<ResolvedRun, 'configuration' | 'optimizer'>,
  expected: Expectation,
): Promise<ShorterRun> {
  const notes: string[] = [];
  for (const shorter of await shorterConfigurations(outputDir, configuration)) {
    const { numEpochs } = shorter;
    const { checkpoint: path, journal } = keptEndPaths(outputDir, shorter);
    const found = await readCheckpoint(path);
    const name = `a completed run of ${numEpochs} ${numEpochs === 1 ? 'epoch' : 'epochs'}`;
    if (found.kind === 'none') {
      const ended = await findRunFiles(outputDir, shorter);
      if (notes.length > 0 || !ended.some(({ status }) => status.state === 'completed')) continue;
      notes.push(
        dependsOnLength(configuration, optimizer)
          ? `${name} is there, but the schedule depends on the number of epochs, so this run starts from the beginning`
          : `${name} is there, but not the checkpoint of its last epoch (--keep-checkpoint keeps it), so this run starts from the beginning`,
      );
      continue;
    }
    const refused = (reason: string) => notes.push(`${path}: ${name} cannot be extended: ${reason}`);
    if (dependsOnLength(configuration, optimizer)) {
      refused('the schedule depends on the number of epochs');
      return { end: null, notes };
    }
    if (found.kind !== 'whole') {
      refused(found.fault);
      continue;
    }
    const reasons = expected.incompatibilities(found.checkpoint.header);
    if (reasons.length > 0) {
      refused(reasons.join('; '));
      continue;
    }
    try {
      const end = await loadEnd(found.checkpoint, { path, journal, shorter, ...expected });
      return { end, notes: [] };
    } catch (error) {
      if (!(error instanceof DamagedContent)) throw error;
      refused(error.message);
    }
  }
  return { end: null, notes };
}

/** Whether a step of an epoch depends on how many epochs come after it. */
function dependsOnLength({ schedule }: RunConfiguration, optimizer: OptimizerDefinition): boolean {
  return schedule !== undefined || optimizer.schedule !== undefined;
}

/** Configurations that differ in the number of epochs only and have a folder; the longest first. */
async function shorterConfigurations(outputDir: string, configuration: RunConfiguration): Promise<RunConfiguration[]> {
  const { numEpochs, lrSchedule } = configuration;
  const names = await listFolders(dirname(settingPath(outputDir, configuration)));
  const lengths = names.map((name) => Number(/^num_epochs__(\d+)__/.exec(name)?.[1] ?? 0));
  return [...new Set(lengths)]
    .filter((length) => length > 0 && length < numEpochs)
    .sort((left, right) => right - left)
    .map((length) => ({
      ...configuration,
      numEpochs: length,
      lrSchedule: effectiveSchedule(lrSchedule, length),
    }));
}

/** A kept end with its record, none of which is in a journal of the longer run yet. Throws DamagedContent. */
async function loadEnd(
  checkpoint: Checkpoint,
  {
    path,
    journal,
    shorter,
    stepsPerEpoch,
  }: Expectation & { readonly path: string; readonly journal: string; readonly shorter: RunConfiguration },
): Promise<LoadedRun> {
  const { configuration_hash: hash, epoch, part_of_epoch: part, journal: state } = checkpoint.header;
  const { numEpochs, trainLogInterval } = shorter;
  if (hash !== hashConfiguration(shorter)) throw new DamagedContent('the checkpoint of another run', 'its own');
  if (epoch !== numEpochs || part !== null) throw new DamagedContent(`epoch ${epoch}`, `${numEpochs}, the last one`);
  const { entries } = await readJournal(journal, state);
  const record = recordOf(entries, { taken: false });
  const minibatchLosses = epoch * Math.ceil(stepsPerEpoch / trainLogInterval);
  if (!record.isOf({ epoch, mayBeTrained: false, minibatchLosses })) {
    throw new DamagedContent('a journal of other lengths', `the lists of ${epoch} epochs`);
  }
  return { checkpoint, record, extended: { path, numEpochs } };
}
