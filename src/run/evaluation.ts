import type { Batch, DataSplit, Phase, Protocol, SplitSizes } from '../dataset/index.js';
import { type CompiledFunction, compileFunction, type Engine, type Value } from '../engine/index.js';
import { at } from '../expect.js';
import { intermediateBytes, program, sizeOf, type Tensor } from '../tensor/index.js';
import {
  evaluationNoise,
  initialStates,
  inputNames,
  type SymbolicProblem,
  type TestProblem,
  uploadNoise,
} from '../testproblem/index.js';
import type { Measurement } from './events.js';

/** Examples per evaluation batch where the protocol leaves it open, divisors of 10,000. */
const EVALUATION_BATCH_SIZES = [250, 125, 50, 25, 10, 5, 1];
/** Bytes that the activations of an evaluation batch may take; VGG's of 250 images would take 6.4 GB. */
const LARGEST_EVALUATION = 1e9;

/**
 * Examples per evaluation batch. Where a state goes from batch to batch, the batch size is part of what is computed, and
 * evaluation has that of training; else the largest whose activations stay small.
 */
export function evaluationBatchSize(
  problem: TestProblem,
  { protocol, batchSize }: Pick<EvaluationOptions, 'protocol' | 'batchSize'>,
): number {
  const carries = problem.build(2, { mode: 'eval' }).states.some(({ per }) => per === 'pass');
  if (protocol === 'deepobs-beta' || carries) return batchSize;
  const bytes = evaluationBytes(problem, 1);
  return EVALUATION_BATCH_SIZES.find((size) => size * bytes <= LARGEST_EVALUATION) ?? 1;
}

/** What the evaluation of a batch takes between its inputs and the loss, in bytes. */
export function evaluationBytes(problem: TestProblem, batchSize: number): number {
  const { loss } = problem.build(batchSize, { mode: 'eval' });
  return intermediateBytes(program({ loss }));
}

/**
 * How many labels of a batch are predicted right, from the fraction as an engine rounds it: float32 has 3/100 as
 * 0.029999999329. Exact for less than four million labels.
 */
export function correctCount(accuracy: number, labels: number): number {
  return Math.round(accuracy * labels);
}

/** A batch as values of the program inputs. */
export function uploadBatch(engine: Engine, problem: TestProblem, batch: Batch): Record<string, Value> {
  const inputs = engine.upload(batch.inputs, [batch.size, ...problem.inputShape], problem.inputType);
  if (batch.labels === null) return { [inputNames.inputs]: inputs };
  const labels = engine.upload(batch.labels, [batch.size, ...problem.labelShape]);
  return { [inputNames.inputs]: inputs, [inputNames.labels]: labels };
}

/** How sets are evaluated. */
export interface EvaluationOptions {
  readonly l2Reg: number;
  readonly protocol: Protocol;
  /** Of training. */
  readonly batchSize: number;
  /** Of the noise that some test problems draw in evaluation. */
  readonly seed: number;
}

/** What is computed of a batch. */
interface BatchOutputs {
  readonly loss: Tensor;
  /** None, or one. */
  readonly accuracy: readonly Tensor[];
  readonly metrics: Readonly<Record<string, Tensor>>;
  /** The next values of states that belong to a pass over the data, by the names of their inputs. */
  readonly states: Readonly<Record<string, Tensor>>;
}

/** The evaluation of batches of one size. */
interface BatchEvaluation {
  readonly problem: SymbolicProblem;
  readonly evaluate: CompiledFunction<object, BatchOutputs>;
}

/**
 * Measures loss, accuracy and metrics on whole sets, in evaluation mode. Changes nothing: no parameter, no state of the
 * training, no random stream.
 */
export class Evaluator {
  readonly #engine: Engine;
  readonly #problem: TestProblem;
  readonly #constants: Readonly<Record<string, Value>>;
  readonly #options: EvaluationOptions;
  readonly #batchSize: number;
  readonly #dropIncomplete: boolean;
  readonly #evaluations = new Map<number, BatchEvaluation>();

  constructor(
    engine: Engine,
    problem: TestProblem,
    constants: Readonly<Record<string, Value>>,
    options: EvaluationOptions,
  ) {
    this.#engine = engine;
    this.#problem = problem;
    this.#constants = constants;
    this.#options = options;
    this.#dropIncomplete = options.protocol === 'deepobs-beta';
    this.#batchSize = evaluationBatchSize(problem, options);
  }

  /** Compiles what the evaluations of sets of these sizes need; returns the seconds that took. */
  async compile({ trainEval, valid, test }: SplitSizes): Promise<number> {
    const started = performance.now();
    for (const size of [trainEval, valid, test]) {
      if (size >= this.#batchSize) await this.#evaluation(this.#batchSize);
      const rest = size % this.#batchSize;
      if (rest > 0 && !this.#dropIncomplete) await this.#evaluation(rest);
    }
    return (performance.now() - started) / 1000;
  }

  async #evaluation(batchSize: number): Promise<BatchEvaluation> {
    let evaluation = this.#evaluations.get(batchSize);
    if (evaluation === undefined) {
      const problem = this.#problem.build(batchSize, { l2Reg: this.#options.l2Reg, mode: 'eval' });
      evaluation = { problem, evaluate: await compileFunction(this.#engine, {}, batchOutputs(problem)) };
      this.#evaluations.set(batchSize, evaluation);
    }
    return evaluation;
  }

  /**
   * Means over the examples of a set, each batch weighted by its size, and the fraction of labels that are predicted right: a
   * count divided once, the exact fraction whatever the engine's precision. `values` are parameters and states by the names of
   * their inputs. States that belong to a pass over the data start at their initial values and go from batch to batch, as
   * long as these are of one size.
   */
  async measure(
    split: DataSplit,
    phase: Phase,
    epoch: number,
    values: Readonly<Record<string, Value>>,
    signal?: AbortSignal,
  ): Promise<Measurement> {
    const metrics: Record<string, number> = {};
    let [examples, index, loss, right] = [0, 0, 0, 0];
    let carried: { readonly size: number; readonly states: Record<string, Value> } | undefined;
    for await (const batch of split.evaluationBatches(phase, epoch, this.#batchSize)) {
      signal?.throwIfAborted();
      const { problem, evaluate } = await this.#evaluation(batch.size);
      if (carried?.size !== batch.size) {
        carried = { size: batch.size, states: initialStates(this.#engine, problem, 'pass') };
      }
      const noise = evaluationNoise(problem, { seed: this.#options.seed, phase, epoch, batch: index });
      const feeds = {
        ...this.#constants,
        ...values,
        ...uploadBatch(this.#engine, this.#problem, batch),
        ...uploadNoise(this.#engine, problem, noise),
        ...carried.states,
      };
      const found = await evaluate.run({}, feeds);
      carried = { size: batch.size, states: { ...carried.states, ...found.states } };
      loss += (await this.#scalar(found.loss)) * batch.size;
      for (const fraction of found.accuracy) {
        right += correctCount(await this.#scalar(fraction), batch.size * this.#labelsPerExample);
      }
      for (const [name, value] of Object.entries(found.metrics)) {
        metrics[name] = (metrics[name] ?? 0) + (await this.#scalar(value)) * batch.size;
      }
      examples += batch.size;
      index += 1;
    }
    for (const [name, total] of Object.entries(metrics)) metrics[name] = total / examples;
    return {
      loss: loss / examples,
      accuracy: this.#problem.hasAccuracy ? right / (examples * this.#labelsPerExample) : null,
      ...(Object.keys(metrics).length === 0 ? {} : { metrics }),
    };
  }

  get #labelsPerExample(): number {
    return sizeOf(this.#problem.labelShape);
  }

  async #scalar(value: Value): Promise<number> {
    return at(await this.#engine.download(value), 0);
  }
}

function batchOutputs({ loss, accuracy, metrics, nextStates }: SymbolicProblem): BatchOutputs {
  const states = Object.entries(nextStates).map(([name, tensor]) => [inputNames.state(name), tensor]);
  return { loss, accuracy: accuracy === null ? [] : [accuracy], metrics, states: Object.fromEntries(states) };
}
