import { type Engine, uploadScalar, type Value } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { present } from '../expect.js';
import type { RandomStream } from '../random/index.js';
import {
  describe,
  type Like,
  leavesLike,
  leavesOf,
  sameShape,
  type Tensor,
  type Tree,
  withLeaves,
} from '../tensor/index.js';
import type { EvaluationCounts } from './evaluation-counts.js';
import { drawn } from './random-tensors.js';
import { compileStaged, type StagedProgram } from './staged-program.js';
import {
  type Condition,
  type HostScalar,
  type LoggedScalar,
  type RandomTensor,
  StepRecorder,
} from './step-recorder.js';

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
  readonly conditions: readonly Condition[];
  readonly program: StagedProgram;
  /** What the program is fed with besides: only what it reads. */
  readonly scalars: readonly HostScalar[];
  readonly randoms: readonly RandomTensor[];
  /** For each carried value the output that follows it; null where it stays as it is: no output, and not spent. */
  readonly next: readonly (string | null)[];
  readonly results: readonly string[];
  readonly logs: readonly LoggedScalar[];
  readonly counts: Readonly<EvaluationCounts>;
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
  /** The carried values' inputs, in the order of the tree's leaves. */
  readonly #names: readonly string[];
  readonly #build: Build;
  readonly #variants: Variant[] = [];

  private constructor({ engine, stream, stepsPerEpoch }: StepTask, carried: C, build: Build) {
    // Not the task itself, which may have the initial parameters.
    this.#task = { engine, stream, stepsPerEpoch };
    this.#carried = carried;
    this.#names = leavesOf<Tensor>(carried).map(([, { attributes }]) => String(attributes.name));
    this.#build = build;
  }

  /** `carried`: inputs of the carried values. Compiles the programs that the steps of the first two epochs need. */
  static async compile<C extends Tree<Tensor>>(task: StepTask, carried: C, build: Build): Promise<StepProgram<C>> {
    const step = new StepProgram(task, carried, build);
    for (let t = 1; t <= 2 * Math.max(1, task.stepsPerEpoch); t++) {
      await step.#variant(t);
      if (step.#variants[0]?.conditions.length === 0) break;
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
    const { program, scalars, randoms, next, results, logs, counts } = await this.#variant(t);
    const { engine, stream } = this.#task;
    const all: Record<string, Value> = { ...feeds, ...drawn(engine, randoms, stream, total) };
    for (const { input, value } of scalars) all[input] = uploadScalar(engine, value(t));
    const before = leavesLike<C, Value>(this.#carried, values);
    const spent: Value[] = [];
    for (const [index, name] of this.#names.entries()) {
      const value = present(before[index], name);
      all[name] = value;
      if (next[index] !== null) spent.push(value);
    }
    const outputs = await program.run(all, spent, t);
    const after = next.map((name, index) =>
      present(name === null ? before[index] : outputs[name], name ?? `value ${index}`),
    );
    return {
      carried: withLeaves(this.#carried, after),
      results: Object.fromEntries(results.map((name) => [name, present(outputs[resultName(name)], name)])),
      logs: logs.map(({ name, per }) => ({ name, per, value: present(outputs[logName(name)], name) })),
      counts,
    };
  }

  async #variant(t: number): Promise<Variant> {
    const made = this.#variants.find(({ conditions }) => conditions.every(({ holds, answer }) => holds(t) === answer));
    if (made !== undefined) return made;
    const recorder = new StepRecorder(t);
    const { next, results } = this.#build(recorder);
    const outputs: Record<string, Tensor> = {};
    const names = matched(leavesOf<Tensor>(this.#carried as Tree), next).map(([path, before, after]) => {
      if (before === after) return null;
      outputs[`next/${path}`] = after;
      return `next/${path}`;
    });
    for (const [name, tensor] of Object.entries(results)) outputs[resultName(name)] = tensor;
    for (const { name, tensor } of recorder.logs) outputs[logName(name)] = tensor;
    const program = await compileStaged(this.#task.engine, outputs, recorder.hostCalls);
    const variant: Variant = {
      conditions: recorder.conditions,
      program,
      scalars: recorder.scalars.filter(({ input }) => program.inputs.has(input)),
      randoms: recorder.randoms.filter(({ input }) => program.inputs.has(input)),
      next: names,
      results: Object.keys(results),
      logs: recorder.logs,
      counts: recorder.counts,
    };
    this.#variants.push(variant);
    return variant;
  }
}

function resultName(name: string): string {
  return `result/${name}`;
}

function logName(name: string): string {
  return `log/${name}`;
}

/**
 * Each carried value with what follows it. Throws ConfigurationError where structure, shape or type are not those of
 * before.
 */
function matched(
  carried: readonly (readonly [path: string, before: Tensor])[],
  next: Tree<Tensor>,
): [path: string, before: Tensor, after: Tensor][] {
  const found = new Map(leavesOf(next));
  const paths = new Set(carried.map(([path]) => path));
  const result = carried.map(([path, before]): [string, Tensor, Tensor] => {
    const after = found.get(path);
    if (after === undefined)
      throw new ConfigurationError({ what: `the step has no next value of ${path}, which init made` });
    if (!sameShape(before.shape, after.shape) || before.dtype !== after.dtype) {
      throw new ConfigurationError({
        what: `the next value of ${path} is ${describe(after)}`,
        expected: describe(before),
      });
    }
    return [path, before, after];
  });
  for (const path of found.keys()) {
    if (!paths.has(path))
      throw new ConfigurationError({ what: `the step has a next value of ${path}, which init did not make` });
  }
  return result;
}
