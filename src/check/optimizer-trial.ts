import type { Engine, Value } from '../engine/index.js';
import {
  type HyperparameterValue,
  type OptimizerDefinition,
  type Training,
  type TrainingState,
  trainingTask,
} from '../optimizer/index.js';
import { TrainingStreams } from '../optimizer/training-random.js';
import { randomStream } from '../random/index.js';
import {
  constantValue,
  defineTestProblem,
  dense,
  inputNames,
  softmaxCrossEntropy,
  tanh,
  xavierNormal,
} from '../testproblem/index.js';

const BATCH = 8;
const SEED = 42;
/** The learning rate's factor of each epoch: a run that goes on has to know it. */
const FACTORS = [1, 0.5];

/** A small network with matrices and biases. */
export const network = defineTestProblem({
  name: 'check',
  description: 'what optimizer files are tried on',
  dataset: 'none',
  inputShape: [4],
  defaults: { batchSize: BATCH, numEpochs: FACTORS.length },
  initial: { weights: xavierNormal(), biases: constantValue(0) },
  network: [dense(6), tanh(), dense(3, { output: true })],
  loss: softmaxCrossEntropy(),
});

/** Between two steps of an epoch, both counted from 0, `step` being the next one; null: between this epoch and the next one. */
export interface Place {
  readonly epoch: number;
  readonly step: number | null;
}

/** What happens where a training is saved: nothing else, or another one, which knows only what was saved, goes on. */
export type Interruption = 'saved' | 'replaced';

/** What a training has made. */
export interface Outcome {
  readonly losses: readonly number[];
  readonly parameters: readonly (readonly number[])[];
  /** The points of evaluation after each epoch, where they are others than those of training. */
  readonly points: readonly (readonly (readonly number[])[] | null)[];
  /** What endEpoch returned, without seconds. */
  readonly logs: readonly unknown[];
}

interface Live {
  readonly training: Training;
  readonly streams: TrainingStreams;
}

/** Short trainings of one optimizer on the same minibatches. */
export class OptimizerTrial {
  readonly #engine: Engine;
  readonly #definitions: readonly [OptimizerDefinition, OptimizerDefinition];
  readonly #values: Record<string, HyperparameterValue>;
  readonly #steps: number;

  /** Two copies of the definition share no variable of the file: where one stops, the other one goes on. */
  constructor(
    engine: Engine,
    definitions: readonly [OptimizerDefinition, OptimizerDefinition],
    values: Record<string, HyperparameterValue>,
    steps: number,
  ) {
    this.#engine = engine;
    this.#definitions = definitions;
    this.#values = values;
    this.#steps = steps;
  }

  /** Every place at which the optimizer may be interrupted: between epochs, and within them where it says that it can go on. */
  async places(): Promise<readonly Place[]> {
    const { training } = await this.#start(0);
    const within = training.continueEpoch !== undefined;
    return FACTORS.flatMap((_, epoch) => [
      ...(within ? Array.from({ length: this.#steps }, (_, step) => ({ epoch, step: step + 1 })) : []),
      { epoch, step: null },
    ]);
  }

  /** Trains. At `places` it is saved; if `replaced`, another training then goes on from what was saved. */
  async run(places: readonly Place[] = [], kind: Interruption = 'replaced'): Promise<Outcome> {
    let copy = 0;
    let live = await this.#start(copy);
    const is = (epoch: number, step: number | null) =>
      places.some((place) => place.epoch === epoch && place.step === step);
    const interrupt = async () => {
      const saved = copied(await live.training.save());
      if (kind === 'saved') return false;
      copy = 1 - copy;
      live = await this.#start(copy);
      await live.training.restore(saved);
      return true;
    };
    const [losses, points, logs]: [number[], (number[][] | null)[], unknown[]] = [[], [], []];
    for (const [epoch, factor] of FACTORS.entries()) {
      live.streams.moveTo(epoch, 0);
      await live.training.beginEpoch(epoch, factor);
      for (let step = 0; step < this.#steps; step++) {
        live.streams.moveTo(epoch, step);
        losses.push(await live.training.step(minibatch(this.#engine, epoch, step)));
        if (!is(epoch, step + 1) || !(await interrupt())) continue;
        live.streams.moveTo(epoch, step + 1);
        await live.training.continueEpoch?.(epoch, factor);
      }
      logs.push(withoutSeconds(await live.training.endEpoch()));
      const point = await live.training.evaluationPoint?.();
      points.push(point === undefined ? null : await this.#numbers(point));
      if (is(epoch, null)) await interrupt();
    }
    return { losses, parameters: await this.#numbers(live.training.parameters), points, logs };
  }

  async #start(copy: number): Promise<Live> {
    const streams = new TrainingStreams(SEED);
    const task = trainingTask(this.#engine, network, {
      stepsPerEpoch: this.#steps,
      seed: SEED,
      random: (name) => streams.stream(name),
    });
    const [first, second] = this.#definitions;
    return { training: await (copy === 0 ? first : second).start(task, this.#values), streams };
  }

  async #numbers(values: readonly Value[]): Promise<number[][]> {
    const numbers: number[][] = [];
    for (const value of values) numbers.push(Array.from(await this.#engine.download(value)));
    return numbers;
  }
}

/** Where two trainings part, in words; null where they do not. */
export function difference(left: Outcome, right: Outcome, stepsPerEpoch: number): string | null {
  const step = left.losses.findIndex((loss, index) => !Object.is(loss, right.losses[index]));
  if (step >= 0) {
    const where = `step ${(step % stepsPerEpoch) + 1} of epoch ${Math.floor(step / stepsPerEpoch) + 1}`;
    return `the loss of ${where} is ${left.losses[step]} and ${right.losses[step]}`;
  }
  const unlike = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
  if (unlike(left.parameters, right.parameters)) return 'the last parameters are others';
  if (unlike(left.points, right.points)) return 'the points of evaluation are others';
  return unlike(left.logs, right.logs) ? 'what it logs is other' : null;
}

/** A place in words. */
export function placeText({ epoch, step }: Place): string {
  return step === null ? `epoch ${epoch + 1}` : `step ${step} of epoch ${epoch + 1}`;
}

/** Times are no part of what a run repeats. */
function withoutSeconds(log: unknown): unknown {
  if (log === null) return null;
  return JSON.parse(JSON.stringify(log, (key, value: unknown) => (/seconds/i.test(key) ? undefined : value)));
}

/** As a file would keep it: plain data as JSON, arrays by value. */
function copied({ arrays, values }: TrainingState): TrainingState {
  const kept = Object.entries(arrays).map(([name, array]) => [name, array.slice()] as const);
  return { arrays: Object.fromEntries(kept), values: JSON.parse(JSON.stringify(values)) as TrainingState['values'] };
}

function minibatch(engine: Engine, epoch: number, step: number): Record<string, Value> {
  const stream = randomStream(SEED, 'check', epoch, step);
  const inputs = Float32Array.from({ length: BATCH * 4 }, () => stream.normal());
  const labels = Int32Array.from({ length: BATCH }, () => stream.integer(3));
  return {
    [inputNames.inputs]: engine.upload(inputs, [BATCH, ...network.inputShape]),
    [inputNames.labels]: engine.upload(labels, [BATCH]),
  };
}
