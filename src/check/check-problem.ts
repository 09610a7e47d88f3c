import { datasetDefinition } from '../dataset/index.js';
import type { Engine } from '../engine/index.js';
import { openReferenceEngine } from '../engine/reference/engine.js';
import { at } from '../expect.js';
import { randomStream } from '../random/index.js';
import { checkFit } from '../run/problem-data.js';
import { type Examples, openProblem } from '../run/problem-functions.js';
import { nodesOf, program, sizeOf, TensorOrigins } from '../tensor/index.js';
import type { TestProblem } from '../testproblem/index.js';
import type { UserCode } from '../user-file/user-code.js';
import { AHEAD, ChangingValues } from './changing-values.js';
import { checkDerivatives, derivativeBatch } from './check-derivatives.js';
import { type Finding, finding } from './finding.js';

const SEED = 42;
/** Relative, of single beside double precision. */
const SINGLE = 1e-2;

/** Looks at a test problem: data, shapes, initial values, single precision, and derivatives against differences. */
export async function checkProblem(problem: TestProblem, code: UserCode, engine: Engine): Promise<readonly Finding[]> {
  const placeOf = (...properties: readonly string[]) =>
    properties.map((property) => code.placeOfProperty(property)).find((place) => place !== null) ?? code.file;
  const loss = placeOf('loss', 'model', 'network');
  const fits = async () => {
    try {
      checkFit(problem, problem.ownDataset ?? datasetDefinition(problem.dataset));
    } catch (error) {
      throw new Error(`${placeOf('inputShape', 'dataset')}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const size = derivativeBatch(problem);
  const findings = [
    await finding('it fits its data set', fits),
    await finding('it can be built for batches of several sizes, for training and for evaluation', () => {
      for (const batch of new Set([size, size + 1, problem.defaults.batchSize])) {
        for (const mode of ['train', 'eval'] as const) checkBuilt(problem, code, loss, batch, mode);
      }
    }),
    await finding('its initial values are finite, and the same for the same seed', () =>
      checkInitial(problem, code, placeOf('initial')),
    ),
  ];
  if (findings.some(({ fault }) => fault !== null)) return findings;
  const examples = examplesOf(problem, size);
  findings.push(
    await finding('its loss and gradient are finite and the same for the same batch, also in single precision', () =>
      checkPrecision(problem, size, examples, loss, engine),
    ),
  );
  return [...findings, ...(await checkDerivatives(problem, examples, loss))];
}

function checkBuilt(problem: TestProblem, code: UserCode, place: string, size: number, mode: 'train' | 'eval'): void {
  const origins = new TensorOrigins((error) => code.place(error));
  const { loss, accuracy, metrics } = origins.during(() => problem.build(size, { mode }));
  for (const [name, tensor] of Object.entries({ loss, ...(accuracy === null ? {} : { accuracy }), ...metrics })) {
    if (typeof tensor !== 'object' || !('operation' in tensor)) {
      throw new Error(
        `${place}: its ${name} is ${String(tensor)}, expected a tensor; use tensor.mean, tensor.add, … and no Math`,
      );
    }
    if (tensor.shape.length !== 0)
      throw new Error(
        `its ${name} has the shape [${tensor.shape}], expected a scalar${origins.suffix(tensor) || ` (${place})`}`,
      );
  }
  const nan = nodesOf([loss]).find(
    ({ operation, attributes }) => operation.name === 'constant' && Number.isNaN(attributes.value),
  );
  if (nan !== undefined) throw new Error(`the number NaN is part of its loss${origins.suffix(nan) || ` (${place})`}`);
  const made = program({ loss });
  const unused = problem.parameters.find(({ name }) => !made.inputs.has(`parameter/${name}`));
  if (unused !== undefined) throw new Error(`${place}: its loss does not depend on the parameter ${unused.name}`);
}

async function checkInitial(problem: TestProblem, code: UserCode, place: string): Promise<void> {
  const changing = new ChangingValues(code);
  const first = await changing.during(async () => problem.initialParameters(SEED));
  const second = await changing.during(async () => problem.initialParameters(SEED), AHEAD);
  for (const [index, { name, shape }] of problem.parameters.entries()) {
    const values = at(first, index);
    if (values.length !== sizeOf(shape)) {
      throw new Error(
        `${place}: the initial values of ${name} are ${values.length}, expected ${sizeOf(shape)} for [${shape}]`,
      );
    }
    if (!values.every(Number.isFinite)) throw new Error(`${place}: the initial values of ${name} are not all finite`);
    if (!values.every((value, i) => value === second[index]?.[i])) {
      throw new Error(
        `${place}: the initial values of ${name} differ from call to call; draw them from the stream, not by Math.random${changing.suffix}`,
      );
    }
  }
}

function examplesOf(problem: TestProblem, size: number): Examples {
  const stream = randomStream(SEED, 'check examples');
  const count = size * sizeOf(problem.inputShape);
  const tokens = problem.inputType === 'int';
  const vocabulary = problem.vocabulary ?? 2;
  return {
    inputs: tokens
      ? Int32Array.from({ length: count }, () => stream.integer(vocabulary))
      : Float32Array.from({ length: count }, () => stream.normal()),
    labels: problem.hasLabels
      ? Int32Array.from({ length: size * sizeOf(problem.labelShape) }, () => stream.integer(problem.classes ?? 2))
      : null,
  };
}

/** On the engine that trains, in single precision, beside the reference in double precision. */
async function checkPrecision(
  problem: TestProblem,
  batchSize: number,
  examples: Examples,
  place: string,
  engine: Engine,
): Promise<void> {
  const at = problem.initialParameters(SEED);
  const functions = await openProblem(problem, { engine, batchSize });
  const [first, second] = [await functions.gradient(at, examples), await functions.gradient(at, examples)];
  if (!Number.isFinite(first.loss)) throw new Error(`${place}: its loss on random examples is ${first.loss}`);
  if (first.loss !== second.loss)
    throw new Error(`${place}: its loss is ${first.loss}, and computed again ${second.loss}`);
  const reference = await (await openProblem(problem, { engine: openReferenceEngine(), batchSize })).gradient(
    at,
    examples,
  );
  let [off, size] = [0, 0];
  for (const [index, exact] of reference.gradient.entries()) {
    for (const [i, value] of exact.entries()) {
      off += (value - (first.gradient[index]?.[i] ?? Number.NaN)) ** 2;
      size += value ** 2;
    }
  }
  if (off <= SINGLE ** 2 * size + 1e-12) return;
  const part = Number.isFinite(off) ? `off by ${(100 * Math.sqrt(off / size)).toPrecision(3)} %` : 'not finite';
  throw new Error(
    `${place}: in single precision its gradient is ${part}; is there an exp of large numbers, or a difference of nearly equal ones? tensor.logSoftmax, tensor.softplus and the losses of probprec do without`,
  );
}
