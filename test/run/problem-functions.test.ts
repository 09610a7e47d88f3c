import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ConfigurationError,
  conv2d,
  dense,
  flatten,
  loadTestProblem,
  networkProblem,
  openEngine,
  openProblem,
  type ProblemFunctions,
  randomStream,
  sigmoid,
  type TensorData,
  tanh,
} from '../../src/index.js';

const network = [
  conv2d({ filters: 3, kernel: 3, stride: 2, padding: 'same' }),
  tanh(),
  flatten(),
  dense(5),
  sigmoid(),
  dense(4),
];
const problem = networkProblem({ inputShape: [2, 6, 6], network });
const random = randomStream(7, 'problem functions');
const normal = (length: number) => Float64Array.from({ length }, () => random.normal());
const examples = { inputs: normal(3 * 72), labels: [3, 0, 1] };
const parameters = problem
  .initialParameters(1)
  .map((values) => Float64Array.from(values, (w) => w + 0.1 * random.normal()));
const direction = parameters.map(({ length }) => normal(length));

let functions: ProblemFunctions;
beforeAll(async () => {
  functions = await openProblem(problem, { batchSize: 3, l2Reg: 0.1 });
});
afterAll(() => functions.dispose());

const STEP = 3e-3;
const moved = (amount: number) =>
  parameters.map((values, index) => values.map((value, place) => value + amount * (direction[index]?.[place] ?? 0)));
function product(a: readonly TensorData[], b: readonly TensorData[]): number {
  let sum = 0;
  for (const [index, own] of a.entries())
    for (const [place, value] of own.entries()) sum += value * (b[index]?.[place] ?? 0);
  return sum;
}

describe('of a network given as a layer list', () => {
  test('the gradient agrees with central differences of the loss', async () => {
    const { loss, gradient } = await functions.gradient(parameters, examples);
    expect(loss).toBeCloseTo((await functions.loss(parameters, examples)).loss, 6);
    const [ahead, behind] = [await functions.loss(moved(STEP), examples), await functions.loss(moved(-STEP), examples)];
    const slope = (ahead.loss - behind.loss) / (2 * STEP);
    expect(product(gradient, direction) / slope).toBeCloseTo(1, 2);
  });

  test('the Hessian-vector product agrees with central differences of the gradient', async () => {
    const found = await functions.hessianVectorProduct(parameters, examples, direction);
    expect(found.gradient).toEqual((await functions.gradient(parameters, examples)).gradient);
    const [ahead, behind] = [
      await functions.gradient(moved(STEP), examples),
      await functions.gradient(moved(-STEP), examples),
    ];
    const differences = ahead.gradient.map((values, index) =>
      Float64Array.from(values, (value, place) => (value - (behind.gradient[index]?.[place] ?? 0)) / (2 * STEP)),
    );
    const error = differences.map((values, index) =>
      values.map((value, place) => value - (found.product[index]?.[place] ?? 0)),
    );
    expect(Math.sqrt(product(error, error) / product(differences, differences))).toBeLessThan(5e-3);
  });

  test('arrays are in definition order, as long as the parameters', async () => {
    const { gradient } = await functions.gradient(parameters, examples);
    expect(problem.parameters.map(({ name, shape }, index) => [name, shape, gradient[index]?.length])).toEqual([
      ['conv1.weight', [3, 2, 3, 3], 54],
      ['conv1.bias', [3], 3],
      ['dense1.weight', [5, 27], 135],
      ['dense1.bias', [5], 5],
      ['dense2.weight', [4, 5], 20],
      ['dense2.bias', [4], 4],
    ]);
  });

  test('the accuracy is the fraction of right answers', async () => {
    const { accuracy } = await functions.loss(parameters, examples);
    // Exactly: single precision has neither third.
    expect([0, 1 / 3, 2 / 3, 1]).toContain(accuracy);
  });
});

test('a test problem without labels needs none, and an engine that is passed in stays open', async () => {
  const engine = await openEngine({ threads: 1 });
  const quadratic = await openProblem(await loadTestProblem('quadratic_deep'), { batchSize: 2, engine });
  const start = quadratic.problem.initialParameters(1);
  const {
    loss,
    gradient,
    product: along,
  } = await quadratic.hessianVectorProduct(start, { inputs: normal(200) }, start);
  expect(loss).toBeGreaterThan(0);
  expect((await quadratic.loss(start, { inputs: normal(200) })).accuracy).toBeNull();
  // 1ᵀ Q 1 along the vector of ones; the gradient at the examples' mean would be 0.
  expect(product(along, start)).toBeGreaterThan(0);
  expect(gradient).toHaveLength(1);
  await quadratic.dispose();
  expect(await engine.download(engine.upload(Float32Array.of(1), [1]))).toEqual(Float32Array.of(1));
  await engine.dispose();
});

test('the products of quadratic_deep with the unit vectors have the trace of its Hessian', async () => {
  const quadratic = await openProblem(await loadTestProblem('quadratic_deep'), { batchSize: 1 });
  const start = quadratic.problem.initialParameters(1);
  const examples = { inputs: new Float32Array(100) };
  let trace = 0;
  for (let index = 0; index < 100; index++) {
    const unit = new Float32Array(100).fill(1, index, index + 1);
    const { product: column } = await quadratic.hessianVectorProduct(start, examples, [unit]);
    trace += column[0]?.[index] ?? Number.NaN;
  }
  await quadratic.dispose();
  // Of DeepOBS' Hessian from one RandomState(42).
  expect(trace).toBeCloseTo(477.61228, 2);
});

describe('arrays that do not fit are an error of one line', () => {
  const cases: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    [
      'too few parameters',
      () => functions.loss(parameters.slice(1), examples),
      'parameter conv1.weight: found 3 numbers, expected 54',
    ],
    [
      'a parameter that is missing',
      () => functions.loss(parameters.slice(0, 5), examples),
      'parameter dense2.bias: missing, expected 4',
    ],
    [
      'too few inputs',
      () => functions.loss(parameters, { ...examples, inputs: normal(72) }),
      'inputs: found 72 numbers, expected 216',
    ],
    [
      'too many labels',
      () => functions.loss(parameters, { ...examples, labels: [1, 2, 3, 0] }),
      'labels: found 4 numbers, expected 3',
    ],
    ['no labels', () => functions.loss(parameters, { inputs: examples.inputs }), 'labels: missing, expected 3'],
    [
      'a class that does not exist',
      () => functions.loss(parameters, { ...examples, labels: [0, 4, 1] }),
      'labels: found 4 at index 1 of 3, expected whole numbers from 0 to 3',
    ],
    [
      'a negative label',
      () => functions.gradient(parameters, { ...examples, labels: new Int32Array([0, 3, -1]) }),
      'labels: found -1 at index 2 of 3, expected whole numbers from 0 to 3',
    ],
    [
      'the label by which other libraries ignore an example',
      () => functions.loss(parameters, { ...examples, labels: [-100, 3, 1] }),
      'labels: found -100 at index 0 of 3, expected whole numbers from 0 to 3',
    ],
    [
      'a fractional label',
      () => functions.hessianVectorProduct(parameters, { ...examples, labels: [0, 1.7, 1] }, parameters),
      'labels: found 1.7 at index 1 of 3, expected whole numbers from 0 to 3',
    ],
    [
      'a label that is no number',
      () => functions.loss(parameters, { ...examples, labels: Float32Array.of(0, 1, Number.NaN) }),
      'labels: found NaN at index 2 of 3, expected whole numbers from 0 to 3',
    ],
    [
      'a vector that is too short',
      () => functions.hessianVectorProduct(parameters, examples, []),
      'vector conv1.weight: missing, expected 54',
    ],
  ];

  test.each(cases)('%s', async (_, call, message) => {
    const error = await call().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toBe(message);
  });
});
