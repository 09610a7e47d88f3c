import { type Engine, uploadScalar, type Value } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import type { RandomStream } from '../random/index.js';
import { describe, type Like, leavesOf, mapLeaves, sameShape, type Tensor, type Tree } from '../tensor/index.js';
import type { EvaluationCounts } from './evaluation-counts.js';
import { drawn } from './random-tensors.js';
import { compileStaged, type StagedProgram } from './staged-program.js';
import { type LoggedScalar, StepRecorder } from './step-recorder.js';

/** What a step makes of the values that it carries on, and what else it finds out. */
export interface StepOutputs {
  /** In the structure of the carried inputs: parameters and state after the step. */
  readonly next: Tree<Tensor>;
  /** Results of this step, such as the loss. */
  readonly results: Readonly<Record<string, Tensor>>;
}

/** Which step it is. */
export interface StepNumber {
  /** Since the state was made, from 1 on: what rules see. */
  readonly t: number;
  /** Since training began, from 1 on: what random numbers depend on; default `t`. */
  readonly total?: number;
}

/** The value of a logged quantity in one step. */
export interface LoggedValue {
  readonly name: string;
  readonly per: LoggedScalar['per'];
  readonly value: Value;
}

/** What a step has found out. */
export interface StepResults<C extends Tree<Tensor>> {
  /** The carried values after it. */
  readonly carried: Like<C, Value>;
  readonly results: Readonly<Record<string, Value>>;
  readonly logs: readonly LoggedValue[];
  readonly counts: Readonly<EvaluationCounts>;
}

interface Variant {
  readonly recorder: StepRecorder;
  readonly program: StagedProgram;
  /** Paths of carried values that stay as they are: no output, and not spent. */
  readonly kept: ReadonlySet<string>;
}

type Build = (recorder: StepRecorder) => StepOutputs;

/** What a step's program is made with. */
interface StepTask {
  readonly engine: Engine;
  readonly stream: (name: string) => RandomStream;
  readonly stepsPerEpoch: number;
}

/**
 * The programs of a training step: one for each combination of answers to the questions that its rules ask of the step
 * number. Made when they are first needed.
 */
export class StepProgram<C extends Tree<Tensor>> {
  readonly #task: StepTask;
  readonly #carried: C;
  readonly #inputs: ReadonlyMap<string, Tensor>;
  readonly #build: Build;
  readonly #variants: Variant[] = [];

  private constructor(task: StepTask, carried: C, build: Build) {
    this.#task = task;
    this.#carried = carried;
    this.#inputs = new Map(leavesOf<Tensor>(carried));
    this.#build = build;
  }

  /** `carried`: inputs of the carried values. Compiles the programs that the steps of the first two epochs need. */
  static async compile<C extends Tree<Tensor>>(task: StepTask, carried: C, build: Build): Promise<StepProgram<C>> {
    const step = new StepProgram(task, carried, build);
    for (let t = 1; t <= 2 * Math.max(1, task.stepsPerEpoch); t++) {
      await step.#variant(t);
      if (step.#variants[0]?.recorder.conditions.length === 0) break;
    }
    return step;
  }

  get compileSeconds(): number {
    return this.#variants.reduce((total, { program }) => total + program.compileSeconds, 0);
  }

  /** Takes a step. Of the carried values, those that the step replaces are spent. */
  async take(
    { t, total = t }: StepNumber,
    values: Like<C, Value>,
    feeds: Readonly<Record<string, Value>>,
  ): Promise<StepResults<C>> {
    const { recorder, program, kept } = await this.#variant(t);
    const { engine, stream } = this.#task;
    const { inputs } = program;
    const randoms = recorder.randoms.filter(({ input }) => inputs.has(input));
    const all: Record<string, Value> = { ...feeds, ...drawn(engine, randoms, stream, total) };
    for (const { input, value } of recorder.scalars) if (inputs.has(input)) all[input] = uploadScalar(engine, value(t));
    const before = new Map(leavesOf<Value>(values as Tree<Value>));
    const spent: Value[] = [];
    for (const [path, { attributes }] of this.#inputs) {
      const value = known(before.get(path), path);
      all[String(attributes.name)] = value;
      if (!kept.has(path)) spent.push(value);
    }
    const outputs = await program.run(all, spent, t);
    return {
      carried: mapLeaves(this.#carried, (_, path) =>
        known(kept.has(path) ? before.get(path) : outputs[nextName(path)], path),
      ),
      results: Object.fromEntries(
        Object.entries(outputs).flatMap(([name, value]) =>
          name.startsWith('result/') ? [[name.slice('result/'.length), value]] : [],
        ),
      ),
      logs: recorder.logs.map(({ name, per }) => ({ name, per, value: known(outputs[`log/${name}`], name) })),
      counts: recorder.counts,
    };
  }

  async #variant(t: number): Promise<Variant> {
    const known = this.#variants.find(({ recorder }) =>
      recorder.conditions.every(({ holds, answer }) => holds(t) === answer),
    );
    if (known !== undefined) return known;
    const recorder = new StepRecorder(t);
    const { next, results } = this.#build(recorder);
    const outputs: Record<string, Tensor> = {};
    const kept = new Set<string>();
    for (const [path, tensor] of matched(this.#inputs, next)) {
      if (tensor === this.#inputs.get(path)) kept.add(path);
      else outputs[nextName(path)] = tensor;
    }
    for (const [name, tensor] of Object.entries(results)) outputs[`result/${name}`] = tensor;
    for (const { name, tensor } of recorder.logs) outputs[`log/${name}`] = tensor;
    const variant = { recorder, kept, program: await compileStaged(this.#task.engine, outputs, recorder.hostCalls) };
    this.#variants.push(variant);
    return variant;
  }
}

function known(value: Value | undefined, path: string): Value {
  if (value === undefined) throw new RangeError(`the training has no value ${path}`);
  return value;
}

function nextName(path: string): string {
  return `next/${path}`;
}

/** What follows each carried value. Throws ConfigurationError where structure, shape or type are not those of before. */
function matched(carried: ReadonlyMap<string, Tensor>, next: Tree<Tensor>): [path: string, tensor: Tensor][] {
  const found = new Map(leavesOf(next));
  for (const [path, before] of carried) {
    const after = found.get(path);
    if (after === undefined) throw new ConfigurationError(`the step has no next value of ${path}, which init made`);
    if (!sameShape(before.shape, after.shape) || before.dtype !== after.dtype) {
      throw new ConfigurationError(`the next value of ${path} is ${describe(after)}, expected ${describe(before)}`);
    }
  }
  for (const path of found.keys()) {
    if (!carried.has(path))
      throw new ConfigurationError(`the step has a next value of ${path}, which init did not make`);
  }
  return [...found];
}
