import { availableParallelism } from 'node:os';
import type { DataSplit, Phase } from '../dataset/index.js';
import type { Engine, Value } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { type Training, trainingTask } from '../optimizer/index.js';
import { TrainingStreams } from '../optimizer/training-random.js';
import { toJsonValue } from '../results/canonical-json.js';
import type { RunStatus } from '../results/index.js';
import { scheduleFactor } from '../schedule/index.js';
import { epochNoise, inputNames, type SymbolicProblem, type TestProblem, uploadNoise } from '../testproblem/index.js';
import { option, say } from '../words.js';
import type { ResolvedRun } from './configuration.js';
import { Evaluator, uploadBatch } from './evaluation.js';
import type { Measurement, RunEvent } from './events.js';
import { RunRecord } from './record.js';
import { type RunningStatistics, runningStatistics } from './running-statistics.js';
import { stoppable } from './stoppable-engine.js';
import { Stopwatch, type Times } from './stopwatch.js';

/** What a training loop works with. */
export interface LoopContext {
  readonly resolved: ResolvedRun;
  readonly split: DataSplit;
  readonly engine: Engine;
  /** Ends the loop after the current step by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
  /** Called where the loop begins or goes on, and after each step; it must leave the training as it is. */
  readonly afterStep?: ((loop: TrainingLoop) => Promise<void>) | undefined;
  /** Whether the three sets are evaluated before the first epoch and after each; default yes. */
  readonly evaluates?: boolean;
}

/**
 * Where a loop is: finished epochs, and of the one under way the steps that are done. Null between two epochs; as many as an
 * epoch has where the epoch is trained and not evaluated yet.
 */
export interface Position {
  readonly epoch: number;
  readonly step: number | null;
}

/** The epoch under way in a run that was interrupted: its steps, and what they took. */
export interface PartOfEpoch extends Times {
  readonly step: number;
}

/** Training and evaluation by the protocol. Keeps everything in memory: reads and writes no file. */
export class TrainingLoop {
  readonly training: Training;
  readonly stepsPerEpoch: number;
  /** Seconds spent on compiling the programs of training and evaluation. */
  readonly compileSeconds: number;
  record = new RunRecord();
  position: Position = { epoch: 0, step: null };
  readonly #context: LoopContext;
  readonly #evaluator: Evaluator;
  /** The test problem on training batches. */
  readonly #symbolic: SymbolicProblem;
  /** Null where no statistics have to be recomputed. */
  readonly #statistics: RunningStatistics | null;
  readonly #streams: TrainingStreams;
  #stopwatch = new Stopwatch();

  private constructor(
    context: LoopContext,
    training: Training,
    symbolic: SymbolicProblem,
    evaluator: Evaluator,
    streams: TrainingStreams,
    statistics: RunningStatistics | null,
    compileSeconds: number,
  ) {
    this.#context = context;
    this.#streams = streams;
    this.training = training;
    this.#symbolic = symbolic;
    this.#evaluator = evaluator;
    this.#statistics = statistics;
    this.compileSeconds = compileSeconds;
    this.stepsPerEpoch = context.split.trainingSteps(context.resolved.configuration.batchSize);
  }

  /**
   * Puts the test problem on the engine with its initial parameters and starts the optimizer on it. An abort ends it before the
   * next program is compiled.
   */
  static async start(context: LoopContext): Promise<TrainingLoop> {
    const { split } = context;
    const compiling = stoppable(context.engine, context.signal);
    const { engine } = compiling;
    const { configuration, testProblem, optimizer } = context.resolved;
    const { batchSize, seed, protocol } = configuration;
    const l2Reg = configuration.l2Reg ?? 0;
    const streams = new TrainingStreams(seed);
    const task = trainingTask(engine, testProblem, {
      batchSize,
      l2Reg,
      seed,
      stepsPerEpoch: split.trainingSteps(batchSize),
      random: (name) => streams.stream(name),
    });
    const training = await optimizer.start(task, configuration.optimizer.hyperparameters);
    const bySteps = configuration.schedule !== undefined || optimizer.schedule !== undefined;
    if (bySteps && training.scaleLearningRate === undefined) {
      throw new ConfigurationError({
        subject: option('schedule'),
        what: `${optimizer.name} takes its learning rate by the epoch`,
        expected: say`${option('lr_schedule_epochs')}, or scaleLearningRate(factor) in its training`,
      });
    }
    const evaluator = new Evaluator(engine, testProblem, task.constants, { l2Reg, protocol, batchSize, seed });
    const elsewhere = training.evaluationPoint !== undefined;
    const statistics = elsewhere ? await runningStatistics(engine, task.problem, task.constants) : null;
    const compileSeconds =
      training.compileSeconds +
      (context.evaluates === false ? 0 : await evaluator.compile(split.sizes)) +
      (statistics?.compileSeconds ?? 0);
    compiling.done();
    return new TrainingLoop(context, training, task.problem, evaluator, streams, statistics, compileSeconds);
  }

  /** Whether {@link Training.save} can be called here: some optimizers of users are saved between epochs only. */
  get savable(): boolean {
    const { step } = this.position;
    return step === null || this.#isTrained || this.training.continueEpoch !== undefined;
  }

  /** Whether the epoch under way has all its steps and is logged, so that only its evaluation is left. */
  get #isTrained(): boolean {
    const { epoch, step } = this.position;
    return step !== null && this.record.timing.trainingWallSeconds.length > epoch;
  }

  /** The epoch under way; null between two epochs. */
  get partOfEpoch(): PartOfEpoch | null {
    const { step } = this.position;
    if (step === null) return null;
    const { wallSeconds, cpuSeconds, otherCores } = this.#stopwatch;
    return { step, wallSeconds, cpuSeconds, otherCores };
  }

  /** Goes on from where another loop was; the training is restored apart from this. */
  goOn(record: RunRecord, epoch: number, part: PartOfEpoch | null): void {
    this.record = record;
    this.position = { epoch, step: part?.step ?? null };
    this.#stopwatch = new Stopwatch(part ?? undefined);
  }

  /**
   * Trains from the loop's position to the last epoch, evaluating before the first epoch and after each; then
   * `afterEpoch` is called. Returns how it ended: completed, diverged at the first loss that is not finite, or interrupted
   * after `stopAfter` epochs.
   */
  async run(
    afterEpoch: (epoch: number) => Promise<void> = async () => undefined,
    stopAfter = Number.POSITIVE_INFINITY,
  ): Promise<RunStatus> {
    const { numEpochs } = this.#context.resolved.configuration;
    const first = this.position;
    const diverges = first.epoch === 0 && first.step === null ? await this.#evaluate(0) : null;
    if (diverges !== null) return diverges;
    await this.#context.afterStep?.(this);
    for (let { epoch } = first; epoch < numEpochs; epoch++) {
      if (epoch >= stopAfter && this.position.step === null) {
        const reason = `stopped after epoch ${epoch} of ${numEpochs}, as asked for`;
        return { state: 'interrupted', epoch, step: null, reason };
      }
      this.#context.signal?.throwIfAborted();
      const diverged = (await this.#trainEpoch(epoch)) ?? (await this.#evaluate(epoch + 1));
      if (diverged !== null) return diverged;
      this.position = { epoch: epoch + 1, step: null };
      await afterEpoch(epoch + 1);
    }
    return { state: 'completed', epoch: numEpochs, step: null, reason: null };
  }

  get #problem(): TestProblem {
    return this.#context.resolved.testProblem;
  }

  /**
   * The minibatches of an epoch on the engine, each with its noise, which is the same for all that is computed on it; the
   * first one is `from`.
   */
  async *#minibatches(epoch: number, from = 0): AsyncGenerator<Record<string, Value>> {
    const { engine, split, resolved } = this.#context;
    const { batchSize, seed } = resolved.configuration;
    const ahead = hasProcessorToSpare(engine.record.threads);
    const noise = epochNoise(this.#symbolic, { seed, epoch, step: from }, { ahead });
    try {
      for await (const batch of split.trainingBatches(epoch, batchSize, { ahead, reuse: true, from })) {
        const feeds = uploadNoise(engine, this.#symbolic, await noise.next());
        yield { ...uploadBatch(engine, this.#problem, batch), ...feeds };
      }
    } finally {
      await noise.close();
    }
  }

  /** Begins an epoch, or goes on with the one that was interrupted. Returns the steps that it has already. */
  async #beginEpoch(epoch: number): Promise<number> {
    const { step } = this.position;
    const factor = this.learningRateFactor(epoch, step ?? 0);
    this.#streams.moveTo(epoch, step ?? 0);
    if (step === null) {
      this.#stopwatch = new Stopwatch();
      await this.training.beginEpoch(epoch, factor);
    } else {
      this.#stopwatch = new Stopwatch(this.partOfEpoch ?? undefined);
      await this.training.continueEpoch?.(epoch, factor);
    }
    this.position = { epoch, step: step ?? 0 };
    return step ?? 0;
  }

  /** One pass over the training batches; a status when a minibatch loss is not finite. */
  async #trainEpoch(epoch: number): Promise<RunStatus | null> {
    const { signal, onEvent, resolved } = this.#context;
    const { trainLogInterval, numEpochs } = resolved.configuration;
    if (this.#isTrained) return null;
    const { training } = this;
    let step = await this.#beginEpoch(epoch);
    for await (const minibatch of this.#minibatches(epoch, step)) {
      signal?.throwIfAborted();
      this.#streams.moveTo(epoch, step);
      if (step > 0 && this.#changesBySteps) training.scaleLearningRate?.(this.learningRateFactor(epoch, step));
      const loss = await training.step(minibatch);
      if (step % trainLogInterval === 0) this.record.minibatchTrainLosses.push(loss);
      if (!Number.isFinite(loss)) {
        await this.#logEpoch();
        return {
          state: 'diverged',
          epoch,
          step,
          reason: `the loss of minibatch ${step} of epoch ${epoch + 1} is ${loss}`,
        };
      }
      step += 1;
      this.position = { epoch, step };
      const stepsPerSecond = step / this.#stopwatch.wallSeconds;
      onEvent?.({
        type: 'step',
        epoch: epoch + 1,
        step,
        stepsPerEpoch: this.stepsPerEpoch,
        numEpochs,
        loss,
        stepsPerSecond,
        secondsLeft: this.#secondsLeft(epoch, step, stepsPerSecond),
        note: training.note(),
      });
      const { afterStep } = this.#context;
      if (afterStep !== undefined) await this.#stopwatch.without(() => afterStep(this));
    }
    await this.#logEpoch();
    const { wallSeconds, cpuSeconds, otherCores } = this.#stopwatch;
    this.record.timing.trainingWallSeconds.push(wallSeconds);
    this.record.timing.trainingCpuSeconds.push(cpuSeconds);
    this.record.timing.trainingOtherCores.push(otherCores);
    onEvent?.({ type: 'epoch', epoch: epoch + 1, wallSeconds, cpuSeconds });
    return null;
  }

  /** Keeps what the optimizer has to say of an epoch, also of one that did not come to its end. */
  async #logEpoch(): Promise<void> {
    const log = await this.training.endEpoch();
    if (log === null) return;
    this.record.optimizerLog.push(log);
    const entry = toJsonValue(log) as Readonly<Record<string, unknown>>;
    this.#context.onEvent?.({ type: 'log', epoch: this.position.epoch, entry });
  }

  #secondsLeft(epoch: number, step: number, stepsPerSecond: number): number {
    const { numEpochs } = this.#context.resolved.configuration;
    const steps = (numEpochs - epoch) * this.stepsPerEpoch - step;
    const evaluation = this.record.timing.evaluationWallSeconds.at(-1) ?? 0;
    return steps / stepsPerSecond + (numEpochs - epoch) * evaluation;
  }

  /** Seconds to the end of the run while the evaluation after an epoch goes on; NaN before there was an epoch. */
  #secondsAfter(epoch: number, evaluating: number): number {
    const { trainingWallSeconds, evaluationWallSeconds } = this.record.timing;
    const training = trainingWallSeconds.at(-1) ?? Number.NaN;
    const evaluation = evaluationWallSeconds.at(-1) ?? Number.NaN;
    const { numEpochs } = this.#context.resolved.configuration;
    return (numEpochs - epoch) * (training + evaluation) + Math.max(0, evaluation - evaluating);
  }

  /** Whether the learning rate follows a schedule by steps. */
  get #changesBySteps(): boolean {
    const { configuration, optimizer } = this.#context.resolved;
    return configuration.schedule !== undefined || optimizer.schedule !== undefined;
  }

  /** In a step of an epoch, both from 0. By epochs: 1 before the first scheduled one, then the factor of the last one that has come. */
  learningRateFactor(epoch: number, stepOfEpoch = 0): number {
    const { configuration, optimizer } = this.#context.resolved;
    const { lrSchedule, schedule, numEpochs } = configuration;
    const { stepsPerEpoch } = this;
    const progress = { step: epoch * stepsPerEpoch + stepOfEpoch, steps: numEpochs * stepsPerEpoch };
    if (schedule !== undefined) return scheduleFactor(schedule, progress);
    if (optimizer.schedule !== undefined) {
      return optimizer.schedule({ ...progress, epoch, stepsPerEpoch }, configuration.optimizer.hyperparameters);
    }
    const index = lrSchedule?.epochs.findLastIndex((from) => from <= epoch) ?? -1;
    return index < 0 ? 1 : (lrSchedule?.factors[index] ?? 1);
  }

  /**
   * Parameters and states as the evaluation is fed with them. An optimizer that is evaluated at a point of its own gets
   * running statistics of that point, from minibatches of the epoch before.
   */
  async #evaluatedValues(epoch: number): Promise<Record<string, Value>> {
    const { training } = this;
    const point = await training.evaluationPoint?.();
    const feeds: Record<string, Value> = { ...training.modelStates };
    for (const [index, { name }] of this.#problem.parameters.entries()) {
      const value = (point ?? training.parameters)[index];
      if (value !== undefined) feeds[inputNames.parameter(name)] = value;
    }
    if (point === undefined || this.#statistics === null || epoch === 0) return feeds;
    return {
      ...feeds,
      ...(await this.#statistics.recompute(feeds, this.#unlessAborted(this.#minibatches(epoch - 1)))),
    };
  }

  async *#unlessAborted<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const item of items) {
      this.#context.signal?.throwIfAborted();
      yield item;
    }
  }

  /** Measures the three sets; a status when one of their losses is not finite. */
  async #evaluate(epoch: number): Promise<RunStatus | null> {
    const { split, signal, onEvent, resolved, evaluates = true } = this.#context;
    if (!evaluates) return null;
    const stopwatch = new Stopwatch();
    const feeds = await this.#evaluatedValues(epoch);
    const { numEpochs } = resolved.configuration;
    const measure = (phase: Phase): Promise<Measurement> => {
      onEvent?.({
        type: 'evaluating',
        epoch,
        numEpochs,
        phase,
        secondsLeft: this.#secondsAfter(epoch, stopwatch.wallSeconds),
      });
      return this.#evaluator.measure(split, phase, epoch, feeds, signal);
    };
    const results = {
      train_eval: await measure('train_eval'),
      valid: await measure('valid'),
      test: await measure('test'),
    };
    const { wallSeconds, cpuSeconds } = stopwatch;
    this.record.addEvaluation(results, wallSeconds, cpuSeconds);
    onEvent?.({ type: 'evaluation', epoch, numEpochs, results, seconds: wallSeconds });
    const lost = Object.entries(results).find(([, { loss }]) => !Number.isFinite(loss));
    if (lost === undefined) return null;
    return {
      state: 'diverged',
      epoch,
      step: null,
      reason: `the ${lost[0]} loss after epoch ${epoch} is ${lost[1].loss}`,
    };
  }
}

/**
 * Whether assembling batches in another thread pays. Where the engine's two threads fill a machine with two processors it
 * gains nothing (docs/performance.md): the engine waits for what the other thread takes from it.
 */
function hasProcessorToSpare(engineThreads: number): boolean {
  return availableParallelism() > Math.min(engineThreads, 2);
}
