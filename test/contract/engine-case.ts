import type { Engine, TensorData, Value } from '../../src/engine/index.js';
import { type Program, program, type Tensor } from '../../src/tensor/index.js';
import { runProgram } from '../oracle/reference-engine.js';

/** A program on plain numbers, and how far an engine may be from the oracle on it. */
export interface EngineCase {
  readonly name: string;
  readonly program: Program;
  readonly feeds: Readonly<Record<string, TensorData>>;
  /** The oracle's outputs; computed when first asked for, then shared by all engines. */
  readonly expected: () => Readonly<Record<string, Float64Array>>;
  /** Largest relative error of an output, in the Euclidean norm. */
  readonly tolerance: (output: string) => number;
  /** Errors of an output are relative to at least this norm: what it may be by cancellation of larger numbers. */
  readonly floor: (output: string) => number;
}

/** What single precision may lose: derivatives lose more, by cancellation of terms that may be a hundred times the result. */
export const tolerances = { value: 1e-5, gradient: 5e-5, second: 1e-4, exact: 0 } as const;

/** A case on inputs that single precision holds exactly, so that only the computation can differ. */
export function engineCase(
  name: string,
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, TensorData>> = {},
  { tolerance = () => tolerances.value, floor = () => 0 }: Partial<Pick<EngineCase, 'tolerance' | 'floor'>> = {},
): EngineCase {
  const subject = program(outputs);
  const rounded = Object.fromEntries(
    Object.entries(feeds).map(([input, data]) => [input, data instanceof Int32Array ? data : Float32Array.from(data)]),
  );
  let expected: Record<string, Float64Array> | undefined;
  return {
    name,
    program: subject,
    feeds: rounded,
    expected: () => {
      expected ??= runProgram(subject, rounded);
      return expected;
    },
    tolerance,
    floor,
  };
}

/** ‖found − expected‖ / max(‖expected‖, floor); 0 / 0 counts as 0. NaN where the lengths differ. */
export function relativeDistance(found: ArrayLike<number> | undefined, expected: ArrayLike<number>, floor = 0): number {
  if (found?.length !== expected.length) return Number.NaN;
  let [difference, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const value = expected[i] ?? 0;
    norm += value * value;
    difference += ((found[i] ?? Number.NaN) - value) ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference) / Math.max(Math.sqrt(norm), floor);
}

/** Hands plain numbers to an engine as the inputs of a program. */
export function feedsOf(
  engine: Engine,
  { inputs }: Program,
  feeds: Readonly<Record<string, TensorData>>,
): Record<string, Value> {
  return Object.fromEntries(
    [...inputs].map(([name, { shape, dtype }]) => {
      const data = feeds[name];
      if (data === undefined) throw new Error(`the case does not feed ${name}`);
      return [name, engine.upload(data, shape, dtype)];
    }),
  );
}

/** Runs a program on an engine and takes its outputs down. */
export async function runOn(
  engine: Engine,
  subject: Program,
  feeds: Readonly<Record<string, TensorData>> = {},
): Promise<Record<string, TensorData>> {
  const executable = await engine.compile(subject);
  const values = await executable.run(feedsOf(engine, subject, feeds));
  const downloaded: Record<string, TensorData> = {};
  for (const [name, value] of Object.entries(values)) downloaded[name] = await engine.download(value);
  return downloaded;
}

/** The outputs of a case that an engine computes too far off, one line each; none if it keeps the contract. */
export async function deviations(engine: Engine, subject: EngineCase): Promise<string[]> {
  const found = await runOn(engine, subject.program, subject.feeds);
  return Object.entries(subject.expected()).flatMap(([output, expected]) => {
    const distance = relativeDistance(found[output], expected, subject.floor(output));
    const allowed = subject.tolerance(output);
    return distance <= allowed ? [] : [`${subject.name}, ${output}: off by ${distance}, allowed ${allowed}`];
  });
}
