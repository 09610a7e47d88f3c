import { add, multiply, square, subtract, type Tensor } from '../src/tensor/index.js';
import { noisyFunction } from '../src/testproblem/index.js';

/**
 * Beale's function (1.5 − u + uv)² + (2.25 − u + uv²)² + (2.625 − u + uv³)² with noise; minimum 0 at (3, 0.5). DeepOBS,
 * TensorFlow line.
 */
export default noisyFunction({
  name: 'two_d_beale',
  description: "Beale's function of two numbers, with noise",
  start: [-4.5, 4.5],
  value: (u, v) => {
    const term = (offset: number, power: Tensor) => square(add(subtract(offset, u), multiply(u, power)));
    return add(add(term(1.5, v), term(2.25, square(v))), term(2.625, multiply(square(v), v)));
  },
});
