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
import { type DataOptions, openData, openRunEngine } from '../run/open.js';
import {
  type MinibatchPosition,
  type MinibatchSource,
  take,
  trainingMinibatches,
  validationMinibatches,
} from '../run/training-minibatches.js';
import { initialStates } from '../testproblem/index.js';
import { option } from '../words.js';
import type { EarlierVectors } from './measure-block.js';
import { measurePoint } from './measure-point.js';
import { posteriorEvaluations, posteriorMinibatches } from './measure-posterior.js';
import { type LookedAt, type Points, trainedBy, visitKept, visitTraining } from './points.js';
import {
  checkOwnPreconditioner,
  type FoundPreconditioner,
  type PreconditionerPlace,
  preconditionersAt,
} from './preconditioners.js';
import { CURVATURE_VERSION, type CurvatureReport, type PointReport } from './report.js';
import { type MeasurementSettings, TOLERANCE } from './settings.js';

/** Where to look, and what to measure there. */
export interface MeasurementRequest {
  /** The training; its optimizer matters only where a step of it is taken. */
  readonly resolved: ResolvedRun;
  readonly points: Points;
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
  readonly #earlier: EarlierVectors = { first: new Map(), previous: new Map() };
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
    if (request.settings.preconditioners.includes('own')) checkOwnPreconditioner(request.resolved);
  }

  async run(): Promise<CurvatureReport> {
    this.#tell({ type: 'memory', bytes: this.#memory });
    const { signal } = this.#options;
    try {
      const diverged = await this.#visit((place) => this.#measureAt(place));
      if (diverged !== null) this.#tell({ type: 'message', message: `training diverged: ${diverged}` });
      return this.#report(diverged === null);
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) throw error;
      return this.#report(false);
    }
  }

  /** Goes to the points in their order. */
  #visit(measure: (place: LookedAt) => Promise<void>): Promise<string | null> {
    const { resolved, points } = this.#request;
    const context = { resolved, split: this.#split, engine: this.#engine, signal: this.#options.signal };
    if (points.kind === 'kept') return visitKept(context, points, measure);
    const last = points.at.at(-1) ?? 0;
    return visitTraining(context, points, measure, (step) => this.#tell({ type: 'training', step, until: last }));
  }

  async #measureAt(place: LookedAt): Promise<void> {
    const { step, position, parameters, states, learningRate } = place;
    const { settings, resolved } = this.#request;
    const feeds = await this.#minibatches(position);
    const expected = this.#expectedProducts;
    let done = 0;
    const onProduct = (part: string) => {
      this.#options.signal?.throwIfAborted();
      this.#tell({ type: 'product', step, part, done: done++, expected });
    };
    const measured = await measurePoint({
      loss: this.#loss,
      point: { parameters, states: { ...initialStates(this.#engine, this.#loss.symbolic), ...states } },
      minibatches: feeds,
      stepSizeMinibatches: this.#stepSizeMinibatches(position),
      posteriorMinibatches: await this.#posteriorMinibatches(position),
      blocks: this.#blocks,
      settings,
      learningRate,
      stream: randomStream(resolved.configuration.seed, 'curvature', step),
      earlier: this.#earlier,
      preconditioners: this.#preconditioners(place, onProduct),
      onProduct,
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

  async #posteriorMinibatches(position: MinibatchPosition): Promise<MinibatchFeeds[]> {
    const held: MinibatchFeeds[] = [];
    const count = posteriorMinibatches(this.#request.settings);
    if (count === 0) return held;
    for await (const minibatch of take(trainingMinibatches(this.#source, position), count)) held.push(minibatch);
    return held;
  }

  /** Estimates are made on the minibatches after those of the matrix, so that it is one that they have not seen. */
  #preconditioners(
    { position, parameters, preconditioner: held }: LookedAt,
    onProduct: (part: string) => void,
  ): AsyncIterable<FoundPreconditioner> {
    const { settings, resolved } = this.#request;
    const { testProblem: problem, configuration } = resolved;
    // Estimates train, also where the matrix is that of an evaluation.
    const source =
      settings.mode === 'train' ? this.#source : { ...this.#source, symbolic: problem.build(configuration.batchSize) };
    const seen = settings.batches === null || settings.split === 'valid' ? 0 : settings.batches;
    const from = { ...position, step: position.step + seen };
    const place: PreconditionerPlace = {
      engine: this.#engine,
      resolved,
      stepsPerEpoch: this.#split.trainingSteps(configuration.batchSize),
      epoch: position.epoch,
      parameters,
      held,
      minibatches: () => trainingMinibatches(source, from),
      onMinibatch: () => onProduct('estimate'),
    };
    return preconditionersAt(place, settings);
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
    const { posterior, stepSizeBatches } = this.#request.settings;
    if (posterior > 0 && stepSizeBatches < 2) {
      throw new ConfigurationError({
        subject: option('step_size_batches', stepSizeBatches),
        what: 'a posterior has its scalars from these minibatches',
        expected: 'at least 2',
      });
    }
    const { batches, split } = this.#request.settings;
    const available = this.#completeBatches;
    if (available < 1 || (batches ?? 0) > available) {
      const { batchSize } = this.#request.resolved.configuration;
      throw new ConfigurationError({
        subject: option('batches', batches ?? 'all'),
        what: `the ${split === 'valid' ? 'validation' : 'training'} set of ${this.#examples} examples has ${available} batches of ${batchSize}`,
        expected: 'at most these',
      });
    }
  }

  get #expectedProducts(): number {
    const { steps, probes, traceProbes, stepSizeBatches } = this.#request.settings;
    const each = this.#blocks.map(({ size }) => probes * Math.min(steps, size) + Math.max(0, traceProbes - probes));
    const own = posteriorEvaluations(this.#request.settings);
    const further = this.#expectedOfPreconditioners + 3 * stepSizeBatches + 2 + own;
    return each.reduce((sum, count) => sum + count, 0) + further;
  }

  /** Steps of Lanczos' method, and about as many minibatches as an estimate takes. */
  get #expectedOfPreconditioners(): number {
    const { preconditioners, ranks, products, steps } = this.#request.settings;
    const count = preconditioners.reduce((sum, name) => sum + (name === 'own' ? 1 : ranks.length), 0);
    return count * (Math.min(steps, this.#loss.size) + products + 10);
  }

  /** Bytes of the Lanczos vectors of the largest block, and of the eigenvectors of three points that are kept for overlaps. */
  get #memory(): number {
    const { steps, top } = this.#request.settings;
    const largest = Math.max(...this.#blocks.map(({ size }) => size));
    const kept = this.#blocks.reduce((sum, { size }) => sum + size, 0);
    return 4 * (Math.min(steps, largest) * largest + 3 * Math.min(top, largest) * kept);
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
      variant: configuration.variant ?? null,
      init: configuration.init ?? null,
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
      optimizer: trainedBy(this.#request),
      engine: { name, device, threads },
      complete,
      points: this.#points,
    };
  }
}

/** More minibatches than these are made anew for each product. */
const MOST_HELD = 64;
