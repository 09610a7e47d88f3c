import { normalArray, type RandomStream, truncatedNormalArray, uniformArray } from '../random/index.js';
import { type Shape, sizeOf } from '../tensor/index.js';

/** Draws the initial values of one parameter. Same stream, same values. */
export type Initialiser = (stream: RandomStream, shape: Shape) => Float32Array;

/** Normal distribution with this standard deviation, truncated at twice of it. */
export function truncatedNormal(std: number): Initialiser {
  return (stream, shape) => truncatedNormalArray(stream, sizeOf(shape), std);
}

/** The same value everywhere. */
export function constantValue(value: number): Initialiser {
  return (_, shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/** Numbers from N(0, std²), for a parameter of any shape. */
export function normalValues(std: number): Initialiser {
  return (stream, shape) => normalArray(stream, sizeOf(shape), std);
}

/** U(−limit, limit). */
export function uniformValues(limit: number): Initialiser {
  return (stream, shape) => uniformArray(stream, sizeOf(shape), -limit, limit);
}

/** N(0, 2 / (fan in + fan out)) (Glorot & Bengio 2010). */
export function xavierNormal(): Initialiser {
  return (stream, shape) => normalArray(stream, sizeOf(shape), Math.sqrt(2 / fans(shape)));
}

/**
 * A normal distribution that is truncated at twice its standard deviation and has the variance 2 / (fan in + fan out) after
 * that: TensorFlow's `glorot_normal`.
 */
export function truncatedXavierNormal(): Initialiser {
  return (stream, shape) => truncatedNormalArray(stream, sizeOf(shape), Math.sqrt(2 / fans(shape)) / TRUNCATED_STD);
}

/** Standard deviation of a standard normal distribution that is truncated at ±2. */
const TRUNCATED_STD = 0.8796256610342398;

/** U(−a, a) with a = √(6 / (fan in + fan out)) (Glorot & Bengio 2010). */
export function xavierUniform(): Initialiser {
  return (stream, shape) => {
    const limit = Math.sqrt(6 / fans(shape));
    return uniformArray(stream, sizeOf(shape), -limit, limit);
  };
}

/** Fan in plus fan out of a kernel [out, in, …]: channels times the receptive field. */
function fans([out = 1, into = 1, ...field]: Shape): number {
  return (out + into) * sizeOf(field);
}
