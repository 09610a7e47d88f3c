import { constants as fileConstants } from 'node:fs';
import { access, rm } from 'node:fs/promises';
import { type DataSplit, type Dataset, openDataset, type Phase } from '../dataset/index.js';
import { type Engine, openEngine, type Value } from '../engine/index.js';
import { ConfigurationError, FileError } from '../errors.js';
import type { Training } from '../optimizer/index.js';
import {
  buildRunFile,
  ensureWritable,
  findRunFiles,
  hashConfiguration,
  type RunFile,
  type RunStatus,
  runFilePath,
  settingPath,
  writeRunFile,
} from '../results/index.js';
import { inputNames } from '../testproblem/index.js';
import { type Checkpoint, checkpointPath, readCheckpoint, writeCheckpoint } from './checkpoint.js';
import type { ResolvedRun } from './configuration.js';
import { Evaluator, uploadBatch } from './evaluation.js';
import type { Measurement, RunEvent } from './events.js';
import { RunRecord } from './record.js';
import { Stopwatch } from './stopwatch.js';

/** Where a run finds its data and leaves its results, and who listens. */
export interface RunOptions {
  readonly dataDir: string;
  readonly outputDir: string;
  /** Whether to go on from a checkpoint of the same configuration; else it is ignored and replaced. */
  readonly resume: boolean;
  /** Whether to run again what is already complete. */
  readonly overwrite: boolean;
  /** Whether missing data files may be downloaded; default yes. */
  readonly fetch?: boolean;
  /** Ends the run after the current step, with status `interrupted`. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
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

/** One run by the protocol, from configuration to run file. Throws ProbprecError for what stops it before training. */
export async function executeRun(resolved: ResolvedRun, options: RunOptions): Promise<RunOutcome> {
  const { configuration, testProblem } = resolved;
  const earlier = await findRunFiles(options.outputDir, configuration);
  const ended = earlier.find(({ runFile: { status } }) => status.state === 'completed' || status.state === 'diverged');
  if (ended !== undefined && !options.overwrite) {
    return { ...ended, alreadyComplete: true };
  }
  const dataset = await openDataset(testProblem.dataset, {
    dataDir: options.dataDir,
    source: configuration.data.source,
    ...(configuration.data.syntheticSize === null ? {} : { syntheticSize: configuration.data.syntheticSize }),
    fetch: options.fetch ?? true,
    onProgress: (message) => options.onEvent?.({ type: 'dataset', message }),
  });
  const split = dataset.split(configuration.seed, configuration.protocol);
  checkSteps(resolved, split);
  await ensureWritable(options.outputDir, settingPath(options.outputDir, configuration));
  const engine = await openEngine({
    ...configuration.engine,
    engine: configuration.engine.name,
    threads: resolved.threads,
  });
  try {
    const run = new Run(resolved, options, dataset, split, engine);
    const outcome = await run.execute();
    for (const { path } of earlier) if (path !== outcome.path) await rm(path, { force: true });
    return outcome;
  } finally {
    await engine.dispose();
  }
}

/** A batch must fit the training split, and an epoch must be long enough for the optimizer. */
function checkSteps({ configuration, optimizer }: ResolvedRun, split: DataSplit): void {
  const { batchSize } = configuration;
  const steps = split.trainingSteps(batchSize);
  if (steps < 1) {
    throw new ConfigurationError(
      `--batch-size: found ${batchSize}, expected at most ${split.sizes.train}, the training examples after the split`,
    );
  }
  const needed = optimizer.minimumStepsPerEpoch?.(configuration.optimizer.hyperparameters);
  if (needed !== undefined && steps < needed.steps) {
    throw new ConfigurationError(
      `--optimizer ${optimizer.name}: an epoch has ${steps} minibatches, expected at least ${needed.steps} (${needed.why})`,
    );
  }
}

/** The loop of one run. */
class Run {
  readonly #resolved: ResolvedRun;
  readonly #options: RunOptions;
  readonly #dataset: Dataset;
  readonly #split: DataSplit;
  readonly #engine: Engine;
  readonly #stepsPerEpoch: number;
  readonly #checkpointPath: string;
  #record = new RunRecord();
  #startedAt = new Date();
  #position: { epoch: number; step: number | null } = { epoch: 0, step: null };

  constructor(resolved: ResolvedRun, options: RunOptions, dataset: Dataset, split: DataSplit, engine: Engine) {
    this.#resolved = resolved;
    this.#options = options;
    this.#dataset = dataset;
    this.#split = split;
    this.#engine = engine;
    this.#stepsPerEpoch = split.trainingSteps(resolved.configuration.batchSize);
    this.#checkpointPath = checkpointPath(options.outputDir, resolved.configuration);
  }

  #emit(event: RunEvent): void {
    this.#options.onEvent?.(event);
  }

  async execute(): Promise<RunOutcome> {
    try {
      return await this.#finish(await this.#train());
    } catch (error) {
      const { signal } = this.#options;
      const { epoch, step } = this.#position;
      if (signal?.aborted && error === signal.reason) {
        return this.#finish({ state: 'interrupted', epoch, step, reason: 'interrupted by the user' });
      }
      const reason = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
      return { ...(await this.#finish({ state: 'failed', epoch, step, reason })), error };
    }
  }

  async #train(): Promise<RunStatus> {
    const { configuration, testProblem, optimizer } = this.#resolved;
    const { numEpochs, batchSize, seed, protocol } = configuration;
    const l2Reg = configuration.l2Reg ?? 0;
    const { parameters } = testProblem;
    const constants = Object.fromEntries(
      Object.entries(testProblem.constants).map(([name, { shape, data }]) => [
        inputNames.constant(name),
        this.#engine.upload(data(), shape),
      ]),
    );
    const initial = testProblem.initialParameters(seed);
    const task = {
      engine: this.#engine,
      problem: testProblem.build(batchSize, { l2Reg }),
      parameterNames: parameters.map(({ name }) => name),
      groups: parameters.map(({ group }) => group),
      constants,
      initialParameters: parameters.map(({ shape }, index) =>
        this.#engine.upload(initial[index] ?? new Float32Array(), shape),
      ),
      stepsPerEpoch: this.#stepsPerEpoch,
    };
    const training = await optimizer.start(task, configuration.optimizer.hyperparameters);
    const evaluator = new Evaluator(this.#engine, testProblem, constants, { l2Reg, protocol, batchSize });
    const firstEpoch = await this.#restore(training);
    this.#emit({
      type: 'start',
      configuration,
      stepsPerEpoch: this.#stepsPerEpoch,
      threads: this.#engine.record.threads,
      resumedFromEpoch: firstEpoch > 0 ? firstEpoch : null,
      path: this.#path,
      verifiedData: this.#dataset.record.verified,
    });
    this.#emit({ type: 'compiled', seconds: training.compileSeconds });
    if (firstEpoch === 0) await this.#evaluate(evaluator, training, 0);
    for (let epoch = firstEpoch; epoch < numEpochs; epoch++) {
      this.#position = { epoch, step: 0 };
      const diverged = await this.#trainEpoch(training, epoch);
      if (diverged !== null) return diverged;
      await this.#evaluate(evaluator, training, epoch + 1);
      this.#position = { epoch: epoch + 1, step: null };
      if (epoch + 1 < numEpochs) await this.#save(training, epoch + 1);
    }
    return { state: 'completed', epoch: numEpochs, step: null, reason: null };
  }

  /** One pass over the training batches; a status when a minibatch loss is not finite. */
  async #trainEpoch(training: Training, epoch: number): Promise<RunStatus | null> {
    const { configuration, testProblem } = this.#resolved;
    const { batchSize, trainLogInterval, numEpochs } = configuration;
    const stopwatch = new Stopwatch();
    await training.beginEpoch(epoch, this.#learningRateFactor(epoch));
    let step = 0;
    for await (const batch of this.#split.trainingBatches(epoch, batchSize)) {
      this.#options.signal?.throwIfAborted();
      this.#position = { epoch, step };
      const loss = await training.step(uploadBatch(this.#engine, testProblem, batch));
      if (step % trainLogInterval === 0) this.#record.minibatchTrainLosses.push(loss);
      if (!Number.isFinite(loss)) {
        return {
          state: 'diverged',
          epoch,
          step,
          reason: `the loss of minibatch ${step} of epoch ${epoch + 1} is ${loss}`,
        };
      }
      step += 1;
      const stepsPerSecond = step / stopwatch.wallSeconds;
      this.#emit({
        type: 'step',
        epoch: epoch + 1,
        step,
        stepsPerEpoch: this.#stepsPerEpoch,
        numEpochs,
        loss,
        stepsPerSecond,
        secondsLeft: this.#secondsLeft(epoch, step, stepsPerSecond),
        note: training.note(),
      });
    }
    const log = await training.endEpoch();
    if (log !== null) this.#record.optimizerLog.push(log);
    const { wallSeconds, cpuSeconds } = stopwatch;
    this.#record.timing.trainingWallSeconds.push(wallSeconds);
    this.#record.timing.trainingCpuSeconds.push(cpuSeconds);
    this.#emit({ type: 'epoch', epoch: epoch + 1, wallSeconds, cpuSeconds });
    return null;
  }

  #secondsLeft(epoch: number, step: number, stepsPerSecond: number): number {
    const { numEpochs } = this.#resolved.configuration;
    const steps = (numEpochs - epoch) * this.#stepsPerEpoch - step;
    const evaluation = this.#record.timing.evaluationWallSeconds.at(-1) ?? 0;
    return steps / stepsPerSecond + (numEpochs - epoch) * evaluation;
  }

  /** 1 before the first scheduled epoch, then the factor of the last one that has come. */
  #learningRateFactor(epoch: number): number {
    const { lrSchedule } = this.#resolved.configuration;
    const index = lrSchedule?.epochs.findLastIndex((from) => from <= epoch) ?? -1;
    return index < 0 ? 1 : (lrSchedule?.factors[index] ?? 1);
  }

  async #evaluate(evaluator: Evaluator, training: Training, epoch: number): Promise<void> {
    const stopwatch = new Stopwatch();
    const { testProblem, configuration } = this.#resolved;
    const parameters: Record<string, Value> = {};
    for (const [index, { name }] of testProblem.parameters.entries()) {
      const value = training.parameters[index];
      if (value !== undefined) parameters[inputNames.parameter(name)] = value;
    }
    const measure = (phase: Phase): Promise<Measurement> =>
      evaluator.measure(this.#split, phase, epoch, parameters, this.#options.signal);
    const results = {
      train_eval: await measure('train_eval'),
      valid: await measure('valid'),
      test: await measure('test'),
    };
    const { wallSeconds, cpuSeconds } = stopwatch;
    this.#record.addEvaluation(results, wallSeconds, cpuSeconds);
    this.#emit({ type: 'evaluation', epoch, numEpochs: configuration.numEpochs, results, seconds: wallSeconds });
  }

  get #path(): string {
    return runFilePath(this.#options.outputDir, this.#resolved.configuration, this.#startedAt);
  }

  async #save(training: Training, epoch: number): Promise<void> {
    const { arrays, values } = await training.save();
    const { lists, header } = this.#record.toCheckpoint();
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

  /** Takes up the checkpoint of this configuration, if there is one; returns the first epoch to train. */
  async #restore(training: Training): Promise<number> {
    const checkpoint = this.#options.resume ? await this.#readCheckpoint() : null;
    if (checkpoint === null) return 0;
    const { header, arrays } = checkpoint;
    const own = Object.entries(arrays).filter(([name]) => name.startsWith('training/'));
    await training.restore({
      arrays: Object.fromEntries(own.map(([name, array]) => [name.slice('training/'.length), array])),
      values: header.training as Record<string, unknown>,
    });
    this.#record = RunRecord.fromCheckpoint(checkpoint);
    this.#record.resumed.push({ epoch: header.epoch, at: new Date().toISOString() });
    this.#startedAt = new Date(String(header.startedAt));
    this.#position = { epoch: header.epoch, step: null };
    return header.epoch;
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
    const runFile = buildRunFile({
      configuration,
      status,
      stepsPerEpoch: this.#stepsPerEpoch,
      losses: this.#record.losses,
      accuracies: testProblem.hasAccuracy ? this.#record.accuracies : null,
      minibatchTrainLosses: this.#record.minibatchTrainLosses,
      dataset: this.#dataset.record,
      datasetSizes: this.#split.sizes,
      engine: this.#engine.record,
      startedAt: this.#startedAt,
      finishedAt: new Date(),
      timing: this.#record.timing,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      optimizerLog: this.#record.optimizerLog,
      resumed: this.#record.resumed,
    });
    const path = await writeRunFile(this.#path, runFile);
    if (status.state === 'completed' || status.state === 'diverged') await rm(this.#checkpointPath, { force: true });
    this.#emit({ type: 'end', status: status.state, path, reason: status.reason });
    return { path, runFile, alreadyComplete: false };
  }
}
