import { datasetDefinition } from '../dataset/index.js';
import type { Engine } from '../engine/index.js';
import { randomStream } from '../random/index.js';
import { checkFit } from '../run/problem-data.js';
import { type Examples, openProblem, type ProblemFunctions } from '../run/problem-functions.js';
import { program, sizeOf } from '../tensor/index.js';
import type { TestProblem } from '../testproblem/index.js';
import { type Finding, finding } from './finding.js';

const BATCH = 4;
const SEED = 42;
/** Part of the parameters' norm by which they are moved for a difference: what float32 resolves, with kinks few. */
const STEP = 3e-3;
/** Differences in float32 are that rough. */
const TOLERANCE = 0.1;

/** Looks at a test problem: data, shapes, initial values, and derivatives against differences. */
export async function checkProblem(problem: TestProblem, engine: Engine): Promise<Finding[]> {
  const findings = [
    await finding('it fits its data set', () =>
      checkFit(problem, problem.ownDataset ?? datasetDefinition(problem.dataset)),
    ),
    await finding('it can be built for batches of several sizes, for training and for evaluation', () => {
      for (const size of [BATCH, BATCH + 1, problem.defaults.batchSize]) {
        for (const mode of ['train', 'eval'] as const) checkBuilt(problem, size, mode);
      }
    }),
    await finding('its initial values are finite, and the same for the same seed', () => checkInitial(problem)),
  ];
  if (findings.some(({ fault }) => fault !== null)) return findings;
  const functions = await openProblem(problem, { engine, batchSize: BATCH });
  const at = problem.initialParameters(SEED);
  const examples = examplesOf(problem);
  findings.push(
    await finding('its loss is finite, and the same for the same batch', async () => {
      const [first, second] = [await functions.loss(at, examples), await functions.loss(at, examples)];
      if (!Number.isFinite(first.loss)) throw new Error(`its loss on random examples is ${first.loss}`);
      if (first.loss !== second.loss) throw new Error(`its loss is ${first.loss}, and computed again ${second.loss}`);
    }),
    await finding('its gradient matches finite differences of the loss', () => checkGradient(functions, at, examples)),
    await finding('its Hessian-vector product matches finite differences of the gradient', () =>
      checkProduct(functions, at, examples),
    ),
  );
  return findings;
}

function checkBuilt(problem: TestProblem, size: number, mode: 'train' | 'eval'): void {
  const { loss, accuracy, metrics } = problem.build(size, { mode });
  for (const [name, tensor] of Object.entries({ loss, ...(accuracy === null ? {} : { accuracy }), ...metrics })) {
    if (typeof tensor !== 'object' || !('operation' in tensor)) {
      throw new Error(
        `its ${name} is ${String(tensor)}, expected a tensor; use tensor.mean, tensor.add, … and no Math`,
      );
    }
    if (tensor.shape.length !== 0) throw new Error(`its ${name} has the shape [${tensor.shape}], expected a scalar`);
  }
  const made = program({ loss });
  const nan = made.nodes.some(
    ({ operation, attributes }) => operation.name === 'constant' && Number.isNaN(attributes.value),
  );
  if (nan)
    throw new Error('the number NaN is part of its loss, as Math.exp(tensor) or tensor * 2 gives; use tensor.exp, …');
  const used = problem.parameters.find(({ name }) => !made.inputs.has(`parameter/${name}`));
  if (used !== undefined) throw new Error(`its loss does not depend on the parameter ${used.name}`);
}

function checkInitial(problem: TestProblem): void {
  const [first, second] = [problem.initialParameters(SEED), problem.initialParameters(SEED)];
  for (const [index, { name, shape }] of problem.parameters.entries()) {
    const values = first[index] ?? new Float32Array();
    if (values.length !== sizeOf(shape)) {
      throw new Error(`the initial values of ${name} are ${values.length}, expected ${sizeOf(shape)} for [${shape}]`);
    }
    if (!values.every(Number.isFinite)) throw new Error(`the initial values of ${name} are not all finite`);
    if (!values.every((value, i) => value === second[index]?.[i])) {
      throw new Error(
        `the initial values of ${name} differ from call to call; draw them from the stream, not by Math.random`,
      );
    }
  }
}

function examplesOf(problem: TestProblem): Examples {
  const stream = randomStream(SEED, 'check examples');
  const count = BATCH * sizeOf(problem.inputShape);
  const tokens = problem.inputType === 'int';
  const vocabulary = problem.vocabulary ?? 2;
  return {
    inputs: tokens
      ? Int32Array.from({ length: count }, () => stream.integer(vocabulary))
      : Float32Array.from({ length: count }, () => stream.normal()),
    labels: problem.hasLabels
      ? Int32Array.from({ length: BATCH * sizeOf(problem.labelShape) }, () => stream.integer(problem.classes ?? 2))
      : null,
  };
}

type Arrays = readonly ArrayLike<number>[];

/** A random direction, and the parameters moved along it by a part of their norm. */
function moved(at: Arrays) {
  const stream = randomStream(SEED, 'check direction');
  const direction = at.map((array) => Float32Array.from({ length: array.length }, () => stream.normal()));
  const h = (STEP * Math.max(1, Math.sqrt(dot(at, at)))) / Math.sqrt(dot(direction, direction));
  const shifted = (sign: number) =>
    at.map((array, i) => Float32Array.from(array, (value, j) => value + sign * h * (direction[i]?.[j] ?? 0)));
  return { direction, h, ahead: shifted(1), behind: shifted(-1) };
}

async function checkGradient(functions: ProblemFunctions, at: Float32Array[], examples: Examples): Promise<void> {
  const { direction, h, ahead, behind } = moved(at);
  const { gradient, loss } = await functions.gradient(at, examples);
  const slope = dot(gradient, direction);
  const difference =
    ((await functions.loss(ahead, examples)).loss - (await functions.loss(behind, examples)).loss) / (2 * h);
  // What rounding alone can make of the difference of two losses.
  const rounding = (1e-5 * Math.max(1, Math.abs(loss))) / h;
  if (Math.abs(slope - difference) <= TOLERANCE * Math.max(Math.abs(slope), Math.abs(difference)) + rounding) return;
  throw new Error(
    `along a random direction its gradient gives the slope ${slope.toPrecision(4)}, differences of the loss ${difference.toPrecision(4)}; is there a stopGradient, or a loss that is not differentiable?`,
  );
}

async function checkProduct(functions: ProblemFunctions, at: Float32Array[], examples: Examples): Promise<void> {
  const { direction, h, ahead, behind } = moved(at);
  const { product, gradient } = await functions.hessianVectorProduct(at, examples, direction);
  const [left, right] = [await functions.gradient(ahead, examples), await functions.gradient(behind, examples)];
  const differences = left.gradient.map((array, i) =>
    Float32Array.from(array, (value, j) => (value - (right.gradient[i]?.[j] ?? 0)) / (2 * h)),
  );
  const off = differences.map((array, i) => Float32Array.from(array, (value, j) => value - (product[i]?.[j] ?? 0)));
  const size = Math.sqrt(Math.max(dot(product, product), dot(differences, differences)));
  const rounding = (1e-5 * Math.max(1e-3, Math.sqrt(dot(gradient, gradient)))) / h;
  // Kinks of ReLUs and maxima that lie within the step are no mistake.
  if (Math.sqrt(dot(off, off)) <= 5 * TOLERANCE * size + rounding) return;
  throw new Error(
    'its Hessian-vector product does not match finite differences of the gradient; is there a stopGradient?',
  );
}

function dot(left: Arrays, right: Arrays): number {
  return left.reduce(
    (sum, array, i) => sum + Array.from(array).reduce((part, value, j) => part + value * (right[i]?.[j] ?? 0), 0),
    0,
  );
}
