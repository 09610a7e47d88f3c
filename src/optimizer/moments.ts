import { add, multiply, type Tensor } from '../tensor/index.js';

/** β a + (1 − β) b: one step of an exponential average. */
export function averaged(average: Tensor, next: Tensor, decay: number): Tensor {
  return add(multiply(average, decay), multiply(next, 1 - decay));
}

/** 1 − βᵗ: what an exponential average that starts as 0 is divided by. */
export function correction(decay: number): (t: number) => number {
  return (t) => 1 - decay ** t;
}
