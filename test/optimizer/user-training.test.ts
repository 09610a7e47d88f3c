import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { EngineError, OptimizerError, ShapeError } from '../../src/errors.js';
import type { OptimizerDefinition, Training, TrainingTask } from '../../src/optimizer/index.js';
import { guarded } from '../../src/optimizer/user-training.js';
import { UserCode } from '../../src/user-file/user-code.js';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'probprec-user-')));
});
afterEach(() => rm(folder, { recursive: true }));

const value = { shape: [2], dtype: 'float' as const };
const task = { parameterNames: ['weight'], initialParameters: [value] } as unknown as TrainingTask;

/** A training of which a test replaces a part. */
const training: Training = {
  parameters: [value],
  compileSeconds: 0,
  beginEpoch: async () => undefined,
  step: async () => 1,
  endEpoch: async () => null,
  note: () => null,
  save: async () => ({ arrays: {}, values: {} }),
  restore: async () => undefined,
};

/** The guarded training of a user's file `mine.mjs` whose `start` returns this. */
function start(changes: object | null, modules: readonly string[] = []): Promise<Training> {
  const definition: OptimizerDefinition = {
    name: 'mine',
    className: 'Mine',
    description: '',
    hyperparameters: z.strictObject({}),
    transformation: null,
    start: async () =>
      changes === null
        ? (undefined as unknown as Training)
        : (Object.defineProperties(
            {},
            {
              ...Object.getOwnPropertyDescriptors(training),
              ...Object.getOwnPropertyDescriptors(changes),
            },
          ) as Training),
  };
  return guarded(definition, new UserCode('./mine.mjs', modules, 'optimizer')).start(task, {});
}

/** What a promise or function fails with. */
async function failure(body: () => unknown): Promise<unknown> {
  try {
    await body();
  } catch (error) {
    return error;
  }
  return null;
}

describe('an error in a user’s code', () => {
  test('names the innermost of the user’s files, the line and the part', async () => {
    const [mine, part] = [join(folder, 'mine.mjs'), join(folder, 'part.mjs')];
    await writeFile(part, '\n\nexport const fail = (list) => list.map((x) => x.y.z);\n');
    await writeFile(
      mine,
      "import { fail } from './part.mjs';\nexport const step = async () => {\n  await null;\n  fail([{}]);\n};\n",
    );
    const { step } = (await import(/* @vite-ignore */ pathToFileURL(mine).href)) as Pick<Training, 'step'>;
    const both = await failure(async () => (await start({ step }, [mine, part])).step({}));
    expect(both).toBeInstanceOf(OptimizerError);
    expect(both).toMatchObject({ exitCode: 1, code: 'optimizer' });
    expect(String(both)).toMatch(
      /part\.mjs:3: TypeError: Cannot read properties of undefined \(reading 'z'\) \(in the optimizer's step\)$/,
    );
    const entry = await failure(async () => (await start({ step }, [mine])).step({}));
    expect(String(entry)).toMatch(/mine\.mjs:4: TypeError/);
  });

  test.each([
    ['a text', 'on purpose', /^\.\/mine\.mjs: it threw "on purpose" \(in the optimizer's step\)$/],
    ['nothing', undefined, /^\.\/mine\.mjs: it threw undefined/],
    [
      'an object that throws when it is read',
      new Proxy(
        {},
        {
          get() {
            throw new Error('read');
          },
        },
      ),
      /^\.\/mine\.mjs: it threw an object/,
    ],
  ])('may be %s', async (_, thrown, message) => {
    const error = await failure(async () => (await start({ step: () => Promise.reject(thrown) })).step({}));
    expect((error as Error).message).toMatch(message);
  });

  test('is told from one in which no code of the user’s took part, and from one of the engine', async () => {
    for (const error of [new TypeError('ours'), new EngineError('out of memory'), new ShapeError('ours')]) {
      expect(await failure(async () => (await start({ step: () => Promise.reject(error) })).step({}))).toBe(error);
    }
  });
});

describe('a value that a user’s training gives and that cannot be used', () => {
  test.each<[string, object | null, (training: Training) => unknown, RegExp]>([
    ['no training', null, () => null, /its start returns undefined, expected a training/],
    ['a training without a method', { save: 1 }, () => null, /its start returns a training without save\(\)/],
    [
      'no loss',
      { step: async () => undefined },
      (t) => t.step({}),
      /its step returns undefined, expected the loss of the minibatch/,
    ],
    [
      'no parameters',
      { parameters: undefined },
      (t) => t.parameters,
      /its parameters are undefined, expected 1 values/,
    ],
    [
      'parameters of another number',
      { parameters: [] },
      (t) => t.parameters,
      /its parameters are 0 values, expected 1/,
    ],
    [
      'parameters of another shape',
      { parameters: [{ shape: [3] }] },
      (t) => t.parameters,
      /have the shape \[3\] for weight, expected \[2\]/,
    ],
    [
      'a log that JSON cannot hold',
      { endEpoch: async () => ({ n: 1n }) },
      (t) => t.endEpoch(),
      /its endEpoch returns a value that JSON cannot hold: TypeError: .*BigInt/,
    ],
    [
      'a log that is a list',
      { endEpoch: async () => [1] },
      (t) => t.endEpoch(),
      /its endEpoch returns a list, expected an object or null/,
    ],
    ['no state', { save: async () => undefined }, (t) => t.save(), /its save returns undefined, expected \{ arrays/],
    [
      'a state that is a list of numbers',
      { save: async () => ({ arrays: { m: [1] }, values: {} }) },
      (t) => t.save(),
      /returns a list as m, expected a Float32Array/,
    ],
  ])('is named: %s', async (_, changes, use, message) => {
    const error = await failure(async () => use(await start(changes)));
    expect(error).toBeInstanceOf(OptimizerError);
    expect((error as Error).message).toMatch(message);
  });

  test('is not looked for in what a training has besides, but its errors are the user’s', async () => {
    const average = { shape: [2] };
    const more = await start({
      averages: [average],
      evaluationPoint: async () => [average],
      fails: () => Promise.reject(1),
    });
    const { averages, evaluationPoint, fails } = more as unknown as Record<string, () => unknown>;
    expect(averages).toEqual([average]);
    expect(await evaluationPoint?.()).toEqual([average]);
    expect(await failure(() => fails?.())).toMatchObject({
      message: "./mine.mjs: it threw 1 (in the optimizer's fails)",
    });
  });

  test('is none where everything is right', async () => {
    const guardedTraining = await start({ endEpoch: async () => ({ a: 1 }), note: () => undefined });
    expect(await guardedTraining.step({})).toBe(1);
    expect(guardedTraining.parameters).toEqual([value]);
    expect(await guardedTraining.endEpoch()).toEqual({ a: 1 });
    expect(guardedTraining.note()).toBeNull();
  });
});
