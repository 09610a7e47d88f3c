import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { describeEngines, engineNames, openEngine, resolveEngine } from '../../src/engine/index.js';
import { ConfigurationError } from '../../src/errors.js';

test('auto, cpu and all cores are the defaults', () => {
  const expected = { engine: 'onnxruntime', device: 'cpu', threads: availableParallelism() };
  expect(resolveEngine()).toEqual(expected);
  expect(resolveEngine({ engine: 'auto', device: 'cpu' })).toEqual(expected);
  expect(resolveEngine({ engine: 'onnxruntime', threads: 3 })).toEqual({ ...expected, threads: 3 });
});

test('an unknown engine or device is an error with the names that there are', async () => {
  const engine = () => resolveEngine({ engine: 'onnxruntme' });
  expect(engine).toThrow(ConfigurationError);
  expect(engine).toThrow(
    /^--engine onnxruntme: not known; did you mean onnxruntime\? expected one of auto, onnxruntime$/,
  );
  const device = () => resolveEngine({ device: 'gpu' });
  expect(device).toThrow(ConfigurationError);
  expect(device).toThrow(/^--device gpu: not known; .*expected one of cpu$/);
  await expect(openEngine({ engine: 'tensorflow' })).rejects.toThrow(ConfigurationError);
});

test('every engine is described, and the default one works here', async () => {
  const descriptions = await describeEngines();
  expect(new Set(descriptions.map(({ name }) => name))).toEqual(new Set(engineNames()));
  const chosen = descriptions.filter((description) => description.default);
  expect(chosen).toEqual([
    {
      name: 'onnxruntime',
      device: 'cpu',
      installed: true,
      usable: true,
      reason: expect.stringMatching(/^\d+ threads, (blocked convolution kernels of (8|16) channels|plain kernels)$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      default: true,
    },
  ]);
});
