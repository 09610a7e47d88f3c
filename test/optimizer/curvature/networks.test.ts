import { describe, expect, test } from 'vitest';
import { randomStream } from '../../../src/random/index.js';
import { gradients, hessianVectorProduct, input, program, simplify, sizeOf } from '../../../src/tensor/index.js';
import { inputNames, loadTestProblem } from '../../../src/testproblem/index.js';
import { runProgram } from '../../oracle/reference-engine.js';

/** Step of the central difference: small enough for its square, large enough for float64. */
const STEP = 1e-5;

describe.each([
  ['mnist_mlp', 2],
  ['fmnist_2c2d', 1],
  ['cifar10_3c3d', 1],
])('%s', (name, batchSize) => {
  test('Hessian-vector products agree with central differences of gradients, in float64', async () => {
    const problem = await loadTestProblem(name);
    const { parameters, loss } = problem.build(batchSize, { l2Reg: problem.defaults.l2Reg ?? 0 });
    const stream = randomStream(7, 'network', name);
    const normal = (size: number) => Float64Array.from({ length: size }, () => stream.normal());
    const initial = problem.initialParameters(3).map((values) => Float64Array.from(values));
    const direction = initial.map(({ length }) => normal(length));
    const length = Math.hypot(...direction.map((values) => Math.hypot(...chunks(values))));
    for (const values of direction) for (const index of values.keys()) values[index] = (values[index] ?? 0) / length;
    const batch = {
      [inputNames.inputs]: normal(batchSize * sizeOf(problem.inputShape)),
      [inputNames.labels]: Int32Array.from({ length: batchSize }, () => stream.integer(10)),
    };
    const named = (prefix: string, values: readonly Float64Array[]) =>
      Object.fromEntries(
        problem.parameters.map((parameter, index) => [prefix + parameter.name, values[index] ?? new Float64Array()]),
      );
    const gradient = gradients(loss, parameters);
    const outputs = (prefix: string, tensors: typeof parameters) =>
      Object.fromEntries(tensors.map((tensor, index) => [`${prefix}${index}`, tensor]));
    const gradientProgram = simplify(program(outputs('g', gradient)));
    const vectors = problem.parameters.map((parameter) => input(`vector/${parameter.name}`, parameter.shape));
    const productProgram = simplify(program(outputs('h', hessianVectorProduct(gradient, parameters, vectors))));

    const at = (shift: number) =>
      runProgram(gradientProgram, {
        ...batch,
        ...named(
          inputNames.parameter(''),
          initial.map((values, layer) =>
            values.map((value, index) => value + shift * (direction[layer]?.[index] ?? 0)),
          ),
        ),
      });
    const [ahead, behind] = [at(STEP), at(-STEP)];
    const products = runProgram(productProgram, {
      ...batch,
      ...named(inputNames.parameter(''), initial),
      ...named('vector/', direction),
    });
    let [squared, reference] = [0, 0];
    for (const layer of parameters.keys()) {
      const [h, a, b] = [products[`h${layer}`], ahead[`g${layer}`], behind[`g${layer}`]];
      if (!h || !a || !b) throw new Error(`no layer ${layer}`);
      for (const [index, value] of h.entries()) {
        const expected = ((a[index] ?? 0) - (b[index] ?? 0)) / (2 * STEP);
        squared += (value - expected) ** 2;
        reference += expected ** 2;
      }
    }
    expect(reference).toBeGreaterThan(0);
    expect(Math.sqrt(squared / reference)).toBeLessThan(1e-6);
  });
});

/** The lengths of pieces: `Math.hypot` takes its numbers as arguments. */
function chunks(values: Float64Array): number[] {
  const lengths: number[] = [];
  for (let start = 0; start < values.length; start += 1000)
    lengths.push(Math.hypot(...values.slice(start, start + 1000)));
  return lengths;
}
