import { expect } from 'vitest';
import type { Engine } from '../../src/engine/index.js';

/** What is uploaded comes back as it was, in its type; integers and truth values as Int32Array. */
export async function expectValuesComeBack(engine: Engine): Promise<void> {
  for (const [data, dtype] of [
    [Float32Array.of(1, -2, 3, 4), 'float'],
    [Float64Array.of(1, 0.5, -0.25, 8), 'float'],
    [Int32Array.of(1, -2, 3, 2 ** 31 - 1), 'int'],
    [Int32Array.of(0, 1, 1, 0), 'bool'],
  ] as const) {
    const value = engine.upload(data, [2, 2], dtype);
    expect(value).toMatchObject({ shape: [2, 2], dtype });
    const back = await engine.download(value);
    expect(back).toBeInstanceOf(dtype === 'float' ? Float32Array : Int32Array);
    expect([...back]).toEqual([...data]);
  }
}
