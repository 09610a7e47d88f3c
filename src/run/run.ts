import type { DataSplit, Dataset } from '../dataset/index.js';
import type { Engine } from '../engine/index.js';
import { OutputError, RunHeldError } from '../errors.js';
import { removeFile } from '../regular-file.js';
import { reasonOf } from '../results/atomic-file.js';
import { toJsonValue } from '../results/canonical-json.js';
import {
  buildRunFile,
  ensureWritable,
  findRunFiles,
  type Provenance,
  type RunFile,
  type RunStatus,
  runFilePath,
  settingPath,
  writeRunFile,
} from '../results/index.js';
import type { CheckpointHeader } from './checkpoint-header.js';
import {
  type CheckpointOrigin,
  checkpointOriginOf,
  describeEngineVersion,
  incompatibilities,
  otherEngine,
  sourcesOf,
} from './checkpoint-origin.js';
import type { ResolvedRun } from './configuration.js';
import { removeCrash } from './crash.js';
import type { RunEvent } from './events.js';
import { type KeepParameters, keepParameters, keptParametersBytes } from './kept-parameters.js';
import { removeLeftovers, removeProgress, tidyEndedRun } from './leftovers.js';
import { acquireRunLock, readRunLock } from './lock.js';
import { describeHolder, type LockHolder } from './lock-file.js';
import { TrainingLoop } from './loop.js';
import { checkRunEngine, type DataOptions, openData, openRunEngine } from './open.js';
import { provenanceOf } from './provenance.js';
import { RunRecord } from './record.js';
import { RunClock } from './run-clock.js';
import { type LoadedRun, SavedRun } from './saved-run.js';

/** Where a run finds its data and leaves its results, and who listens. An abort ends it with status `interrupted`. */
export interface RunOptions extends DataOptions {
  readonly outputDir: string;
  /** Whether to go on from a checkpoint of the same configuration; else the run starts from the beginning. */
  readonly resume: boolean;
  /** Whether to run again, from the beginning, what is already complete. */
  readonly overwrite: boolean;
  /** The part of the time that checkpoints may take, between 0 and 1; 1 saves after every epoch, by default 0.05. */
  readonly checkpointShare?: number;
  /** Whether parameters are kept beside the run file, after each epoch or at the end; by default they are not. */
  readonly keepParameters?: KeepParameters | undefined;
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
  if (ended !== undefined) {
    await tidyEndedRun(outputDir, configuration);
    return ended;
  }
  const holder = await readRunLock(outputDir, configuration);
  if (holder !== null) throw heldError(holder);
  await checkRunEngine(resolved);
  const { dataset, split } = await openData(resolved, options);
  await ensureWritable(outputDir, settingPath(outputDir, configuration));
  const lock = await acquireRunLock(outputDir, configuration, options.signal);
  if ('heldBy' in lock) throw heldError(lock.heldBy);
  try {
    // Once more: it may have been completed by who held the lock until now.
    const meanwhile = await findEnded(resolved, options);
    if (meanwhile !== undefined) {
      await removeProgress(outputDir, configuration);
      return meanwhile;
    }
    await removeLeftovers(outputDir, configuration);
    await removeCrash(outputDir, configuration);
    const signal = options.signal === undefined ? lock.lost : AbortSignal.any([options.signal, lock.lost]);
    const provenance = await provenanceOf(resolved.source);
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
  const { outputDir, checkpointShare } = options;
  const warn = (message: string) => options.onEvent?.({ type: 'warning', message });
  const earlier = await findRunFiles(outputDir, resolved.configuration);
  const sources = sourcesOf(resolved);
  const share = checkpointShare === undefined ? {} : { share: checkpointShare };
  const saved = new SavedRun(outputDir, resolved.configuration, share);
  const loaded = await openSaved(saved, { resolved, options, dataset, split, sources, warn });
  const engine = await openRunEngine(resolved);
  try {
    const run = new Run({ resolved, options, dataset, split, engine, sources, saved, warn });
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

/** What a run is made of. */
interface RunParts {
  readonly resolved: ResolvedRun;
  readonly options: LockedOptions;
  readonly dataset: Dataset;
  readonly split: DataSplit;
  readonly engine: Engine;
  /** The modules of a user's optimizer. */
  readonly sources: ReturnType<typeof sourcesOf>;
  readonly saved: SavedRun;
  readonly warn: (message: string) => void;
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
  const { batchSize, trainLogInterval } = resolved.configuration;
  return saved.load({
    incompatibilities: ({ provenance }) => incompatibilities(provenance, dataset.record, sources),
    sources,
    lossesPerEpoch: Math.ceil(split.trainingSteps(batchSize) / trainLogInterval),
    warn,
  });
}

/** Whether nothing is left to do; an interrupted or failed run can be run again. */
function hasEnded(state: RunStatus['state']): boolean {
  return state === 'completed' || state === 'diverged';
}

/** One run's loop together with what is saved of it and its run file. */
class Run {
  readonly #parts: RunParts;
  readonly #origin: CheckpointOrigin;
  #clock = RunClock.start();
  #loop: TrainingLoop | null = null;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#origin = checkpointOriginOf(parts.dataset.record, parts.engine.record, parts.sources);
  }

  #emit(event: RunEvent): void {
    this.#parts.options.onEvent?.(event);
  }

  /** Trains and writes the run file. Once that is written, nothing changes what it says. */
  async execute(loaded: LoadedRun | null): Promise<RunOutcome> {
    let status: RunStatus;
    try {
      status = await this.#train(loaded);
    } catch (error) {
      const { signal, lost } = this.#parts.options;
      // Whoever took the run over writes its files from now on.
      if (lost.aborted) throw lost.reason;
      const { epoch, step } = this.#loop?.position ?? { epoch: 0, step: null };
      if (signal?.aborted && error === signal.reason) {
        return await this.#finish({ state: 'interrupted', epoch, step, reason: 'interrupted by the user' });
      }
      const reason = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
      // The first error says more than that its run file cannot be written either.
      const outcome = await this.#finish({ state: 'failed', epoch, step, reason }).catch(() => {
        throw error;
      });
      return { ...outcome, error };
    }
    return await this.#finish(status).catch((error: unknown) => {
      throw this.#withKept(error);
    });
  }

  /** What cannot be written, and what is kept of the run all the same. */
  #withKept(error: unknown): unknown {
    if (!(error instanceof OutputError)) return error;
    const { epoch } = this.#parts.saved;
    const kept =
      epoch === null
        ? 'no epoch is kept, the same command starts again'
        : `the checkpoint of epoch ${epoch} is kept, the same command goes on from there`;
    return new OutputError(`${error.message}; ${kept}`, { exitCode: error.exitCode, cause: error.cause });
  }

  async #train(loaded: LoadedRun | null): Promise<RunStatus> {
    const { resolved, dataset, engine, saved } = this.#parts;
    const { configuration } = resolved;
    const loop = await this.#start(loaded);
    const firstEpoch = loop.position.epoch;
    this.#emit({
      type: 'start',
      configuration,
      stepsPerEpoch: loop.stepsPerEpoch,
      threads: engine.record.threads,
      resumedFromEpoch: firstEpoch > 0 ? firstEpoch : null,
      path: this.#path,
      verifiedData: dataset.record.verified,
    });
    this.#emit({ type: 'compiled', seconds: loop.compileSeconds });
    this.#announceKeeping(firstEpoch);
    return loop.run(async (epoch) => {
      await this.#keep(loop, epoch);
      if (epoch < configuration.numEpochs && saved.due) await this.#save(loop, epoch);
    });
  }

  #announceKeeping(firstEpoch: number): void {
    const { resolved, options } = this.#parts;
    const { keepParameters: keep } = options;
    if (keep === undefined) return;
    const files = keep === 'end' ? 1 : resolved.configuration.numEpochs - firstEpoch;
    this.#emit({ type: 'keeping', files, bytesEach: keptParametersBytes(resolved.testProblem) });
  }

  /** Keeps the parameters, where that is asked for. A run does not fail because they cannot be written. */
  async #keep({ training }: TrainingLoop, epoch: number): Promise<void> {
    const { resolved, options, engine, warn } = this.#parts;
    const { configuration, testProblem: problem } = resolved;
    const { keepParameters: keep, outputDir } = options;
    if (keep === undefined || (keep === 'end' && epoch < configuration.numEpochs)) return;
    try {
      const kept = await keepParameters(engine, training, { outputDir, configuration, problem, epoch });
      this.#emit({ type: 'parameters', epoch, ...kept });
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      warn(`the parameters of epoch ${epoch} are not kept: ${error.message}`);
    }
  }

  /** The loop at its beginning, or where the saved run was. */
  async #start(loaded: LoadedRun | null): Promise<TrainingLoop> {
    const { resolved, options, split, engine, saved, warn } = this.#parts;
    const context = { resolved, split, engine, signal: options.signal, onEvent: options.onEvent };
    const loop = await TrainingLoop.start(context);
    this.#loop = loop;
    if (loaded === null) return loop;
    try {
      await this.#restore(loop, loaded);
      return loop;
    } catch (error) {
      // The checkpoint is as it was written, so its writer was not this optimizer; or there is no memory to restore it.
      if (/allocat|memory/i.test(String(error))) throw error;
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      await saved.reject(`the optimizer cannot go on from its state (${reason})`, warn);
      this.#clock = RunClock.start();
      this.#loop = await TrainingLoop.start(context);
      return this.#loop;
    }
  }

  get #path(): string {
    const { resolved, options } = this.#parts;
    return runFilePath(options.outputDir, resolved.configuration, this.#clock.startedAt);
  }

  async #save({ training, record }: TrainingLoop, epoch: number): Promise<void> {
    const { saved } = this.#parts;
    const { arrays, values } = await training.save();
    const header = {
      provenance: this.#origin,
      epoch,
      started_at: this.#clock.startedAt.toISOString(),
      training: toJsonValue(values) as CheckpointHeader['training'],
      resumed: record.resumed,
    };
    await saved.save(header, arrays, record).catch((error: unknown) => {
      throw this.#withKept(error);
    });
    this.#emit({ type: 'checkpoint', path: saved.path, epoch });
  }

  /** Sets the loop to where the saved run was. */
  async #restore(loop: TrainingLoop, { checkpoint: { header, arrays }, record }: LoadedRun): Promise<void> {
    await loop.training.restore({ arrays, values: header.training });
    this.#clock = RunClock.resume(new Date(header.started_at));
    const before = otherEngine(header.provenance, this.#origin);
    if (before !== null) {
      const [then, now] = [before, this.#origin.engine].map(describeEngineVersion);
      this.#parts.warn(`epochs 1 to ${header.epoch} were computed by ${then}, the run goes on with ${now}`);
    }
    record.resumed.push(...header.resumed, {
      epoch: header.epoch,
      at: this.#clock.takenUpAt.toISOString(),
      ...(before === null ? {} : { engine_before: { version: before.version, details: before.details } }),
    });
    loop.record = record;
    loop.position = { epoch: header.epoch, step: null };
  }

  async #finish(status: RunStatus): Promise<RunOutcome> {
    const { resolved, options, dataset, split, engine, warn } = this.#parts;
    const { configuration, testProblem } = resolved;
    const record = this.#loop?.record ?? new RunRecord();
    const runFile = buildRunFile({
      configuration,
      status,
      stepsPerEpoch: split.trainingSteps(configuration.batchSize),
      losses: record.losses,
      accuracies: testProblem.hasAccuracy ? record.accuracies : null,
      minibatchTrainLosses: record.minibatchTrainLosses,
      dataset: dataset.record,
      datasetSizes: split.sizes,
      engine: engine.record,
      provenance: options.provenance,
      startedAt: this.#clock.startedAt,
      finishedAt: this.#clock.now(),
      timing: record.timing,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      optimizerLog: record.optimizerLog,
      evaluations: this.#loop?.training.evaluations,
      evaluatesElsewhere: this.#loop?.training.evaluationPoint !== undefined,
      resumed: record.resumed,
    });
    const path = await writeRunFile(this.#path, runFile);
    // The result is durable: what fails from here on is worth a word and nothing else.
    const stays = hasEnded(status.state) ? await removeProgress(options.outputDir, configuration) : [];
    for (const warning of stays) warn(warning);
    this.#emit({ type: 'end', status: status.state, path, reason: status.reason });
    return { path, runFile, alreadyComplete: false };
  }
}
