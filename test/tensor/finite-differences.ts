import type { TensorData } from '../../src/engine/engine.js';
import type { RandomStream } from '../../src/random/index.js';
import * as t from '../../src/tensor/index.js';
import { runProgram } from '../oracle/reference-engine.js';
import { normal, type Sample } from './sampling.js';

type Feeds = Readonly<Record<string, TensorData>>;

/** A scalar function of a sample's variables and its derivatives, each as one vector over all variables. */
export interface ScalarFunction {
  readonly value: (feeds: Feeds) => number;
  readonly gradients: (feeds: Feeds) => Float64Array;
  readonly hessianTimes: (feeds: Feeds, direction: Float64Array) => Float64Array;
  /** The programs of the gradients and of the Hessian-vector product, for other tests. */
  readonly programs: { readonly gradients: t.Program; readonly hessianVectorProduct: t.Program };
}

function joined(results: Readonly<Record<string, Float64Array>>, count: number): Float64Array {
  return Float64Array.from(Array.from({ length: count }, (_, index) => [...(results[`${index}`] ?? [])]).flat());
}

function numbered(outputs: readonly t.Tensor[]): Record<string, t.Tensor> {
  return Object.fromEntries(outputs.map((output, index) => [`${index}`, output]));
}

/** The direction cut into one vector for each variable, and the names that they are fed under. */
function vectorFeeds(variables: readonly t.Tensor[], direction: Float64Array): Record<string, Float64Array> {
  let begin = 0;
  return Object.fromEntries(
    variables.map((variable, index) => {
      const part = direction.slice(begin, begin + t.sizeOf(variable.shape));
      begin += part.length;
      return [`direction ${index}`, part];
    }),
  );
}

/**
 * Makes the result scalar by Σ cᵢ f(x)ᵢ + Σ dᵢ f(x)ᵢ² with random c and d, so that the second derivative of an
 * operation that is linear does not vanish, and mixes with its first.
 */
export function scalarFunction({ variables, result }: Sample, random: RandomStream): ScalarFunction {
  const size = t.sizeOf(result.shape);
  const weights = { linear: normal(random, size), quadratic: normal(random, size) };
  const linear = t.dot(result, t.input('linear', result.shape));
  const value = t.add(linear, t.dot(t.square(result), t.input('quadratic', result.shape)));
  const gradients = t.gradients(value, variables);
  const products = t.hessianVectorProduct(
    gradients,
    variables,
    variables.map((variable, index) => t.input(`direction ${index}`, variable.shape)),
  );
  const programs = {
    value: t.program({ value }),
    gradients: t.program(numbered(gradients)),
    hessianVectorProduct: t.program(numbered(products)),
  };
  return {
    programs,
    value: (feeds) => runProgram(programs.value, { ...feeds, ...weights }).value?.[0] ?? Number.NaN,
    gradients: (feeds) => joined(runProgram(programs.gradients, { ...feeds, ...weights }), variables.length),
    hessianTimes: (feeds, direction) =>
      joined(
        runProgram(programs.hessianVectorProduct, { ...feeds, ...weights, ...vectorFeeds(variables, direction) }),
        variables.length,
      ),
  };
}

const STEP = 1e-5;

/** The feeds with the variables moved by `amount` along a direction over all of them. */
function moved(feeds: Feeds, variables: readonly t.Tensor[], direction: Float64Array, amount: number): Feeds {
  let position = 0;
  const changed = variables.map((variable) => {
    const name = String(variable.attributes.name);
    const values = Float64Array.from(feeds[name] ?? [], (value) => value + amount * (direction[position++] ?? 0));
    return [name, values] as const;
  });
  return { ...feeds, ...Object.fromEntries(changed) };
}

function dimension(variables: readonly t.Tensor[]): number {
  return variables.reduce((total, { shape }) => total + t.sizeOf(shape), 0);
}

/**
 * The derivative of a function of a step at 0 by Richardson's extrapolation of two central differences: the error is of the fourth
 * order in the step. With the second order alone, a layer norm over few features that are nearly equal, whose curvature is
 * large, was off by 4.5e-5.
 */
function derivativeAtZero(value: (step: number) => number): number {
  const central = (step: number) => (value(step) - value(-step)) / (2 * step);
  return (4 * central(STEP / 2) - central(STEP)) / 3;
}

/** Differences of the value along every coordinate. */
export function slopes(subject: ScalarFunction, { variables, feeds }: Sample): Float64Array {
  const n = dimension(variables);
  return Float64Array.from({ length: n }, (_, coordinate) => {
    const direction = new Float64Array(n);
    direction[coordinate] = 1;
    return derivativeAtZero((step) => subject.value(moved(feeds, variables, direction, step)));
  });
}

/** The Hessian-vector product along a random direction, and the differences of the gradient along it. */
export function hessianAlongDirection(subject: ScalarFunction, { variables, feeds }: Sample, random: RandomStream) {
  const direction = normal(random, dimension(variables));
  const gradients = new Map<number, Float64Array>();
  const gradient = (step: number): Float64Array => {
    const known = gradients.get(step) ?? subject.gradients(moved(feeds, variables, direction, step));
    gradients.set(step, known);
    return known;
  };
  return {
    product: subject.hessianTimes(feeds, direction),
    differences: Float64Array.from(direction, (_, index) =>
      derivativeAtZero((step) => gradient(step)[index] ?? Number.NaN),
    ),
  };
}

/** The largest difference, relative to the largest expected number or 1; NaN when the lengths differ. */
export function relativeError(found: Float64Array | undefined, expected: ArrayLike<number>): number {
  if (found?.length !== expected.length) return Number.NaN;
  let [largest, difference] = [1, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
    difference = Math.max(difference, Math.abs((found[i] ?? 0) - (expected[i] ?? 0)));
  }
  return difference / largest;
}
