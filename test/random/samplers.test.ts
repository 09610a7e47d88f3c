import { describe, expect, it } from 'vitest';
import {
  fillBernoulli,
  fillUniform,
  normalArray,
  randomStream,
  truncatedNormalArray,
  uniformArray,
} from '../../src/random/index.js';

function moments(values: Float32Array): { mean: number; std: number; largest: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, std: Math.sqrt(variance), largest: values.reduce((top, x) => Math.max(top, Math.abs(x)), 0) };
}

const N = 200_000;

describe('samplers', () => {
  it('uniformArray covers [low, high]', () => {
    const values = uniformArray(randomStream(1, 'u'), N, -3, 5);
    const { mean, std } = moments(values);
    expect(Math.abs(mean - 1)).toBeLessThan((5 * 8) / Math.sqrt(12 * N));
    expect(std).toBeCloseTo(8 / Math.sqrt(12), 1);
    expect(values.every((x) => x >= -3 && x <= 5)).toBe(true);
  });

  it('normalArray has mean 0 and the given standard deviation', () => {
    const { mean, std, largest } = moments(normalArray(randomStream(1, 'n'), N, 0.3));
    expect(Math.abs(mean)).toBeLessThan((5 * 0.3) / Math.sqrt(N));
    expect(Math.abs(std / 0.3 - 1)).toBeLessThan(5 / Math.sqrt(2 * N));
    expect(largest).toBeGreaterThan(3 * 0.3);
  });

  it('truncatedNormalArray stays within two sigma and has 0.8796 of the standard deviation', () => {
    const { mean, std, largest } = moments(truncatedNormalArray(randomStream(1, 't'), N, 0.05));
    expect(Math.abs(mean)).toBeLessThan((5 * 0.044) / Math.sqrt(N));
    // /usr/bin/python3: from math import *; phi=exp(-2)/sqrt(2*pi); sqrt(1-4*phi/erf(sqrt(2)))  → 0.87962566103423978
    expect(Math.abs(std / (0.05 * 0.8796256610342398) - 1)).toBeLessThan(0.006);
    expect(largest).toBeLessThanOrEqual(Math.fround(0.1));
    expect(largest).toBeGreaterThan(0.0999);
  });

  it('gives the same float32 numbers for the same stream', () => {
    expect(normalArray(randomStream(2, 'w', 0), 7, 1)).toEqual(normalArray(randomStream(2, 'w', 0), 7, 1));
    expect(normalArray(randomStream(2, 'w', 0), 7, 1)).not.toEqual(normalArray(randomStream(2, 'w', 1), 7, 1));
  });
});

describe('filling arrays', () => {
  it('fillUint32 gives what as many single numbers give, and the stream goes on after them', () => {
    const [filled, single] = [randomStream(3, 'fill'), randomStream(3, 'fill')];
    const values = new Uint32Array(1000);
    filled.fillUint32(values);
    expect([...values]).toEqual(Array.from({ length: 1000 }, () => single.uint32()));
    expect(filled.uint32()).toBe(single.uint32());
  });

  it('fillBernoulli and fillUniform follow the same integers, over several chunks', () => {
    const [bits, masks, numbers] = [new Uint32Array(10_000), new Float32Array(10_000), new Float32Array(10_000)];
    randomStream(3, 'fill').fillUint32(bits);
    fillBernoulli(randomStream(3, 'fill'), masks, 0.25, 4);
    fillUniform(randomStream(3, 'fill'), numbers);
    expect([...masks]).toEqual([...bits].map((value) => (value < 2 ** 30 ? 4 : 0)));
    expect([...numbers]).toEqual([...bits].map((value) => Math.floor(value / 256) / 2 ** 24));
  });

  it('fillBernoulli keeps everything or nothing where it is certain', () => {
    const values = new Float32Array(5000);
    fillBernoulli(randomStream(3, 'all'), values, 1, 2);
    expect(new Set(values)).toEqual(new Set([2]));
    fillBernoulli(randomStream(3, 'none'), values, 0, 2);
    expect(new Set(values)).toEqual(new Set([0]));
  });
});
