import {
  LossCurvature,
  type Minibatches,
  type MinibatchFeeds,
  type ParameterBlock,
  parameterBlocks,
} from '../curvature/index.js';
import type { DataSplit, Dataset } from '../dataset/index.js';
import type { Engine } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { constantValues } from '../optimizer/training-task.js';
import { randomStream } from '../random/index.js';
import { suiteVersion } from '../results/index.js';
import type { ResolvedRun } from '../run/index.js';
import { TrainingLoop } from '../run/loop.js';
import { type DataOptions, openData, openRunEngine } from '../run/open.js';
import {
  type MinibatchPosition,
  type MinibatchSource,
  take,
  trainingMinibatches,
  validationMinibatches,
} from '../run/training-minibatches.js';
import { initialStates } from '../testproblem/index.js';
import { measurePoint } from './measure-point.js';
import { CURVATURE_VERSION, type CurvatureReport, type PointReport } from './report.js';
import { type MeasurementSettings, TOLERANCE } from './settings.js';

/** Where to look, and what to measure there. */
export interface MeasurementRequest {
  /** The training; its optimizer matters only where a step after the first is asked for. */
  readonly resolved: ResolvedRun;
  /** Steps of the training at which to measure, ascending; 0 is before the first. */
  readonly at: readonly number[];
  readonly settings: MeasurementSettings;
}

/** What a measurement tells while it goes on. */
export type MeasurementEvent =
  | { readonly type: 'message'; readonly message: string }
  | { readonly type: 'training'; readonly step: number; readonly until: number }
  | { readonly type: 'memory'; readonly bytes: number }
  | {
      readonly type: 'product';
      readonly step: number;
      readonly part: string;
      readonly done: number;
      readonly expected: number;
    }
  | { readonly type: 'point'; readonly point: PointReport };

/** Where data lie, and who listens. An abort ends the measurement with the points so far. */
export interface MeasurementOptions extends Omit<DataOptions, 'onEvent'> {
  readonly onEvent?: (event: MeasurementEvent) => void;
}

/**
 * Measures the curvature of a test problem's loss at points along a training, which starts at the seed's initial parameters
 * and writes nothing. At each point the matrix is that of the minibatches that training would take next. Throws
 * ProbprecError for what cannot be measured.
 */
export async function measureCurvature(
  request: MeasurementRequest,
  options: MeasurementOptions,
): Promise<CurvatureReport> {
  const { resolved } = request;
  const { signal } = options;
  const { dataset, split } = await openData(resolved, {
    dataDir: options.dataDir,
    fetch: options.fetch ?? true,
    signal,
    onEvent: (event) => {
      if (event.type === 'dataset') options.onEvent?.({ type: 'message', message: event.message });
    },
  });
  const engine = await openRunEngine(resolved);
  try {
    return await new Measurement(request, options, { dataset, split, engine }).run();
  } finally {
    await engine.dispose();
  }
}

/** One measurement on opened data and engine. */
class Measurement {
  readonly #request: MeasurementRequest;
  readonly #options: MeasurementOptions;
  readonly #dataset: Dataset;
  readonly #split: DataSplit;
  readonly #engine: Engine;
  readonly #loss: LossCurvature;
  readonly #source: MinibatchSource;
  readonly #blocks: readonly ParameterBlock[];
  readonly #top = new Map<string, readonly Float32Array[]>();
  readonly #points: PointReport[] = [];

  constructor(
    request: MeasurementRequest,
    options: MeasurementOptions,
    { dataset, split, engine }: { readonly dataset: Dataset; readonly split: DataSplit; readonly engine: Engine },
  ) {
    this.#request = request;
    this.#options = options;
    this.#dataset = dataset;
    this.#split = split;
    this.#engine = engine;
    const { configuration, testProblem: problem } = request.resolved;
    this.#loss = new LossCurvature(engine, problem, {
      batchSize: configuration.batchSize,
      l2Reg: configuration.l2Reg ?? 0,
      mode: request.settings.mode,
      constants: constantValues(engine, problem),
    });
    this.#source = { engine, problem, symbolic: this.#loss.symbolic, split, seed: configuration.seed };
    this.#blocks = parameterBlocks(problem, request.settings.by);
    this.#checkBatches();
  }

  async run(): Promise<CurvatureReport> {
    this.#tell({ type: 'memory', bytes: this.#memory });
    const { signal } = this.#options;
    try {
      await this.#alongTraining();
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) throw error;
      return this.#report(false);
    }
    return this.#report(true);
  }

  /** Trains as far as the last point and measures on the way; nothing is evaluated or written. */
  async #alongTraining(): Promise<void> {
    const { resolved, at } = this.#request;
    const stepsPerEpoch = this.#split.trainingSteps(resolved.configuration.batchSize);
    const last = at.at(-1) ?? 0;
    const ended = new AbortController();
    const { signal } = this.#options;
    const loop = await TrainingLoop.start({
      resolved: {
        ...resolved,
        configuration: { ...resolved.configuration, numEpochs: Math.ceil(last / stepsPerEpoch) },
      },
      split: this.#split,
      engine: this.#engine,
      signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]),
      evaluates: false,
      afterStep: async (current) => {
        const { epoch, step } = current.position;
        const total = epoch * stepsPerEpoch + (step ?? 0);
        this.#tell({ type: 'training', step: total, until: last });
        if (!at.includes(total)) return;
        await this.#measureAt(total, { epoch, step: step ?? 0 }, current);
        if (total === last) ended.abort();
      },
    });
    try {
      const status = await loop.run();
      if (status.state === 'diverged') this.#tell({ type: 'message', message: `training diverged: ${status.reason}` });
    } catch (error) {
      if (!ended.signal.aborted || error !== ended.signal.reason) throw error;
    }
  }

  async #measureAt(step: number, position: MinibatchPosition, loop: TrainingLoop): Promise<void> {
    const { training } = loop;
    const { settings, resolved } = this.#request;
    const feeds = await this.#minibatches(position);
    const expected = this.#expectedProducts;
    let done = 0;
    const measured = await measurePoint({
      loss: this.#loss,
      point: {
        parameters: training.parameters,
        states: { ...initialStates(this.#engine, this.#loss.symbolic), ...training.modelStates },
      },
      minibatches: feeds,
      stepSizeMinibatches: this.#stepSizeMinibatches(position),
      blocks: this.#blocks,
      settings,
      learningRate: this.#learningRate(loop),
      stream: randomStream(resolved.configuration.seed, 'curvature', step),
      top: this.#top,
      onProduct: (part) => {
        this.#options.signal?.throwIfAborted();
        this.#tell({ type: 'product', step, part, done: done++, expected });
      },
    });
    const point = { step, epoch: position.epoch, ...measured };
    this.#points.push(point);
    this.#tell({ type: 'point', point });
  }

  /** The minibatches of the matrix: held where they are few, else made anew for each product. */
  async #minibatches(position: MinibatchPosition): Promise<Minibatches> {
    const { batches, split } = this.#request.settings;
    const count = this.#batches;
    const sequence = (): AsyncIterable<MinibatchFeeds> =>
      split === 'valid'
        ? take(validationMinibatches(this.#source), count)
        : take(trainingMinibatches(this.#source, batches === null ? { ...position, step: 0 } : position), count);
    if (count > MOST_HELD) return sequence;
    const held: MinibatchFeeds[] = [];
    for await (const minibatch of sequence()) held.push(minibatch);
    return () => held;
  }

  #stepSizeMinibatches(position: MinibatchPosition): Minibatches {
    const { stepSizeBatches } = this.#request.settings;
    return () => take(trainingMinibatches(this.#source, position), stepSizeBatches);
  }

  /** How many minibatches the matrix has. */
  get #batches(): number {
    const { batches } = this.#request.settings;
    return batches ?? this.#completeBatches;
  }

  get #completeBatches(): number {
    const { batchSize } = this.#request.resolved.configuration;
    return Math.floor(this.#examples / batchSize);
  }

  get #examples(): number {
    const { sizes } = this.#split;
    return this.#request.settings.split === 'valid' ? sizes.valid : sizes.train;
  }

  #checkBatches(): void {
    const { batches, split } = this.#request.settings;
    const available = this.#completeBatches;
    if (available < 1 || (batches ?? 0) > available) {
      const { batchSize } = this.#request.resolved.configuration;
      throw new ConfigurationError(
        `--batches ${batches ?? 'all'}: the ${split === 'valid' ? 'validation' : 'training'} set of ${this.#examples} examples has ${available} batches of ${batchSize}, expected at most these`,
      );
    }
  }

  /** η of the next step by the optimizer's learning rate; null for one that has none. */
  #learningRate(loop: TrainingLoop): number | null {
    const { optimizer, configuration } = this.#request.resolved;
    const name = optimizer.learningRate ?? null;
    if (name === null || !this.#trains) return null;
    const rate = configuration.optimizer.hyperparameters[name];
    return typeof rate === 'number'
      ? rate * loop.learningRateFactor(loop.position.epoch, loop.position.step ?? 0)
      : null;
  }

  get #expectedProducts(): number {
    const { steps, probes, traceProbes, stepSizeBatches } = this.#request.settings;
    const each = this.#blocks.map(({ size }) => probes * Math.min(steps, size) + Math.max(0, traceProbes - probes));
    return each.reduce((sum, own) => sum + own, 0) + 3 * stepSizeBatches + 2;
  }

  /** Bytes of the Lanczos vectors of the largest block, and of the eigenvectors that are kept for overlaps. */
  get #memory(): number {
    const { steps, top } = this.#request.settings;
    const largest = Math.max(...this.#blocks.map(({ size }) => size));
    const kept = this.#blocks.reduce((sum, { size }) => sum + size, 0);
    return 4 * (Math.min(steps, largest) * largest + 2 * Math.min(top, largest) * kept);
  }

  /** Whether the optimizer takes a step at all. */
  get #trains(): boolean {
    return this.#request.at.some((step) => step > 0);
  }

  #tell(event: MeasurementEvent): void {
    this.#options.onEvent?.(event);
  }

  #report(complete: boolean): CurvatureReport {
    const { resolved, settings } = this.#request;
    const { configuration, testProblem } = resolved;
    const { record } = this.#dataset;
    const { name, device, threads } = this.#engine.record;
    return {
      kind: 'probprec curvature',
      curvature_version: CURVATURE_VERSION,
      suite_version: suiteVersion(),
      testproblem: testProblem.name,
      parameters: testProblem.parameterCount,
      classes: testProblem.classes,
      matrix: settings.matrix,
      mode: settings.mode,
      by: settings.by,
      l2_reg: configuration.l2Reg,
      seed: configuration.seed,
      data: { source: record.source, verified: record.verified, split: settings.split },
      batch_size: configuration.batchSize,
      batches: this.#batches,
      examples: this.#batches * configuration.batchSize,
      of_examples: this.#examples,
      lanczos_steps: settings.steps,
      probes: settings.probes,
      trace_probes: Math.max(settings.probes, settings.traceProbes),
      trace_method: settings.hutchPlusPlus ? 'hutch++' : 'hutchinson',
      tolerance: TOLERANCE,
      optimizer: this.#trains
        ? { name: configuration.optimizer.name, hyperparameters: { ...configuration.optimizer.hyperparameters } }
        : null,
      engine: { name, device, threads },
      complete,
      points: this.#points,
    };
  }
}

/** More minibatches than these are made anew for each product. */
const MOST_HELD = 64;
