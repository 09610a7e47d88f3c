import type { DataSplit, Dataset } from '../dataset/index.js';
import type { Engine } from '../engine/index.js';
import { errorText, InterruptedError, OutputError } from '../errors.js';
import { toJsonValue } from '../results/canonical-json.js';
import {
  buildRunFile,
  hasEnded,
  type Provenance,
  type RunFile,
  type RunStatus,
  runFilePath,
  writeRunFile,
} from '../results/index.js';
import type { RunLabel } from '../results/run-label.js';
import { asKey, say } from '../words.js';
import type { CheckpointHeader } from './checkpoint-header.js';
import {
  type CheckpointOrigin,
  checkpointOriginOf,
  describeEngineVersion,
  otherEngine,
  type sourcesOf,
} from './checkpoint-origin.js';
import type { ResolvedRun } from './configuration.js';
import type { RunEvent } from './events.js';
import { keepEnd } from './kept-end.js';
import type { KeepParameters } from './kept-parameters.js';
import { removeProgress } from './leftovers.js';
import { type Position, TrainingLoop } from './loop.js';
import { Observers } from './observers/observers.js';
import type { ObservationRequest } from './observers/schedule.js';
import type { DataOptions } from './open.js';
import { ParameterKeeper } from './parameter-keeper.js';
import { RunRecord } from './record.js';
import { resumeClock, startClock } from './run-clock.js';
import type { LoadedRun, SavedRun } from './saved-run.js';

/** Where a run finds its data and leaves its results, and who listens. An abort ends it with status `interrupted`. */
export interface RunOptions extends DataOptions {
  readonly outputDir: string;
  /** Whether to go on from a checkpoint of the same configuration; else the run starts from the beginning. */
  readonly resume: boolean;
  /** Whether to run again, from the beginning, what is already complete. */
  readonly overwrite: boolean;
  /** Whether a run is refused for which memory or disk space cannot be enough; default yes. */
  readonly checkResources?: boolean;
  /** The part of the time that checkpoints may take, between 0 and 1; 1 saves after every epoch, by default 0.05. */
  readonly checkpointShare?: number;
  /** Whether parameters are kept beside the run file, after each epoch or at the end; by default they are not. */
  readonly keepParameters?: KeepParameters | undefined;
  /** Whether the checkpoint of the last epoch is kept, so that a run of more epochs can go on from it; default no. */
  readonly keepCheckpoint?: boolean | undefined;
  /** After so many epochs the run is interrupted, with its checkpoint, to go on another time; default: never. */
  readonly stopAfterEpoch?: number | undefined;
  /** What is measured along the training; it changes nothing in the run and is no part of its identity. */
  readonly observe?: readonly ObservationRequest[] | undefined;
  /** What the user calls the run; the run file has it. */
  readonly label?: RunLabel | undefined;
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

/** Options of a run that holds its lock; `lost` aborts when it holds it no longer. */
export interface LockedOptions extends RunOptions {
  readonly lost: AbortSignal;
  readonly provenance: Provenance;
}

/** What a run is made of. */
export interface RunParts {
  readonly resolved: ResolvedRun;
  readonly options: LockedOptions;
  readonly dataset: Dataset;
  readonly split: DataSplit;
  readonly engine: Engine;
  /** The users' files. */
  readonly sources: ReturnType<typeof sourcesOf>;
  readonly saved: SavedRun;
  readonly warn: (message: string) => void;
}

/** An attempt at a run by who holds its lock: its loop together with what is saved of it and its run file. */
export class RunAttempt {
  readonly #parts: RunParts;
  readonly #origin: CheckpointOrigin;
  #clock = startClock();
  /** Null until the programs are compiled. */
  #loop: TrainingLoop | null = null;
  /** What the run goes on from. */
  #loaded: LoadedRun | null = null;

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
      const { epoch, step } = this.#position;
      if (signal?.aborted && isOrCause(error, signal.reason)) {
        await this.#keep();
        const by = signal.reason instanceof InterruptedError ? signal.reason.message : 'interrupted by the user';
        return await this.#finish({ state: 'interrupted', epoch, step, reason: by });
      }
      const reason = errorText(error, asKey).split('\n')[0] ?? '';
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
    const what = this.#parts.saved.kept;
    const kept =
      what === null
        ? 'no epoch is kept; repeat the command to start again'
        : `${what} is kept; repeat the command to resume`;
    const fault = error.fault ?? { what: error.message };
    const remedy = fault.remedy === undefined ? kept : say`${fault.remedy}; ${kept}`;
    return new OutputError({ ...fault, remedy }, { exitCode: error.exitCode, cause: error.cause });
  }

  /** How far the run has come, or where it goes on as soon as its programs are compiled. */
  get #position(): Position {
    if (this.#loop !== null) return this.#loop.position;
    const header = this.#loaded?.checkpoint.header;
    return { epoch: header?.epoch ?? 0, step: header?.part_of_epoch?.step ?? null };
  }

  /** Saves an interrupted run where it is; what cannot be written is worth a word, for an earlier checkpoint is still there. */
  async #keep(): Promise<void> {
    const { saved, warn } = this.#parts;
    const loop = this.#loop;
    if (loop === null || !loop.savable) return;
    const { epoch, step } = loop.position;
    if ((epoch === 0 && step === null) || saved.isAt(epoch, step)) return;
    await this.#save(loop).catch((error: unknown) => warn(error instanceof Error ? error.message : String(error)));
  }

  async #train(loaded: LoadedRun | null): Promise<RunStatus> {
    const { resolved, dataset, engine, saved } = this.#parts;
    const { configuration } = resolved;
    const { keepCheckpoint, stopAfterEpoch } = this.#parts.options;
    const loop = await this.#start(loaded);
    const { epoch: first, step } = loop.position;
    this.#emit({
      type: 'start',
      configuration,
      stepsPerEpoch: loop.stepsPerEpoch,
      threads: engine.record.threads,
      resumedFromEpoch: first > 0 || step !== null ? first : null,
      resumedFromStep: step,
      extendsRun: this.#loaded?.extended?.path ?? null,
      path: this.#path,
      // Nobody has published what a user's own data should be.
      verifiedData: dataset.record.verified || resolved.dataset.kind === 'own',
    });
    this.#emit({ type: 'compiled', seconds: loop.compileSeconds });
    const keeper = new ParameterKeeper(this.#parts, (event) => this.#emit(event));
    keeper.announce(first);
    return loop.run(async (epoch) => {
      await keeper.keep(loop.training, epoch);
      const isLast = epoch === configuration.numEpochs;
      const kept = isLast ? keepCheckpoint === true : saved.due || epoch === stopAfterEpoch;
      if (kept) await this.#save(loop);
    }, stopAfterEpoch);
  }

  /** The loop at its beginning, or where the saved run was. */
  async #start(loaded: LoadedRun | null): Promise<TrainingLoop> {
    const { resolved, options, split, engine, saved, warn } = this.#parts;
    const { signal, onEvent, observe = [] } = options;
    const observers = observe.length === 0 ? null : new Observers(observe, { engine, resolved, split }, signal);
    const afterStep = observers === null ? undefined : (loop: TrainingLoop) => observers.afterStep(loop);
    const context = { resolved, split, engine, signal, onEvent, afterStep };
    if (loaded !== null) this.#takeUp(loaded);
    const loop = await TrainingLoop.start(context);
    if (loaded === null) {
      this.#loop = loop;
      return loop;
    }
    try {
      await this.#restore(loop, loaded);
      this.#loop = loop;
      return loop;
    } catch (error) {
      // The checkpoint is as it was written, so its writer was not this optimizer; or there is no memory to restore it.
      if (/allocat|memory/i.test(String(error))) throw error;
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      const fault = `the optimizer cannot resume from its state (${reason})`;
      if (loaded.extended === undefined) await saved.reject(fault, warn);
      else warn(`${loaded.extended.path}: ${fault}; the run starts from the beginning`);
      this.#clock = startClock();
      this.#loaded = null;
      this.#loop = await TrainingLoop.start(context);
      return this.#loop;
    }
  }

  get #path(): string {
    const { resolved, options } = this.#parts;
    return runFilePath(options.outputDir, resolved.configuration, this.#clock.startedAt);
  }

  async #save({ training, record, position: { epoch }, partOfEpoch: part }: TrainingLoop): Promise<void> {
    const { saved } = this.#parts;
    const { arrays, values } = await training.save();
    const header = {
      provenance: this.#origin,
      epoch,
      part_of_epoch: part && {
        step: part.step,
        wall_seconds: part.wallSeconds,
        cpu_seconds: part.cpuSeconds,
        other_cores: part.otherCores,
      },
      started_at: this.#clock.startedAt.toISOString(),
      training: toJsonValue(values) as CheckpointHeader['training'],
      resumed: record.resumed,
    };
    await saved.save(header, arrays, record).catch((error: unknown) => {
      throw this.#withKept(error);
    });
    this.#emit({ type: 'checkpoint', path: saved.path, epoch, step: part?.step ?? null });
  }

  /** The run's beginning and what it has measured so far are those of the saved run. */
  #takeUp(loaded: LoadedRun): void {
    const { header } = loaded.checkpoint;
    this.#loaded = loaded;
    this.#clock = resumeClock(new Date(header.started_at));
    loaded.record.resumed.push(...header.resumed);
  }

  /** Sets the loop to where the saved run was. */
  async #restore(loop: TrainingLoop, { checkpoint: { header, arrays }, record }: LoadedRun): Promise<void> {
    const { epoch, part_of_epoch: part } = header;
    await loop.training.restore({ arrays, values: header.training });
    const before = otherEngine(header.provenance, this.#origin);
    if (before !== null) {
      const [then, now] = [before, this.#origin.engine].map(describeEngineVersion);
      const what = part === null ? `epochs 1 to ${epoch} were` : `what is trained of epochs 1 to ${epoch + 1} was`;
      this.#parts.warn(`${what} computed by ${then}, the run continues with ${now}`);
    }
    record.resumed.push({
      epoch,
      ...(part === null ? {} : { step: part.step }),
      at: this.#clock.takenUpAt.toISOString(),
      ...(before === null ? {} : { engine_before: { version: before.version, details: before.details } }),
    });
    loop.goOn(
      record,
      epoch,
      part && {
        step: part.step,
        wallSeconds: part.wall_seconds,
        cpuSeconds: part.cpu_seconds,
        otherCores: part.other_cores,
      },
    );
  }

  async #finish(status: RunStatus): Promise<RunOutcome> {
    const { resolved, options, dataset, split, engine, warn } = this.#parts;
    const { configuration, testProblem } = resolved;
    const record = this.#loop?.record ?? this.#loaded?.record ?? new RunRecord();
    const runFile = buildRunFile({
      configuration,
      status,
      stepsPerEpoch: split.trainingSteps(configuration.batchSize),
      losses: record.losses,
      accuracies: testProblem.hasAccuracy ? record.accuracies : null,
      metrics: record.metrics,
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
      observations: record.observations,
      evaluations: this.#loop?.training.evaluations,
      evaluatesElsewhere: this.#loop?.training.evaluationPoint !== undefined,
      resumed: record.resumed,
      label: options.label,
    });
    const path = await writeRunFile(this.#path, runFile);
    // The result is durable: what fails from here on is worth a word and nothing else.
    if (status.state === 'completed' && options.keepCheckpoint === true) {
      const lost = await keepEnd(options.outputDir, configuration);
      if (lost !== null) warn(lost);
    }
    const stays = hasEnded(status.state) ? await removeProgress(options.outputDir, configuration) : [];
    for (const warning of stays) warn(warning);
    this.#emit({ type: 'end', status: status.state, path, reason: status.reason });
    return { path, runFile, alreadyComplete: false };
  }
}

/** Whether an error is the one that a signal aborted with, or comes of it. */
function isOrCause(error: unknown, reason: unknown): boolean {
  for (let current = error; current !== undefined; current = current instanceof Error ? current.cause : undefined) {
    if (current === reason) return true;
  }
  return false;
}
