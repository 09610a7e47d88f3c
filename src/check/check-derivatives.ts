import { openReferenceEngine } from '../engine/reference/engine.js';
import { randomStream } from '../random/index.js';
import { type Examples, openProblem, type ParameterArrays, type ProblemFunctions } from '../run/problem-functions.js';
import { multiplyAdds } from '../testproblem/cost.js';
import type { TestProblem } from '../testproblem/index.js';
import { type Finding, finding } from './finding.js';

const SEED = 42;
/** Relative; in double precision central differences over these steps are better than that by far. */
const TOLERANCE = 1e-6;
/**
 * Parts of the parameters' norm by which they are moved. A kink of a ReLU or a maximum within a step is no mistake of a
 * derivative: it shows at one step, and a mistake shows at all.
 */
const STEPS = [1e-6, 1e-5, 1e-7];
/** Part of the norm by which the initial parameters are moved first: biases of zero hide mistakes. */
const AWAY = 0.05;
/** Multiply-adds of one pass over four examples from which on two have to be enough: the reference is slow. */
const LARGE = 1e8;

/** How many examples derivatives are tried on; batch normalisation needs two. */
export function derivativeBatch(problem: TestProblem): number {
  return 4 * multiplyAdds(problem) > LARGE ? 2 : 4;
}

/** Gradient and Hessian-vector product against central differences, both in double precision. */
export async function checkDerivatives(
  problem: TestProblem,
  examples: Examples,
  place: string,
): Promise<readonly Finding[]> {
  const functions = await openProblem(problem, {
    engine: openReferenceEngine(),
    batchSize: derivativeBatch(problem),
  });
  const at = await startingPoint(functions, examples);
  const direction = normals(at, 'check direction');
  return [
    await finding('its gradient matches finite differences of the loss', () =>
      checkGradient(functions, at, direction, examples, place),
    ),
    await finding('its Hessian-vector product matches finite differences of the gradient', () =>
      checkProduct(functions, at, direction, examples, place),
    ),
  ];
}

/** Beside the initial parameters; at them where the loss is not finite beside. */
async function startingPoint(functions: ProblemFunctions, examples: Examples): Promise<ParameterArrays> {
  const initial = functions.problem.initialParameters(SEED).map((array) => Float64Array.from(array));
  const beside = moved(initial, normals(initial, 'check starting point'), AWAY);
  return Number.isFinite((await functions.loss(beside, examples)).loss) ? beside : initial;
}

async function checkGradient(
  functions: ProblemFunctions,
  at: ParameterArrays,
  direction: ParameterArrays,
  examples: Examples,
  place: string,
): Promise<void> {
  const { gradient, loss } = await functions.gradient(at, examples);
  const slope = dot(gradient, direction);
  const differences: number[] = [];
  for (const part of STEPS) {
    const [ahead, behind] = [moved(at, direction, part), moved(at, direction, -part)];
    const change = (await functions.loss(ahead, examples)).loss - (await functions.loss(behind, examples)).loss;
    const h = lengthOf(at, direction, part);
    const difference = change / (2 * h);
    // What rounding alone can make of the difference of two losses.
    const rounding = (1e-14 * Math.max(1e-3, Math.abs(loss))) / h;
    if (Math.abs(slope - difference) <= TOLERANCE * Math.max(Math.abs(slope), Math.abs(difference)) + rounding) return;
    differences.push(difference);
  }
  throw new Error(
    `${place}: along a random direction its gradient gives the slope ${slope.toPrecision(8)}, differences of the loss ${differences[0]?.toPrecision(8)}; is there a stopGradient, or a loss that is not differentiable?`,
  );
}

async function checkProduct(
  functions: ProblemFunctions,
  at: ParameterArrays,
  direction: ParameterArrays,
  examples: Examples,
  place: string,
): Promise<void> {
  const { product, gradient } = await functions.hessianVectorProduct(at, examples, direction);
  const offs: number[] = [];
  for (const part of STEPS) {
    const h = lengthOf(at, direction, part);
    const ahead = (await functions.gradient(moved(at, direction, part), examples)).gradient;
    const behind = (await functions.gradient(moved(at, direction, -part), examples)).gradient;
    const differences = combined(ahead, behind, (left, right) => (left - right) / (2 * h));
    const size = Math.max(norm(product), norm(differences));
    const off = norm(combined(differences, product, (left, right) => left - right));
    const rounding = (1e-14 * Math.max(1e-3, norm(gradient))) / h;
    if (off <= TOLERANCE * size + rounding) return;
    offs.push(off / size);
  }
  const off = `${(100 * Math.min(...offs)).toPrecision(3)} %`;
  throw new Error(
    `${place}: its Hessian-vector product does not match finite differences of the gradient: it is off by ${off}; is there a stopGradient?`,
  );
}

function normals(like: ParameterArrays, name: string): Float64Array[] {
  const stream = randomStream(SEED, name);
  return like.map(({ length }) => Float64Array.from({ length }, () => stream.normal()));
}

/** The factor that makes a step of a direction so large a part of the parameters' norm. */
function lengthOf(at: ParameterArrays, direction: ParameterArrays, part: number): number {
  return (part * Math.max(1, norm(at))) / norm(direction);
}

function moved(at: ParameterArrays, direction: ParameterArrays, part: number): Float64Array[] {
  const h = Math.sign(part) * lengthOf(at, direction, Math.abs(part));
  return combined(at, direction, (value, along) => value + h * along);
}

function combined(
  left: ParameterArrays,
  right: ParameterArrays,
  combine: (left: number, right: number) => number,
): Float64Array[] {
  return left.map((array, i) => Float64Array.from(array, (value, j) => combine(value, right[i]?.[j] ?? 0)));
}

function dot(left: ParameterArrays, right: ParameterArrays): number {
  let sum = 0;
  for (const [i, array] of left.entries())
    for (const [j, value] of array.entries()) sum += value * (right[i]?.[j] ?? 0);
  return sum;
}

function norm(arrays: ParameterArrays): number {
  return Math.sqrt(dot(arrays, arrays));
}
