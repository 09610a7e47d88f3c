import {
  type LanczosResult,
  LossCurvature,
  type LossGradient,
  type LossPoint,
  type LowRankChange,
  lanczos,
  type MinibatchFeeds,
  type Operator,
  type RitzPair,
  rademacher,
  type Vector,
} from '../../curvature/index.js';
import type { DataSplit } from '../../dataset/index.js';
import type { Engine } from '../../engine/index.js';
import { downloadedPreconditioner } from '../../optimizer/downloaded-preconditioner.js';
import { constantValues } from '../../optimizer/training-task.js';
import { type RandomStream, randomStream } from '../../random/index.js';
import { initialStates } from '../../testproblem/index.js';
import type { ResolvedRun } from '../configuration.js';
import type { TrainingLoop } from '../loop.js';
import { type MinibatchPosition, take, trainingMinibatches } from '../training-minibatches.js';

/** Parts of a minibatch whose gradients are compared. */
const SUB_BATCHES = 8;

/** The loss of a run, compiled for observers: programs of their own, and minibatches that are made anew. */
export class ObservedLoss {
  readonly engine: Engine;
  readonly resolved: ResolvedRun;
  readonly split: DataSplit;
  readonly whole: LossCurvature;
  readonly subBatches: number;
  #parts: LossCurvature | null = null;
  #start: Float32Array | null = null;

  constructor(engine: Engine, resolved: ResolvedRun, split: DataSplit) {
    this.engine = engine;
    this.resolved = resolved;
    this.split = split;
    const { batchSize } = resolved.configuration;
    this.whole = this.#loss(batchSize);
    // The examples of an epoch are in one order, so that the parts are those of the minibatch where their size divides it.
    this.subBatches = [8, 7, 6, 5, 4, 3, 2].find((count) => count <= SUB_BATCHES && batchSize % count === 0) ?? 1;
  }

  get parts(): LossCurvature {
    this.#parts ??= this.#loss(this.resolved.configuration.batchSize / this.subBatches);
    return this.#parts;
  }

  /** The seed's initial parameters, one after the other. */
  get start(): Float32Array {
    const { testProblem, configuration } = this.resolved;
    this.#start ??= joined(testProblem.initialParameters(configuration.seed), testProblem.parameterCount);
    return this.#start;
  }

  #loss(batchSize: number): LossCurvature {
    const { testProblem, configuration } = this.resolved;
    return new LossCurvature(this.engine, testProblem, {
      batchSize,
      l2Reg: configuration.l2Reg ?? 0,
      constants: constantValues(this.engine, testProblem),
    });
  }

  /** Minibatches that training takes from a position on, or as many parts of one. */
  minibatches(of: LossCurvature, from: MinibatchPosition, count: number): AsyncIterable<MinibatchFeeds> {
    const { engine, split, resolved } = this;
    const { testProblem: problem, configuration } = resolved;
    return take(
      trainingMinibatches({ engine, problem, symbolic: of.symbolic, split, seed: configuration.seed }, from),
      count,
    );
  }
}

/** A point of a training as observers see it; counts what it evaluates, and changes nothing. */
export class ObservedPoint {
  readonly size: number;
  /** Of the step that comes next; null where the optimizer has none. */
  readonly learningRate: number | null;
  readonly cost = { gradients: 0, products: 0 };
  readonly #loss: ObservedLoss;
  readonly #loop: TrainingLoop;
  readonly #position: MinibatchPosition;
  readonly #signal: AbortSignal | undefined;
  readonly #known = new Map<string, Promise<unknown>>();

  constructor(loss: ObservedLoss, loop: TrainingLoop, signal: AbortSignal | undefined) {
    this.#loss = loss;
    this.#loop = loop;
    this.#signal = signal;
    this.size = loss.whole.size;
    const { stepsPerEpoch, position } = loop;
    const ended = position.step === stepsPerEpoch;
    this.#position = ended
      ? { epoch: position.epoch + 1, step: 0 }
      : { epoch: position.epoch, step: position.step ?? 0 };
    const { optimizer, configuration } = loss.resolved;
    const name = optimizer.learningRate ?? null;
    const rate = name === null ? null : configuration.optimizer.hyperparameters[name];
    const { epoch, step } = this.#position;
    this.learningRate = typeof rate === 'number' ? rate * loop.learningRateFactor(epoch, step) : null;
  }

  /** Measures something once at this point. */
  once<T>(name: string, measure: () => Promise<T>): Promise<T> {
    const known = this.#known.get(name) ?? measure();
    this.#known.set(name, known);
    return known as Promise<T>;
  }

  /** Random numbers of their own: the same at the same step, none of the training's. */
  stream(name: string): RandomStream {
    const { epoch, step } = this.#position;
    return randomStream(this.#loss.resolved.configuration.seed, 'observer', name, epoch, step);
  }

  /** The loss' gradient on the minibatch that training takes next. */
  gradient(): Promise<LossGradient> {
    return this.once('gradient', async () => this.#gradientOf(this.#loss.whole, [await this.#minibatch()]));
  }

  /** The Hessian of the loss on that minibatch. */
  readonly hessian: Operator = async (vector) => this.#productOf(vector, await this.#minibatch());

  /** Lanczos' method on that Hessian from a random vector. */
  lanczos(steps: number, enough: (pairs: readonly RitzPair[]) => boolean): Promise<LanczosResult> {
    return lanczos(this.hessian, rademacher(this.stream('lanczos'), this.size), { steps, enough });
  }

  /** On each of the next minibatches the gradient g and the product of its own Hessian with g. */
  async *gradientsAndProducts(count: number): AsyncGenerator<{ gradient: Vector; product: Vector }> {
    const { whole } = this.#loss;
    for await (const minibatch of this.#loss.minibatches(whole, this.#position, count)) {
      const { gradient } = await this.#gradientOf(whole, [minibatch]);
      yield { gradient, product: await this.#productOf(gradient, minibatch) };
    }
  }

  /** The gradients of the next minibatch's parts. */
  async subBatchGradients(): Promise<Vector[]> {
    const { parts, subBatches } = this.#loss;
    const { epoch, step } = this.#position;
    const found: Vector[] = [];
    for await (const part of this.#loss.minibatches(parts, { epoch, step: step * subBatches }, subBatches)) {
      found.push((await this.#gradientOf(parts, [part])).gradient);
    }
    return found;
  }

  /** The current parameters, one after the other. */
  async parameters(): Promise<Vector> {
    const arrays: Vector[] = [];
    for (const value of this.#loop.training.parameters) {
      arrays.push((await this.#loss.engine.download(value)) as Vector);
    }
    return joined(arrays, this.size);
  }

  initialParameters(): Vector {
    return this.#loss.start;
  }

  /** Whether the next step has a preconditioner. */
  get preconditionerExists(): boolean {
    return (this.#loop.training.preconditioner?.() ?? null) !== null;
  }

  /** The preconditioner by blocks of parameters; null without one. */
  async preconditioner(): Promise<readonly LowRankChange[] | null> {
    const blocks = this.#loop.training.preconditioner?.() ?? null;
    const { engine, resolved } = this.#loss;
    return blocks === null ? null : downloadedPreconditioner(engine, resolved.testProblem, blocks);
  }

  get #point(): LossPoint {
    const { training } = this.#loop;
    const states = { ...initialStates(this.#loss.engine, this.#loss.whole.symbolic), ...training.modelStates };
    return { parameters: training.parameters, states };
  }

  #minibatch(): Promise<MinibatchFeeds> {
    return this.once('minibatch', async () => {
      for await (const minibatch of this.#loss.minibatches(this.#loss.whole, this.#position, 1)) return minibatch;
      throw new RangeError('no next minibatch');
    });
  }

  #gradientOf(loss: LossCurvature, minibatches: readonly MinibatchFeeds[]): Promise<LossGradient> {
    this.#signal?.throwIfAborted();
    this.cost.gradients += 1;
    return loss.gradient(this.#point, () => minibatches);
  }

  #productOf(vector: Vector, minibatch: MinibatchFeeds): Promise<Vector> {
    this.#signal?.throwIfAborted();
    this.cost.products += 1;
    return this.#loss.whole.operator('hessian', this.#point, () => [minibatch])(vector);
  }
}

function joined(arrays: readonly Vector[], size: number): Float32Array {
  const all = new Float32Array(size);
  let begin = 0;
  for (const array of arrays) {
    all.set(array, begin);
    begin += array.length;
  }
  return all;
}
