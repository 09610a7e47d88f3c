import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkThreads, differingDetails, openEngine } from '../../src/engine/index.js';
import { openOnnxEngine } from '../../src/engine/onnxruntime/engine.js';
import { isAbsentOperator } from '../../src/engine/onnxruntime/failure.js';
import { probeInPlace } from '../../src/engine/onnxruntime/in-place.js';
import * as ort from '../../src/engine/onnxruntime/library.js';
import { probeBlockSize } from '../../src/engine/onnxruntime/probe.js';
import { ConfigurationError, EngineError } from '../../src/errors.js';
import { input, program, square } from '../../src/tensor/index.js';

afterEach(() => vi.restoreAllMocks());

const creating = () => vi.spyOn(ort.InferenceSession, 'create');
const failure = (work: Promise<unknown>) => work.catch((error: unknown) => error);

describe('what is asked of the library before an engine opens', () => {
  test('is asked with one thread, whatever the engine gets', async () => {
    const create = creating();
    await (await openOnnxEngine({ threads: 2 })).dispose();
    await probeBlockSize();
    expect(create.mock.calls.length).toBeGreaterThan(0);
    for (const [, options] of create.mock.calls as unknown as [unknown, ort.InferenceSession.SessionOptions][]) {
      expect(options).toMatchObject({ intraOpNumThreads: 1, interOpNumThreads: 1 });
    }
  });

  test('is answered with no only for an operator that does not exist, as this library says it', async () => {
    expect(await probeBlockSize('NoSuchOperator')).toBe(0);
  });

  test.each([
    'Fatal error: com.microsoft.nchwc:ReorderInput(-1) is not a registered function/op',
    "Could not find an implementation for ReorderInput(1) node with name 'ReorderInput_0'",
    "Failed to find kernel for com.microsoft.nchwc.ReorderInput(1) (node:'ReorderInput_0'). Kernel not found",
  ])('an operator is absent: %s', async (message) => {
    creating().mockRejectedValueOnce(new Error(message));
    expect(await probeBlockSize()).toBe(0);
    expect(isAbsentOperator(new Error(message))).toBe(true);
  });

  test.each([
    ['pthread_create failed, error code: 11 error msg: Resource temporarily unavailable', 'no further threads'],
    ['std::system_error: Resource temporarily unavailable', 'no further threads'],
    ['std::bad_alloc', 'the memory does not suffice'],
    ['Failed to allocate memory for requested buffer of size 16', 'the memory does not suffice'],
    ['Array buffer allocation failed', 'the memory does not suffice'],
    ['something new\nwith a second line', 'cannot determine'],
  ])('no other failure is an answer: %s', async (message, expected) => {
    for (const probe of [probeBlockSize, probeInPlace]) {
      vi.resetModules();
      const create = creating().mockRejectedValueOnce(new Error(message));
      const { [probe.name]: fresh } = (await import(
        probe === probeBlockSize ? '../../src/engine/onnxruntime/probe.js' : '../../src/engine/onnxruntime/in-place.js'
      )) as Record<string, () => Promise<unknown>>;
      const error = await failure(fresh?.() ?? Promise.resolve());
      expect(create).toHaveBeenCalledOnce();
      expect(error).toMatchObject({ name: 'EngineError', code: 'engine' });
      expect((error as Error).message).toContain(expected);
      expect((error as Error).message).not.toContain('\n');
      // It was a failure and no answer: the next time is asked again.
      await expect(fresh?.()).resolves.toBe(probe === probeBlockSize ? await probeBlockSize() : await probeInPlace());
      vi.restoreAllMocks();
    }
  });
});

test('a shortage while a program is compiled or run is an error of one line, too', async () => {
  const engine = await openOnnxEngine({ threads: 1 });
  const subject = program({ y: square(input('x', [2])) });
  const shortage = new Error('pthread_create failed, error code: 11 error msg: Resource temporarily unavailable');
  creating().mockRejectedValueOnce(shortage);
  const compiling = await failure(engine.compile(subject));
  expect(compiling).toBeInstanceOf(EngineError);
  expect((compiling as Error).message).toMatch(/^the onnxruntime engine: .*fewer threads/);
  const executable = await engine.compile(subject);
  // The package exports the class, its types only what makes sessions.
  const sessionPrototype = (ort.InferenceSession as unknown as { prototype: ort.InferenceSession }).prototype;
  vi.spyOn(sessionPrototype, 'run').mockRejectedValueOnce(new Error('std::bad_alloc'));
  const running = await failure(executable.run({ x: engine.upload(Float32Array.of(1, 2), [2]) }));
  expect(running).toBeInstanceOf(EngineError);
  expect((running as Error).message).toMatch(/^the onnxruntime engine: the memory does not suffice/);
  await engine.dispose();
});

describe('the lowering stands in the record', () => {
  test('with what was found out, and every switch that is off', async () => {
    const detailsOf = async (options: Parameters<typeof openOnnxEngine>[0]) => {
      const engine = await openOnnxEngine({ threads: 1, ...options });
      await engine.dispose();
      return engine.record.details;
    };
    const found = { blockSize: await probeBlockSize(), inPlace: await probeInPlace() };
    expect(await detailsOf({})).toEqual(found);
    expect(await detailsOf({ blockSize: 0, inPlace: false })).toEqual({ blockSize: 0, inPlace: false });
    expect(await detailsOf({ fuse: false, rewrite: false })).toEqual({ ...found, fuse: false, rewrite: false });
  });

  test('and two of them are compared by value', () => {
    const details = { blockSize: 16, inPlace: true };
    expect(differingDetails(details, { inPlace: true, blockSize: 16 })).toEqual([]);
    expect(differingDetails(details, { blockSize: 0, inPlace: true })).toEqual(['blockSize 0, was 16']);
    expect(differingDetails(details, { blockSize: 16, inPlace: false, fuse: false })).toEqual([
      'fuse false, was not stated',
      'inPlace false, was true',
    ]);
  });
});

test('an engine is not opened with far more threads than there are cores', async () => {
  for (const threads of [0, -1, 1.5, Number.NaN, 100_000, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
    await expect(openEngine({ threads })).rejects.toThrow(ConfigurationError);
    expect(() => checkThreads(threads)).toThrow(`threads: found ${threads}, expected a whole number from 1 to `);
  }
  for (const threads of [1, 2, 16]) expect(() => checkThreads(threads)).not.toThrow();
});
