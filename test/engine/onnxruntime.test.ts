import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, uploadScalar } from '../../src/engine/index.js';
import { openOnnxEngine } from '../../src/engine/onnxruntime/engine.js';
import { probeBlockSize } from '../../src/engine/onnxruntime/probe.js';
import { EngineError } from '../../src/errors.js';
import * as t from '../../src/tensor/index.js';
import { loadTestProblem } from '../../src/testproblem/index.js';
import { relativeDistance } from '../contract/engine-case.js';
import { train } from '../contract/engine-training.js';
import { expectValuesComeBack } from '../contract/engine-values.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { messageOf } from './message-of.js';

let engine: Engine;
beforeEach(async () => {
  engine = await openOnnxEngine({ threads: 1 });
});
afterEach(() => engine.dispose());

const x = t.input('x', [2, 2]);
const numbers = Float32Array.of(1, -2, 3, 4);

describe('compiling', () => {
  test('happens once for equal programs, which are named and fed on their own', async () => {
    const first = await engine.compile(t.program({ y: t.square(x) }));
    const again = await engine.compile(t.program({ y: t.square(t.input('x', [2, 2])) }));
    const other = await engine.compile(t.program({ z: t.square(x) }));
    expect(first.compileSeconds).toBeGreaterThan(0);
    expect(again.compileSeconds).toBe(0);
    expect(other.compileSeconds).toBeGreaterThan(0);
    const { y } = await again.run({ x: engine.upload(numbers, [2, 2]) });
    expect(await engine.download(y ?? fail())).toEqual(Float32Array.of(1, 4, 9, 16));
  });

  test('happens once, too, when equal programs are compiled at the same time', async () => {
    const subject = t.program({ y: t.exp(x) });
    const executables = await Promise.all([engine.compile(subject), engine.compile(subject)]);
    expect(executables.map(({ compileSeconds }) => compileSeconds > 0)).toEqual([true, false]);
  });
});

describe('values', () => {
  test('come back as they were uploaded, in their type', async () => {
    await expectValuesComeBack(engine);
  });

  test('stay valid while later runs use the same program', async () => {
    const executable = await engine.compile(t.program({ y: t.add(x, 1) }));
    const { y: first = fail() } = await executable.run({ x: engine.upload(numbers, [2, 2]) });
    const { y: second = fail() } = await executable.run({ x: first });
    await executable.run({ x: second });
    expect(await engine.download(first)).toEqual(Float32Array.of(2, -1, 4, 5));
    expect(await engine.download(second)).toEqual(Float32Array.of(3, 0, 5, 6));
  });

  test('that are no numbers have no sign', async () => {
    const executable = await engine.compile(t.program({ y: t.sign(x) }));
    const { y } = await executable.run({ x: engine.upload(Float32Array.of(Number.NaN, 2, -3, Number.NaN), [2, 2]) });
    expect(await engine.download(y ?? fail())).toEqual(Float32Array.of(Number.NaN, 1, -1, Number.NaN));
  });

  // Large enough for the engine to use their memory again.
  const large = t.input('large', [150, 150]);
  const filled = (value: number) => new Float32Array(150 * 150).fill(value);

  test('that are spent give their memory to later results and to no others', async () => {
    const executable = await engine.compile(
      t.program({ a: t.add(large, 1), b: t.add(large, 1), c: t.multiply(large, 2), same: large }),
    );
    const data = filled(3);
    const start = engine.upload(data, [150, 150]);
    let values = await executable.run({ large: start });
    const kept = values.c ?? fail();
    for (let step = 0; step < 5; step++) {
      const { a = fail(), b = fail(), same = fail() } = values;
      values = await executable.run({ large: a }, [a, b, same, a, start]);
    }
    expect(await engine.download(values.a ?? fail())).toEqual(filled(9));
    expect(await engine.download(values.b ?? fail())).toEqual(filled(9));
    expect(await engine.download(values.c ?? fail())).toEqual(filled(16));
    expect(await engine.download(values.same ?? fail())).toEqual(filled(8));
    expect(await engine.download(kept)).toEqual(filled(6));
    expect(data).toEqual(filled(3));
    expect(await engine.download(start)).toEqual(filled(3));
  });

  test('that are spent cannot be used any more', async () => {
    const executable = await engine.compile(t.program({ y: t.add(large, 1) }));
    const { y = fail() } = await executable.run({ large: engine.upload(filled(1), [150, 150]) });
    await executable.run({ large: y }, [y]);
    await expect(engine.download(y)).rejects.toThrow(EngineError);
    await expect(executable.run({ large: y })).rejects.toThrow('spent');
  });

  test('that were downloaded leave a copy, whatever becomes of them', async () => {
    const executable = await engine.compile(t.program({ y: t.add(large, 1) }));
    const { y = fail() } = await executable.run({ large: engine.upload(filled(1), [150, 150]) });
    const copy = await engine.download(y);
    const { y: next = fail() } = await executable.run({ large: y }, [y]);
    await executable.run({ large: next });
    expect(copy).toEqual(filled(2));
    copy.fill(0);
    expect(await engine.download(next)).toEqual(filled(3));
  });
});

describe('wrong use is an EngineError of one line', () => {
  test('numbers that do not fill the shape', async () => {
    expect(await messageOf(() => engine.upload(numbers, [3, 2]))).toBe(
      'upload: 4 numbers do not fill the shape [3, 2]',
    );
    expect(await messageOf(() => engine.upload(numbers, []))).toBe('upload: 4 numbers do not fill the shape []');
  });

  test("another engine's value", async () => {
    const foreign = openReferenceEngine().upload(numbers, [2, 2]);
    const executable = await engine.compile(t.program({ y: t.square(x) }));
    expect(await messageOf(() => executable.run({ x: foreign }))).toBe('the value belongs to another engine');
    expect(await messageOf(() => engine.download(foreign))).toBe('the value belongs to another engine');
  });

  test('an input that is not fed; more than is needed is no error', async () => {
    const executable = await engine.compile(t.program({ y: t.square(x) }));
    expect(await messageOf(() => executable.run({}))).toBe('run: the input x was not fed');
    const { y = fail() } = await executable.run({ x: engine.upload(numbers, [2, 2]), z: uploadScalar(engine, 1) });
    expect(y.shape).toEqual([2, 2]);
  });

  test('a value of another shape or type', async () => {
    const executable = await engine.compile(t.program({ y: t.square(x) }));
    await expect(executable.run({ x: engine.upload(numbers, [4]) })).rejects.toThrow(/\bx\b/);
    await expect(executable.run({ x: engine.upload(numbers, [4, 1]) })).rejects.toThrow(/\bx\b/);
    await expect(executable.run({ x: engine.upload(Int32Array.of(1, 2, 3, 4), [2, 2]) })).rejects.toThrow(/float/);
  });

  test('a device whose library is not there', async () => {
    expect(await messageOf(() => openOnnxEngine({ device: 'cuda' }))).toMatch(
      /^device cuda: (libonnxruntime_providers_cuda.so is missing; .*install\.js|found \w+ \w+, expected linux x64)/,
    );
  });
});

describe('an engine', () => {
  test('says what it is', async () => {
    expect(engine.record).toMatchObject({ name: 'onnxruntime', device: 'cpu', threads: 1 });
    expect(engine.record.version).toMatch(/^\d+\.\d+\.\d+/);
    expect([0, 8, 16]).toContain(await probeBlockSize());
    expect(engine.record.details.blockSize).toBe(await probeBlockSize());
  });

  test('can be disposed twice, and frees its sessions', async () => {
    const subject = t.program({ y: t.square(x) });
    await engine.compile(subject);
    await engine.dispose();
    await engine.dispose();
    expect((await engine.compile(subject)).compileSeconds).toBeGreaterThan(0);
  });
});

describe('the same training', () => {
  const trainings = [
    { name: 'cifar10_3c3d', batchSize: 8 },
    { name: 'fmnist_2c2d', batchSize: 8 },
    { name: 'mnist_mlp', batchSize: 32 },
    { name: 'quadratic_deep', batchSize: 128 },
  ];

  async function trained(name: string, batchSize: number, threads: number): Promise<ArrayLike<number>[]> {
    const own = await openOnnxEngine({ threads });
    const momentum = { optimizer: 'momentum', hyperparameters: { lr: 0.01, momentum: 0.9 }, steps: 3 };
    const { losses, arrays } = await train(own, { problem: await loadTestProblem(name), batchSize, ...momentum });
    await own.dispose();
    return [losses, ...Object.values(arrays)];
  }

  function distance(found: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): number {
    return Math.max(...expected.map((numbers, index) => relativeDistance(found[index], numbers)));
  }

  // The matrix products of ONNX Runtime sum in another order when more threads share a product.
  test.each(trainings)('gives the same bits twice, and other rounding with other threads: $name', async (training) => {
    const { name, batchSize } = training;
    const one = await trained(name, batchSize, 1);
    expect(distance(await trained(name, batchSize, 1), one)).toBe(0);
    const two = await trained(name, batchSize, 2);
    expect(distance(await trained(name, batchSize, 2), two)).toBe(0);
    expect(distance(two, one)).toBeLessThan(1e-5);
  });
});

function fail(): never {
  throw new Error('the engine returned no such output');
}
