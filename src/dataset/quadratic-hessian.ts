import { MersenneTwister } from '../random/index.js';

const HESSIAN_SEED = 42;

/**
 * The eigenvalues of a quadratic problem. `deep`: 90 % from U(0, 1) and 10 % from U(30, 60), as in a deep network (Chaudhari
 * et al. 2017). The others are exact, with largest eigenvalue 1 and smallest 1 / condition: `linear` and `log` are evenly
 * spaced on a linear and on a logarithmic scale.
 */
export type Spectrum =
  | { readonly kind: 'deep' | 'identity' }
  | { readonly kind: 'linear' | 'log'; readonly condition: number };

/**
 * The Hessian Q of a quadratic problem, [n, n] row-major in float64: Q = Rᵀ diag(λ) R with a random rotation R. Random
 * eigenvalues and then the rotation are drawn from one RandomState(42), as the TensorFlow release of DeepOBS does; without
 * arguments this is quadratic_deep's, with trace 477.61228.
 */
export function quadraticHessian(spectrum: Spectrum = { kind: 'deep' }, dimensions = 100): Float64Array {
  const generator = new MersenneTwister(HESSIAN_SEED);
  const eigenvalues = eigenvaluesOf(spectrum, dimensions, generator);
  const hessian = new Float64Array(dimensions * dimensions);
  if (spectrum.kind === 'identity') {
    for (let i = 0; i < dimensions; i++) hessian[i * dimensions + i] = 1;
    return hessian;
  }
  const rotation = randomRotation(generator, dimensions);
  for (const [k, eigenvalue] of eigenvalues.entries()) {
    const direction = rotation.subarray(k * dimensions, (k + 1) * dimensions);
    for (const [i, left] of direction.entries()) {
      for (const [j, right] of direction.entries()) {
        hessian[i * dimensions + j] = (hessian[i * dimensions + j] as number) + left * eigenvalue * right;
      }
    }
  }
  return hessian;
}

function eigenvaluesOf(spectrum: Spectrum, dimensions: number, generator: MersenneTwister): number[] {
  const spread = (value: (share: number) => number) =>
    Array.from({ length: dimensions }, (_, i) => value(i / (dimensions - 1)));
  switch (spectrum.kind) {
    case 'deep': {
      const small = Math.round(0.9 * dimensions);
      return Array.from({ length: dimensions }, (_, i) =>
        i < small ? generator.uniform(0, 1) : generator.uniform(30, 60),
      );
    }
    case 'identity':
      return spread(() => 1);
    case 'linear':
      return spread((share) => (1 - share) / spectrum.condition + share);
    case 'log':
      return spread((share) => spectrum.condition ** (share - 1));
  }
}

/**
 * A uniformly random rotation, [n, n] row-major, by the subgroup algorithm (Diaconis and Shahshahani 1987): a plane
 * rotation, then for each further dimension a reflection that carries the first unit vector to a random direction.
 */
function randomRotation(generator: MersenneTwister, n: number): Float64Array {
  const angle = 2 * Math.PI * generator.randomSample();
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  let rotation = Float64Array.of(cos, sin, -sin, cos);
  for (let d = 2; d < n; d++) {
    const size = d + 1;
    const x = reflectionAxis(Float64Array.from({ length: size }, () => generator.standardNormal()));
    const next = new Float64Array(size * size);
    next[0] = 1;
    for (let row = 0; row < d; row++) next.set(rotation.subarray(row * d, (row + 1) * d), (row + 1) * size + 1);
    for (let column = 0; column < size; column++) {
      let along = 0;
      for (let row = 0; row < size; row++) along += (x[row] as number) * (next[row * size + column] as number);
      for (let row = 0; row < size; row++) {
        next[row * size + column] = (next[row * size + column] as number) - 2 * (x[row] as number) * along;
      }
    }
    rotation = next;
  }
  return rotation.map((value) => -value);
}

/** The unit vector along e₁ − v / ‖v‖. */
function reflectionAxis(v: Float64Array): Float64Array {
  const axis = v.map((value) => -value / norm(v));
  axis[0] = 1 + (axis[0] as number);
  const length = norm(axis);
  return axis.map((value) => value / length);
}

function norm(v: Float64Array): number {
  return Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
}
