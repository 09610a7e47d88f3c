import { type Shape, sizeOf } from '../tensor/index.js';

/** How DeepOBS draws a parameter, as its sources and the frameworks' documentation state it, written again for comparing. */
export interface InitialRule {
  /** As it is called. */
  readonly name: string;
  /** Variance of a parameter [out, in, …] drawn so; 0 for a constant. */
  readonly variance: (shape: Shape) => number;
  /** E (x − μ)⁴ / variance²; null for a constant. */
  readonly kurtosis: number | null;
  /** Largest |x| in standard deviations; null where there is none. */
  readonly bound: number | null;
  /** Mean: the value itself for a constant. */
  readonly mean: number;
}

const normal = { kurtosis: 3, bound: null, mean: 0 };
const uniform = { kurtosis: 9 / 5, bound: Math.sqrt(3), mean: 0 };
/** A normal distribution cut off at ±2: with Z = 2 Φ(2) − 1, its variance is 1 − 4 φ(2) / Z and E x⁴ = 3 variance − 16 φ(2) / Z. */
const cutVariance = 0.7737413035499232;
const truncated = { kurtosis: 2.3655367171, bound: 2 / Math.sqrt(cutVariance), mean: 0 };

/** 2 / (fan in + fan out) (Glorot & Bengio 2010), for a kernel [out, in, rows, columns] or a matrix [out, in]. */
function glorot([out = 1, into = 1, ...field]: Shape): number {
  return 2 / ((out + into) * sizeOf(field));
}

/** Glorot's normal distribution: PyTorch's `xavier_normal_`. */
export const xavierNormal: InitialRule = { name: 'Xavier normal', variance: glorot, ...normal };

/** Glorot's uniform distribution: PyTorch's `xavier_uniform_`, TensorFlow's `glorot_uniform`. */
export const xavierUniform: InitialRule = { name: 'Xavier uniform', variance: glorot, ...uniform };

/** TensorFlow's `glorot_normal`: cut off at two standard deviations, with Glorot's variance after that. */
export const truncatedXavier: InitialRule = { name: 'Xavier normal, truncated', variance: glorot, ...truncated };

/** N(0, σ²) cut off at 2σ, whose variance is smaller than σ². */
export function truncatedNormal(sigma: number): InitialRule {
  return { name: `normal σ = ${sigma}, truncated`, variance: () => cutVariance * sigma ** 2, ...truncated };
}

/** U(−limit, limit), its name said by what the limit is. */
export function uniformWithin(limit: number, said: string): InitialRule {
  return { name: `uniform ± ${said}`, variance: () => limit ** 2 / 3, ...uniform };
}

/** The same value everywhere. */
export function constant(value: number): InitialRule {
  return { name: String(value), variance: () => 0, kurtosis: null, bound: null, mean: value };
}
