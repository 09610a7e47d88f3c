import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { describeEngines, engineNames, openEngine, resolveEngine } from '../../src/engine/index.js';
import { ConfigurationError } from '../../src/errors.js';

const threads = availableParallelism();
const onProcessor = { engine: 'onnxruntime', device: 'cpu', threads };

// Without tfjs-node-gpu; test/cli/engines.nightly.test.ts installs one.
test.each([
  [{}, onProcessor],
  [{ engine: 'auto' }, onProcessor],
  [
    { engine: 'onnxruntime', threads: 3 },
    { ...onProcessor, threads: 3 },
  ],
  [{ engine: 'auto', device: 'cpu' }, onProcessor],
  [{ device: 'webgpu' }, { ...onProcessor, device: 'webgpu' }],
  [{ device: 'cuda' }, { ...onProcessor, device: 'cuda' }],
  [{ device: 'gpu' }, { engine: 'tfjs-node-gpu', device: 'gpu', threads }],
  [{ engine: 'tfjs-node-gpu' }, { engine: 'tfjs-node-gpu', device: 'gpu', threads }],
  [
    { engine: 'tfjs-node-gpu', device: 'cpu' },
    { engine: 'tfjs-node-gpu', device: 'cpu', threads },
  ],
  [{ engine: 'tfjs-node' }, { engine: 'tfjs-node', device: 'cpu', threads }],
  [{ engine: 'tfjs-cpu' }, { engine: 'tfjs-cpu', device: 'cpu', threads }],
])('%j resolves to %j', async (options, expected) => {
  expect(await resolveEngine(options)).toEqual(expected);
});

test.each([
  [
    { engine: 'onnxruntme' },
    'engine onnxruntme: not known; did you mean onnxruntime? expected one of auto, onnxruntime, tfjs-node-gpu, tfjs-node, tfjs-cpu',
  ],
  [{ device: 'vulkan' }, 'device vulkan: not known; expected one of cpu, webgpu, cuda, gpu'],
  [
    { engine: 'onnxruntime', device: 'gpu' },
    'device gpu: not a device of onnxruntime, expected one of cpu, webgpu, cuda; engine tfjs-node-gpu has it',
  ],
  [
    { engine: 'tfjs-cpu', device: 'webgpu' },
    'device webgpu: not a device of tfjs-cpu, expected one of cpu; engine onnxruntime has it',
  ],
  [{ engine: 'tfjs-node', device: 'tpu' }, 'device tpu: not a device of tfjs-node, expected one of cpu'],
])('%j is an error of one line', async (options, message) => {
  const error = await resolveEngine(options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect((error as Error).message).toBe(message);
  await expect(openEngine(options)).rejects.toThrow(ConfigurationError);
});

test('every engine is described, and the default one works here', async () => {
  const descriptions = await describeEngines();
  expect(new Set(descriptions.map(({ name }) => name))).toEqual(new Set(engineNames()));
  for (const { reason, usable, installed } of descriptions) {
    expect(reason).toMatch(/^[^\n]+$/);
    if (usable) expect(installed).toBe(true);
  }
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
      gigaflops: null,
    },
  ]);
});
