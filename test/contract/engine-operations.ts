import { randomStream } from '../../src/random/index.js';
import * as t from '../../src/tensor/index.js';
import { derivativeTable } from '../tensor/derivative-table.js';
import { normal, type Sample } from '../tensor/sampling.js';
import { layerTable } from '../testproblem/layer-table.js';
import { type EngineCase, engineCase, tolerances } from './engine-case.js';

/** All derivatives with respect to all variables as one vector, so that its norm is that of the whole. */
function joined(tensors: readonly t.Tensor[]): t.Tensor {
  return t.concatenate(
    tensors.map((tensor) => t.reshape(tensor, [t.sizeOf(tensor.shape)])),
    0,
  );
}

/**
 * A sample's value, and the gradient and Hessian-vector product of Σ cᵢ f(x)ᵢ + Σ dᵢ f(x)ᵢ² with random c, d and
 * direction, as two programs: what is an output cannot be fused away.
 */
function casesOf(name: string, { variables, feeds, result }: Sample, seed: number): EngineCase[] {
  const random = randomStream(seed, 'scalar of', name);
  const size = t.sizeOf(result.shape);
  const linear = t.dot(result, t.input('linear', result.shape));
  const value = t.add(linear, t.dot(t.square(result), t.input('quadratic', result.shape)));
  const gradients = t.gradients(value, variables);
  const directions = variables.map(({ shape }, index) => t.input(`direction ${index}`, shape));
  const products = t.hessianVectorProduct(gradients, variables, directions);
  const drawn = Object.fromEntries(
    variables.map(({ shape }, index) => [`direction ${index}`, normal(random, t.sizeOf(shape))]),
  );
  return [
    engineCase(name, { value: result }, feeds, { floor: () => 1 }),
    engineCase(
      name,
      { gradient: joined(gradients), product: joined(products) },
      { ...feeds, linear: normal(random, size), quadratic: normal(random, size), ...drawn },
      { tolerance: (output) => (output === 'product' ? tolerances.second : tolerances.gradient), floor: () => 1 },
    ),
  ];
}

/** Every operation and every layer with its first and second derivatives, at random shapes. */
export function operationCases(seed: number): { readonly name: string; readonly cases: readonly EngineCase[] }[] {
  const rows = [
    ...derivativeTable,
    ...layerTable.map(({ name, engineSamples }) => ({ name: `the layer ${name}`, samples: engineSamples })),
  ];
  return rows.map((row) => ({
    name: row.name,
    cases: row
      .samples(randomStream(seed, row.name))
      .flatMap((sample, index) => casesOf(`seed ${seed}, ${row.name}, sample ${index}`, sample, seed)),
  }));
}
