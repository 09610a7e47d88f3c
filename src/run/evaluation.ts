import type { Batch, DataSplit, Phase, Protocol, SplitSizes } from '../dataset/index.js';
import type { Engine, Executable, Value } from '../engine/index.js';
import { program } from '../tensor/index.js';
import { inputNames, type TestProblem } from '../testproblem/index.js';
import type { Measurement } from './events.js';

/** Images per evaluation batch where the protocol leaves it open: a divisor of 10,000 whose activations stay small. */
const evaluationBatchSize = 250;

/**
 * How many examples of a batch are classified correctly, from the fraction as an engine rounds it: float32 has 3/100 as
 * 0.029999999329. Exact for batches of less than four million.
 */
export function correctCount(accuracy: number, batchSize: number): number {
  return Math.round(accuracy * batchSize);
}

/** A batch as values of the program inputs. */
export function uploadBatch(engine: Engine, problem: TestProblem, batch: Batch): Record<string, Value> {
  const inputs = engine.upload(batch.inputs, [batch.size, ...problem.inputShape]);
  if (batch.labels === null) return { [inputNames.inputs]: inputs };
  return { [inputNames.inputs]: inputs, [inputNames.labels]: engine.upload(batch.labels, [batch.size]) };
}

/** Measures loss and accuracy on whole sets. Changes nothing: no parameter, no random stream. */
export class Evaluator {
  readonly #engine: Engine;
  readonly #problem: TestProblem;
  readonly #constants: Readonly<Record<string, Value>>;
  readonly #l2Reg: number;
  readonly #batchSize: number;
  readonly #dropIncomplete: boolean;
  readonly #executables = new Map<number, Executable>();

  constructor(
    engine: Engine,
    problem: TestProblem,
    constants: Readonly<Record<string, Value>>,
    { l2Reg, protocol, batchSize }: { readonly l2Reg: number; readonly protocol: Protocol; readonly batchSize: number },
  ) {
    this.#engine = engine;
    this.#problem = problem;
    this.#constants = constants;
    this.#l2Reg = l2Reg;
    this.#dropIncomplete = protocol === 'deepobs-beta';
    this.#batchSize = this.#dropIncomplete ? batchSize : evaluationBatchSize;
  }

  /** Compiles what the evaluations of sets of these sizes need; returns the seconds that took. */
  async compile({ trainEval, valid, test }: SplitSizes): Promise<number> {
    const started = performance.now();
    for (const size of [trainEval, valid, test]) {
      if (size >= this.#batchSize) await this.#executable(this.#batchSize);
      const rest = size % this.#batchSize;
      if (rest > 0 && !this.#dropIncomplete) await this.#executable(rest);
    }
    return (performance.now() - started) / 1000;
  }

  async #executable(batchSize: number): Promise<Executable> {
    let executable = this.#executables.get(batchSize);
    if (executable === undefined) {
      const { loss, accuracy } = this.#problem.build(batchSize, { l2Reg: this.#l2Reg });
      executable = await this.#engine.compile(program(accuracy === null ? { loss } : { loss, accuracy }));
      this.#executables.set(batchSize, executable);
    }
    return executable;
  }

  /**
   * Mean loss over the examples of a set, each batch weighted by its size, and the fraction that is classified correctly:
   * a count divided once, the exact fraction whatever the engine's precision.
   */
  async measure(
    split: DataSplit,
    phase: Phase,
    epoch: number,
    parameters: Readonly<Record<string, Value>>,
    signal?: AbortSignal,
  ): Promise<Measurement> {
    let [examples, loss, correct] = [0, 0, 0];
    for await (const batch of split.evaluationBatches(phase, epoch, this.#batchSize)) {
      signal?.throwIfAborted();
      const executable = await this.#executable(batch.size);
      const feeds = { ...this.#constants, ...parameters, ...uploadBatch(this.#engine, this.#problem, batch) };
      const results = await executable.run(feeds);
      loss += batch.size * (await this.#scalar(results.loss));
      if (this.#problem.hasAccuracy) correct += correctCount(await this.#scalar(results.accuracy), batch.size);
      examples += batch.size;
    }
    return { loss: loss / examples, accuracy: this.#problem.hasAccuracy ? correct / examples : null };
  }

  async #scalar(value: Value | undefined): Promise<number> {
    if (value === undefined) throw new RangeError('the evaluation program lacks an output');
    return (await this.#engine.download(value))[0] ?? Number.NaN;
  }
}
