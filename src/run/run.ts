import { constants as fileConstants } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import type { DataSplit, Dataset } from '../dataset/index.js';
import type { Engine } from '../engine/index.js';
import { FileError, RunHeldError } from '../errors.js';
import {
  buildRunFile,
  ensureWritable,
  findRunFiles,
  hashConfiguration,
  type Provenance,
  type RunFile,
  type RunStatus,
  runFilePath,
  settingPath,
  writeRunFile,
} from '../results/index.js';
import { type Checkpoint, checkpointPath, readCheckpoint, removeCheckpoint, writeCheckpoint } from './checkpoint.js';
import type { ResolvedRun } from './configuration.js';
import { removeCrash } from './crash.js';
import type { RunEvent } from './events.js';
import { acquireRunLock, describeHolder, type LockHolder, readRunLock } from './lock.js';
import { TrainingLoop } from './loop.js';
import { checkRunEngine, type DataOptions, openData, openRunEngine } from './open.js';
import { provenanceOf } from './provenance.js';
import { RunRecord } from './record.js';

/** Where a run finds its data and leaves its results, and who listens. An abort ends it with status `interrupted`. */
export interface RunOptions extends DataOptions {
  readonly outputDir: string;
  /** Whether to go on from a checkpoint of the same configuration; else it is ignored and replaced. */
  readonly resume: boolean;
  /** Whether to run again what is already complete. */
  readonly overwrite: boolean;
}

/** What became of a run. */
export interface RunOutcome {
  readonly path: string;
  readonly runFile: RunFile;
  /** The run file was there already; nothing was trained. */
  readonly alreadyComplete: boolean;
  /** What made a failed run fail. */
  readonly error?: unknown;
}

/**
 * One run by the protocol, from configuration to run file. Throws ProbprecError for what stops it before training,
 * RunHeldError when another process trains the same run.
 */
export async function executeRun(resolved: ResolvedRun, options: RunOptions): Promise<RunOutcome> {
  const { configuration } = resolved;
  const { outputDir } = options;
  const ended = await findEnded(resolved, options);
  if (ended !== undefined) return ended;
  const holder = await readRunLock(outputDir, configuration);
  if (holder !== null) throw heldError(holder);
  await checkRunEngine(resolved);
  const { dataset, split } = await openData(resolved, options);
  await ensureWritable(outputDir, settingPath(outputDir, configuration));
  const lock = await acquireRunLock(outputDir, configuration);
  if ('heldBy' in lock) throw heldError(lock.heldBy);
  try {
    // Once more: it may have been completed by who held the lock until now.
    const meanwhile = await findEnded(resolved, options);
    if (meanwhile !== undefined) return meanwhile;
    await removeCrash(outputDir, configuration);
    const signal = options.signal === undefined ? lock.lost : AbortSignal.any([options.signal, lock.lost]);
    const provenance = await provenanceOf(resolved.source);
    return await train(resolved, { ...options, signal, lost: lock.lost, provenance }, dataset, split);
  } finally {
    await lock.release();
  }
}

/** The run as it was completed before; undefined when there is something to do. */
async function findEnded({ configuration }: ResolvedRun, options: RunOptions): Promise<RunOutcome | undefined> {
  if (options.overwrite) return undefined;
  const ended = (await findRunFiles(options.outputDir, configuration)).find(({ status }) => hasEnded(status.state));
  return ended === undefined ? undefined : { ...ended, alreadyComplete: true };
}

function heldError(holder: LockHolder): RunHeldError {
  return new RunHeldError(
    `another process trains this run already: ${describeHolder(holder)}; wait for it, or stop it and run this again`,
  );
}

/** Options of a run that holds its lock; `lost` aborts when it holds it no longer. */
interface LockedOptions extends RunOptions {
  readonly lost: AbortSignal;
  readonly provenance: Provenance;
}

/** Trains with the lock in hand and removes the files of earlier attempts. */
async function train(
  resolved: ResolvedRun,
  options: LockedOptions,
  dataset: Dataset,
  split: DataSplit,
): Promise<RunOutcome> {
  const earlier = await findRunFiles(options.outputDir, resolved.configuration);
  const engine = await openRunEngine(resolved);
  try {
    const run = new Run(resolved, options, dataset, split, engine);
    const outcome = await run.execute();
    for (const { path, status } of earlier) {
      const replaced = hasEnded(outcome.runFile.status.state) || !hasEnded(status.state);
      if (replaced && path !== outcome.path) await rm(path, { force: true });
    }
    return outcome;
  } finally {
    await engine.dispose();
  }
}

/** Whether nothing is left to do; an interrupted or failed run can be run again. */
function hasEnded(state: RunStatus['state']): boolean {
  return state === 'completed' || state === 'diverged';
}

/** One run's loop together with its checkpoint and its run file. */
class Run {
  readonly #resolved: ResolvedRun;
  readonly #options: LockedOptions;
  readonly #dataset: Dataset;
  readonly #split: DataSplit;
  readonly #engine: Engine;
  readonly #checkpointPath: string;
  #loop: TrainingLoop | null = null;
  #startedAt = new Date();

  constructor(resolved: ResolvedRun, options: LockedOptions, dataset: Dataset, split: DataSplit, engine: Engine) {
    this.#resolved = resolved;
    this.#options = options;
    this.#dataset = dataset;
    this.#split = split;
    this.#engine = engine;
    this.#checkpointPath = checkpointPath(options.outputDir, resolved.configuration);
  }

  #emit(event: RunEvent): void {
    this.#options.onEvent?.(event);
  }

  async execute(): Promise<RunOutcome> {
    try {
      return await this.#finish(await this.#train());
    } catch (error) {
      const { signal, lost } = this.#options;
      // Whoever took the run over writes its files from now on.
      if (lost.aborted) throw lost.reason;
      const { epoch, step } = this.#loop?.position ?? { epoch: 0, step: null };
      if (signal?.aborted && error === signal.reason) {
        return this.#finish({ state: 'interrupted', epoch, step, reason: 'interrupted by the user' });
      }
      const reason = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
      return { ...(await this.#finish({ state: 'failed', epoch, step, reason })), error };
    }
  }

  async #train(): Promise<RunStatus> {
    const { signal, onEvent } = this.#options;
    const { configuration } = this.#resolved;
    const context = { resolved: this.#resolved, split: this.#split, engine: this.#engine, signal, onEvent };
    const loop = await TrainingLoop.start(context);
    this.#loop = loop;
    if (this.#options.resume) await this.#restore(loop);
    const firstEpoch = loop.position.epoch;
    this.#emit({
      type: 'start',
      configuration,
      stepsPerEpoch: loop.stepsPerEpoch,
      threads: this.#engine.record.threads,
      resumedFromEpoch: firstEpoch > 0 ? firstEpoch : null,
      path: this.#path,
      verifiedData: this.#dataset.record.verified,
    });
    this.#emit({ type: 'compiled', seconds: loop.compileSeconds });
    return loop.run(async (epoch) => {
      if (epoch < configuration.numEpochs) await this.#save(loop, epoch);
    });
  }

  get #path(): string {
    return runFilePath(this.#options.outputDir, this.#resolved.configuration, this.#startedAt);
  }

  async #save({ training, record }: TrainingLoop, epoch: number): Promise<void> {
    const { arrays, values } = await training.save();
    const { lists, header } = record.toCheckpoint();
    const trained = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [`training/${name}`, array]));
    await writeCheckpoint(this.#checkpointPath, {
      header: {
        configurationHash: hashConfiguration(this.#resolved.configuration),
        epoch,
        startedAt: this.#startedAt.toISOString(),
        training: values,
        ...header,
      },
      arrays: { ...trained, ...lists },
    });
    this.#emit({ type: 'checkpoint', path: this.#checkpointPath, epoch });
  }

  /** Sets the loop to where the checkpoint of this configuration was, if there is one. */
  async #restore(loop: TrainingLoop): Promise<void> {
    const checkpoint = await this.#readCheckpoint();
    if (checkpoint === null) return;
    const { header, arrays } = checkpoint;
    const own = Object.entries(arrays).filter(([name]) => name.startsWith('training/'));
    await loop.training.restore({
      arrays: Object.fromEntries(own.map(([name, array]) => [name.slice('training/'.length), array])),
      values: header.training as Record<string, unknown>,
    });
    loop.record = RunRecord.fromCheckpoint(checkpoint);
    loop.record.resumed.push({ epoch: header.epoch, at: new Date().toISOString() });
    loop.position = { epoch: header.epoch, step: null };
    this.#startedAt = new Date(String(header.startedAt));
  }

  /** A damaged checkpoint is reported and replaced; the run starts again. */
  async #readCheckpoint(): Promise<Checkpoint | null> {
    const exists = await access(this.#checkpointPath, fileConstants.F_OK).then(
      () => true,
      () => false,
    );
    if (!exists) return null;
    try {
      const checkpoint = await readCheckpoint(this.#checkpointPath);
      return checkpoint.header.configurationHash === hashConfiguration(this.#resolved.configuration)
        ? checkpoint
        : null;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#emit({ type: 'warning', message: `${error.message}; the run starts again from the beginning` });
      return null;
    }
  }

  async #finish(status: RunStatus): Promise<RunOutcome> {
    const { configuration, testProblem } = this.#resolved;
    const record = this.#loop?.record ?? new RunRecord();
    const runFile = buildRunFile({
      configuration,
      status,
      stepsPerEpoch: this.#split.trainingSteps(configuration.batchSize),
      losses: record.losses,
      accuracies: testProblem.hasAccuracy ? record.accuracies : null,
      minibatchTrainLosses: record.minibatchTrainLosses,
      dataset: this.#dataset.record,
      datasetSizes: this.#split.sizes,
      engine: this.#engine.record,
      provenance: this.#options.provenance,
      startedAt: this.#startedAt,
      finishedAt: new Date(),
      timing: record.timing,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      optimizerLog: record.optimizerLog,
      evaluations: this.#loop?.training.evaluations,
      evaluatesElsewhere: this.#loop?.training.evaluationPoint !== undefined,
      resumed: record.resumed,
    });
    const path = await writeRunFile(this.#path, runFile);
    if (hasEnded(status.state)) await removeCheckpoint(this.#checkpointPath);
    this.#emit({ type: 'end', status: status.state, path, reason: status.reason });
    return { path, runFile, alreadyComplete: false };
  }
}
