import { add, cos, multiply, square, subtract } from '../src/tensor/index.js';
import { noisyFunction } from '../src/testproblem/index.js';

const [b, c, t] = [5.1 / (4 * Math.PI ** 2), 5 / Math.PI, 1 / (8 * Math.PI)];

/**
 * Branin's function (v − b u² + c u − 6)² + 10 (1 − t) cos u + 10 with b = 5.1/(4π²), c = 5/π, t = 1/(8π), and noise; minima
 * 0.397887 at (−π, 12.275), (π, 2.275) and (9.42478, 2.475). DeepOBS, TensorFlow line.
 */
export default noisyFunction({
  name: 'two_d_branin',
  description: "Branin's function of two numbers, with noise",
  start: [2.5, 12.5],
  value: (u, v) => {
    const bowl = square(subtract(add(subtract(v, multiply(square(u), b)), multiply(u, c)), 6));
    return add(add(bowl, multiply(cos(u), 10 * (1 - t))), 10);
  },
});
