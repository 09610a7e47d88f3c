import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, uploadScalar } from '../../src/engine/index.js';
import { describeTfjs, openTfjsEngine } from '../../src/engine/tfjs/index.js';
import { interpret } from '../../src/engine/tfjs/interpret.js';
import type { Tfjs } from '../../src/engine/tfjs/library.js';
import { lower } from '../../src/engine/tfjs/lower.js';
import { PlanBuilder } from '../../src/engine/tfjs/plan.js';
import { EngineError } from '../../src/errors.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { TrainingLoop } from '../../src/run/loop.js';
import { openData } from '../../src/run/open.js';
import * as t from '../../src/tensor/index.js';
import { loadTestProblem } from '../../src/testproblem/index.js';
import { expectValuesComeBack } from '../contract/engine-values.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { messageOf } from './message-of.js';

// What the engine declares of TensorFlow.js is what TensorFlow.js declares.
const library: Tfjs = tf;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Tensors that exist when every value that nobody holds has been collected. */
async function liveTensors(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    collectGarbage();
    await nextTurn();
  }
  return library.memory().numTensors;
}

let engine: Engine;
beforeEach(async () => {
  engine = await openTfjsEngine('tfjs-cpu');
});
afterEach(() => engine.dispose());

const x = t.input('x', [2, 2]);
const numbers = Float32Array.of(1, -2, 3, 4);
const fail = (): never => {
  throw new Error('an output is missing');
};

test('an engine says what it is, and what it is in words', async () => {
  expect(engine.record).toMatchObject({ name: 'tfjs-cpu', device: 'cpu', threads: 1, version: tf.version_core });
  expect(await describeTfjs('tfjs-cpu')).toEqual({
    name: 'tfjs-cpu',
    device: 'cpu',
    installed: true,
    usable: true,
    reason: 'plain JavaScript on one thread: a slow reference',
    version: tf.version_core,
    default: false,
  });
});

test('compiling happens once for equal programs', async () => {
  const first = await engine.compile(t.program({ y: t.square(x) }));
  const again = await engine.compile(t.program({ y: t.square(t.input('x', [2, 2])) }));
  expect(first.compileSeconds).toBeGreaterThan(0);
  expect(again.compileSeconds).toBe(0);
  const { y = fail() } = await again.run({ x: engine.upload(numbers, [2, 2]) });
  expect(await engine.download(y)).toEqual(Float32Array.of(1, 4, 9, 16));
});

test("runs on its own backend when another one is TensorFlow.js' current one", async () => {
  tf.registerBackend('another', () => new tf.KernelBackend());
  const executable = await engine.compile(t.program({ y: t.add(t.square(x), 1) }));
  await tf.setBackend('another');
  const { y = fail() } = await executable.run({ x: engine.upload(numbers, [2, 2]) });
  expect(await engine.download(y)).toEqual(Float32Array.of(2, 5, 10, 17));
});

describe('values', () => {
  test('come back as they were uploaded, in their type', async () => {
    await expectValuesComeBack(engine);
  });

  test('that were cast from truth values are floating-point numbers', async () => {
    const executable = await engine.compile(t.program({ y: t.toFloat(t.greater(x, 0)) }));
    const { y = fail() } = await executable.run({ x: engine.upload(numbers, [2, 2]) });
    expect(await engine.download(y)).toEqual(Float32Array.of(1, 0, 1, 1));
  });

  test('that are handed back as spent are gone at once; the others stay', async () => {
    const executable = await engine.compile(t.program({ a: t.add(x, 1), b: t.add(x, 1), same: x }));
    const start = engine.upload(numbers, [2, 2]);
    const first = await executable.run({ x: start });
    // What tests before this one left behind is collected now, and not while this one counts.
    const before = await liveTensors();
    const { a = fail(), b = fail(), same = fail() } = first;
    const second = await executable.run({ x: a }, [a, b, a, start]);
    // Three new values, three old ones.
    expect(library.memory().numTensors).toBe(before);
    expect(await engine.download(same)).toEqual(numbers);
    expect(await engine.download(second.a ?? fail())).toEqual(Float32Array.of(3, 0, 5, 6));
    await expect(engine.download(a)).rejects.toThrow(EngineError);
    await expect(executable.run({ x: b })).rejects.toThrow('spent');
  });

  test('that were downloaded leave a copy', async () => {
    const data = numbers.slice();
    const value = engine.upload(data, [2, 2]);
    const copy = await engine.download(value);
    copy.fill(0);
    expect(await engine.download(value)).toEqual(numbers);
  });
});

describe('wrong use is an EngineError of one line', () => {
  test('numbers that do not fill the shape', async () => {
    const message = 'upload: 4 numbers do not fill the shape [3, 2]';
    expect(await messageOf(() => engine.upload(numbers, [3, 2]))).toBe(message);
  });

  test("another engine's value", async () => {
    const foreign = openReferenceEngine().upload(numbers, [2, 2]);
    const executable = await engine.compile(t.program({ y: t.square(x) }));
    expect(await messageOf(() => executable.run({ x: foreign }))).toBe('the value belongs to another engine');
    expect(await messageOf(() => engine.download(foreign))).toBe('the value belongs to another engine');
  });

  test('an input that is not fed, or with another shape or type; more than is needed is no error', async () => {
    const executable = await engine.compile(t.program({ y: t.square(x) }));
    expect(await messageOf(() => executable.run({}))).toBe('run: the input x was not fed');
    const flat = engine.upload(numbers, [4]);
    expect(await messageOf(() => executable.run({ x: flat }))).toBe(
      'run: the input x is [4] float, expected [2, 2] float',
    );
    const integers = engine.upload(Int32Array.of(1, 2, 3, 4), [2, 2]);
    expect(await messageOf(() => executable.run({ x: integers }))).toMatch(/\[2, 2\] int, expected \[2, 2\] float/);
    await executable.run({ x: engine.upload(numbers, [2, 2]), z: uploadScalar(engine, 1) });
  });
});

describe('plans', () => {
  const gradientsOf = async (name: string) => {
    const { loss, parameters } = (await loadTestProblem(name)).build(4);
    const gradients = t.gradients(loss, parameters);
    return t.simplify(t.program(Object.fromEntries(gradients.map((gradient, index) => [`${index}`, gradient]))));
  };

  test.each([
    // Each kernel and its gradient, and the image and its gradient where the dense layers begin; the first image has one
    // channel, so that it lies channels-last as it is.
    { name: 'fmnist_2c2d', transposes: 2 * 2 + 2 },
    // One more convolution, and an image of three channels.
    { name: 'cifar10_3c3d', transposes: 2 * 3 + 2 + 1 },
    { name: 'mnist_mlp', transposes: 0 },
  ])('of the gradients of $name transpose $transposes times', async ({ name, transposes }) => {
    const { calls } = lower(await gradientsOf(name), { weightGradientKernel: true });
    expect(calls.filter(({ kernel }) => kernel === 'Transpose')).toHaveLength(transposes);
  });

  test('dispose each tensor once, after its last use, and keep their outputs', async () => {
    const { calls, outputs, inputs, constants } = lower(await gradientsOf('fmnist_2c2d'), {
      weightGradientKernel: false,
    });
    const outside = new Set([...inputs.values(), ...constants.map(({ slot }) => slot)]);
    const live = new Set<number>();
    for (const { inputs: used, output, spent } of calls) {
      for (const slot of Object.values(used)) expect(live.has(slot) || outside.has(slot)).toBe(true);
      live.add(output);
      for (const slot of spent) expect(live.delete(slot)).toBe(true);
    }
    expect(live).toEqual(new Set(outputs.values()));
  });

  test('do nothing twice and nothing in vain', () => {
    const builder = new PlanBuilder();
    const slot = builder.input('x');
    const first = builder.call('Exp', { x: slot });
    expect(builder.call('Exp', { x: slot })).toBe(first);
    builder.call('Log', { x: first });
    builder.output('y', first);
    builder.output('z', first);
    const { calls } = builder.build();
    expect(calls.map(({ kernel }) => kernel)).toEqual(['Exp', 'Identity']);
  });

  test('leave nothing behind when a kernel fails', async () => {
    const builder = new PlanBuilder();
    const made = builder.call('Exp', { x: builder.input('x') });
    const sum = builder.call('Add', { a: made, b: builder.call('NoSuchKernel', { x: made }) });
    builder.output('y', sum);
    const before = library.memory().numTensors;
    const fed = library.engine().makeTensor(numbers, [4], 'float32');
    const run = () => interpret(builder.build(), library.engine(), new Map(), new Map([[0, fed]]));
    expect(run).toThrow(/^TensorFlow.js: NoSuchKernel failed: .*NoSuchKernel/);
    fed.dispose();
    expect(library.memory().numTensors).toBe(before);
  });
});

describe('memory', () => {
  const trainings = [
    { optimizer: 'sgd', hyperparameters: { lr: 0.1 }, syntheticSize: 900, batchSize: 3 },
    { optimizer: 'preconditioned-sgd', hyperparameters: {}, syntheticSize: 400, batchSize: 8 },
    { optimizer: 'preconditioned-sgd', hyperparameters: { restart: 'drift' }, syntheticSize: 400, batchSize: 8 },
  ];

  test.each(trainings)(
    'is flat over epochs of $optimizer $hyperparameters with their evaluations',
    async (training) => {
      const resolved = await resolveConfiguration({
        testproblem: 'mnist_logreg',
        ...training,
        data: 'synthetic',
        numEpochs: 5,
        threads: 1,
      });
      const { split } = await openData(resolved, { dataDir: '.' });
      const before = await liveTensors();
      const own = await openTfjsEngine('tfjs-cpu');
      const loop = await TrainingLoop.start({ resolved, split, engine: own });
      const counts: number[] = [];
      await loop.run(async () => {
        counts.push(await liveTensors());
      });
      if (training.optimizer === 'sgd') expect(4 * loop.stepsPerEpoch).toBeGreaterThanOrEqual(1000);
      expect(counts).toEqual(counts.map(() => counts[0]));
      // Parameters, constants of the programs, state: nothing that grows with the number of steps.
      expect((counts[0] ?? Number.NaN) - before).toBeLessThan(100);
      await own.dispose();
    },
  );

  test('goes back to what it was when engine and values are gone', async () => {
    const before = await liveTensors();
    const use = async () => {
      const own = await openTfjsEngine('tfjs-cpu');
      const executable = await own.compile(t.program({ y: t.add(t.multiply(x, 3), t.constant(2, [2, 2])) }));
      for (let run = 0; run < 20; run++) await executable.run({ x: own.upload(numbers, [2, 2]) });
      await own.dispose();
      await own.dispose();
    };
    await use();
    expect(await liveTensors()).toBe(before);
  });

  test('of values that are dropped is freed by itself before there is much of it', async () => {
    const large = t.input('large', [1024, 1024]);
    const executable = await engine.compile(t.program({ y: t.add(large, 1) }));
    const start = engine.upload(new Float32Array(2 ** 20), [1024, 1024]);
    const before = library.memory().numTensors;
    let most = 0;
    for (let run = 0; run < 150; run++) {
      await executable.run({ large: start });
      most = Math.max(most, library.memory().numTensors - before);
    }
    // 600 MB in tensors of 4 MB were dropped; the account allows 256 MB.
    expect(most).toBeLessThanOrEqual(256 / 4 + 1);
  });
});
