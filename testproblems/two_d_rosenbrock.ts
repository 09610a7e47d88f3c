import { add, multiply, square, subtract } from '../src/tensor/index.js';
import { noisyFunction } from '../src/testproblem/index.js';

/** Rosenbrock's function (1 − u)² + 100 (v − u²)² with noise; minimum 0 at (1, 1). DeepOBS, TensorFlow line. */
export default noisyFunction({
  name: 'two_d_rosenbrock',
  description: "Rosenbrock's function of two numbers, with noise",
  start: [-0.5, 1.5],
  value: (u, v) => add(square(subtract(1, u)), multiply(square(subtract(v, square(u))), 100)),
});
