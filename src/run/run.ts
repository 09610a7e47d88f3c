import type { DataSplit, Dataset } from '../dataset/index.js';
import { RunHeldError } from '../errors.js';
import { removeFile } from '../regular-file.js';
import { reasonOf } from '../results/atomic-file.js';
import { ensureWritable, findRunFiles, hasEnded, settingPath } from '../results/index.js';
import type { CheckpointHeader } from './checkpoint-header.js';
import { incompatibilities, sourcesOf } from './checkpoint-origin.js';
import type { ResolvedRun } from './configuration.js';
import { removeCrash } from './crash.js';

import { findShorterRun } from './extension.js';

import { missingParameters } from './kept-parameters.js';

import { removeLeftovers, removeProgress, tidyEndedRun } from './leftovers.js';
import { acquireRunLock, readRunLock } from './lock.js';
import { describeHolder, type LockHolder } from './lock-file.js';
import { checkRunEngine, openData, openRunEngine } from './open.js';
import { provenanceOf } from './provenance.js';
import { checkDisk, checkMemory, diskNeed } from './resources.js';
import { type LockedOptions, RunAttempt, type RunOptions, type RunOutcome, type RunParts } from './run-attempt.js';
import { type LoadedRun, SavedRun } from './saved-run.js';

/**
 * One run by the protocol, from configuration to run file. Throws ProbprecError for what stops it before training,
 * RunHeldError when another process trains the same run.
 */
export async function executeRun(resolved: ResolvedRun, options: RunOptions): Promise<RunOutcome> {
  const { configuration } = resolved;
  const { outputDir } = options;
  const ended = await findEnded(resolved, options);
  if (ended !== undefined) {
    await tidyEndedRun(outputDir, configuration);
    await sayMissingParameters(ended, options);
    return ended;
  }
  const holder = await readRunLock(outputDir, configuration);
  if (holder !== null) throw heldError(holder);
  if (options.checkResources !== false) checkMemory(resolved);
  await checkRunEngine(resolved);
  const { dataset, split } = await openData(resolved, options);
  await ensureWritable(outputDir, settingPath(outputDir, configuration));
  if (options.checkResources !== false) {
    await checkDisk(outputDir, diskNeed(resolved, split.trainingSteps(configuration.batchSize)));
  }
  const lock = await acquireRunLock(outputDir, configuration, options.signal);
  if ('heldBy' in lock) throw heldError(lock.heldBy);
  try {
    // Once more: it may have been completed by who held the lock until now.
    const meanwhile = await findEnded(resolved, options);
    if (meanwhile !== undefined) {
      await removeProgress(outputDir, configuration);
      await sayMissingParameters(meanwhile, options);
      return meanwhile;
    }
    await removeLeftovers(outputDir, configuration);
    await removeCrash(outputDir, configuration);
    const signal = options.signal === undefined ? lock.lost : AbortSignal.any([options.signal, lock.lost]);
    const provenance = await provenanceOf(resolved.sources);
    return await train(resolved, { ...options, signal, lost: lock.lost, provenance }, dataset, split);
  } finally {
    // Whatever was thrown is what is reported; a lock that stays is taken over by the next run.
    const stays = await lock.release();
    if (stays !== null) options.onEvent?.({ type: 'warning', message: stays });
  }
}

/** The run as it was completed before; undefined when there is something to do. */
async function findEnded({ configuration }: ResolvedRun, options: RunOptions): Promise<RunOutcome | undefined> {
  if (options.overwrite) return undefined;
  const ended = (await findRunFiles(options.outputDir, configuration)).find(({ status }) => hasEnded(status.state));
  return ended === undefined ? undefined : { ...ended, alreadyComplete: true };
}

/** Parameters that were asked for and are not there, because writing them failed or the run was trained without. */
async function sayMissingParameters(
  { path, runFile }: RunOutcome,
  { keepParameters: when, onEvent }: RunOptions,
): Promise<void> {
  if (when === undefined) return;
  const { configuration_hash: hash, random_seed: seed, num_epochs: numEpochs, status } = runFile;
  const missing = await missingParameters(path, { when, hash, seed, numEpochs, trained: status.epoch });
  if (missing !== null) onEvent?.({ type: 'warning', message: missing });
}

function heldError(holder: LockHolder): RunHeldError {
  return new RunHeldError({
    what: `another process trains this run already: ${describeHolder(holder)}`,
    remedy: 'wait for it, or stop it and run this again',
  });
}

/** Trains with the lock in hand and removes the files of earlier attempts. */
async function train(
  resolved: ResolvedRun,
  options: LockedOptions,
  dataset: Dataset,
  split: DataSplit,
): Promise<RunOutcome> {
  const { outputDir, checkpointShare } = options;
  const warn = (message: string) => options.onEvent?.({ type: 'warning', message });
  const earlier = await findRunFiles(outputDir, resolved.configuration);
  const sources = sourcesOf(resolved);
  const share = checkpointShare === undefined ? {} : { share: checkpointShare };
  const saved = new SavedRun(outputDir, resolved.configuration, share);
  const loaded = await openSaved(saved, { resolved, options, dataset, split, sources, warn });
  const engine = await openRunEngine(resolved);
  try {
    const run = new RunAttempt({ resolved, options, dataset, split, engine, sources, saved, warn });
    const outcome = await run.execute(loaded);
    for (const { path, status } of earlier) {
      const replaced = hasEnded(outcome.runFile.status.state) || !hasEnded(status.state);
      if (!replaced || path === outcome.path) continue;
      await removeFile(path).catch((error: unknown) => {
        warn(`${path}: cannot be removed (${reasonOf(error)}); it is replaced by ${outcome.path}`);
      });
    }
    return outcome;
  } finally {
    await engine.dispose().catch((error: unknown) => warn(`the engine does not close: ${reasonOf(error)}`));
  }
}

/** The run to go on with; null to start from the beginning. Before the engine is opened, for it may be refused. */
async function openSaved(
  saved: SavedRun,
  { resolved, options, dataset, split, sources, warn }: Omit<RunParts, 'engine' | 'saved'>,
): Promise<LoadedRun | null> {
  if (options.overwrite || !options.resume) {
    await saved.discard();
    return null;
  }
  const expected = {
    incompatibilities: ({ provenance }: CheckpointHeader) => incompatibilities(provenance, dataset.record, sources),
    stepsPerEpoch: split.trainingSteps(resolved.configuration.batchSize),
  };
  const own = await saved.load({ ...expected, sources, warn });
  if (own !== null) return own;
  const { end, notes } = await findShorterRun(options.outputDir, resolved, expected);
  for (const message of notes) options.onEvent?.({ type: 'note', message });
  return end;
}
