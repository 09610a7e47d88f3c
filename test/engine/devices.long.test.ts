import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkDevice, devicesOf } from '../../src/engine/catalogue.js';
import { type Engine, openEngine } from '../../src/engine/index.js';
import { deviceError, explainDevice } from '../../src/engine/onnxruntime/device.js';
import { lower } from '../../src/engine/onnxruntime/lower.js';
import { rewrite } from '../../src/engine/onnxruntime/rewrite.js';
import { operatorsOnProcessor } from '../../src/engine/onnxruntime/webgpu-operators.js';
import { probe } from '../../src/engine/probe.js';
import { ConfigurationError, EngineError } from '../../src/errors.js';
import * as t from '../../src/tensor/index.js';
import { loadTestProblem, testProblemNames } from '../../src/testproblem/index.js';
import { derivativesCase } from '../contract/engine-training.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { description: webgpu } = await probe({ engine: 'onnxruntime', device: 'webgpu', threads: 1 });

const side = 600;
const megabytes = (4 * side * side) / 2 ** 20;
const x = t.input('x', [side, side]);
const filled = (value: number) => new Float32Array(side * side).fill(value);

const title = webgpu.usable ? 'values on WebGPU' : `values on WebGPU: skipped, ${webgpu.reason}`;
describe.skipIf(!webgpu.usable)(title, () => {
  let engine: Engine;
  beforeEach(async () => {
    engine = await openEngine({ device: 'webgpu', threads: 1 });
  });
  afterEach(() => engine.dispose());

  test('are fed back, downloaded, spent, and cannot be used after that', async () => {
    expect(engine.record).toMatchObject({ name: 'onnxruntime', device: 'webgpu', details: { deviceTensors: true } });
    const executable = await engine.compile(t.program({ y: t.add(x, 1), same: x, total: t.sum(x) }));
    const start = engine.upload(filled(1), [side, side]);
    let values = await executable.run({ x: start });
    const { same: kept = fail() } = values;
    for (let step = 0; step < 4; step++) {
      const { y = fail() } = values;
      values = await executable.run({ x: y }, [y, y, start]);
      await expect(engine.download(y)).rejects.toThrow('spent');
      await expect(executable.run({ x: y })).rejects.toThrow(EngineError);
    }
    expect(await engine.download(values.y ?? fail())).toEqual(filled(6));
    expect(await engine.download(values.same ?? fail())).toEqual(filled(5));
    expect((await engine.download(values.total ?? fail()))[0]).toBe(5 * side * side);
    expect(await engine.download(kept)).toEqual(filled(1));
    expect(await engine.download(start)).toEqual(filled(1));
  });

  test('end with the engine, which can be used again', async () => {
    const subject = t.program({ y: t.add(x, 1) });
    const { y = fail() } = await (await engine.compile(subject)).run({ x: engine.upload(filled(1), [side, side]) });
    await engine.dispose();
    await engine.dispose();
    await expect(engine.download(y)).rejects.toThrow(EngineError);
    const { y: again = fail() } = await (await engine.compile(subject)).run({
      x: engine.upload(filled(2), [side, side]),
    });
    expect(await engine.download(again)).toEqual(filled(3));
  });

  test.each([
    { how: 'spent', spends: true },
    { how: 'forgotten', spends: false },
  ])('that are $how are freed', async ({ spends }) => {
    const executable = await engine.compile(t.program({ y: t.add(x, 1) }));
    let value = engine.upload(filled(0), [side, side]);
    const steps = async (count: number) => {
      for (let step = 0; step < count; step++) {
        const { y = fail() } = await executable.run({ x: value }, spends ? [value] : []);
        value = y;
        if (step % 20 > 0) continue;
        collectGarbage();
        // Finalizers run between two tasks.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await steps(60);
    const before = process.memoryUsage.rss() / 2 ** 20;
    await steps(300);
    // All of them kept would be 400 MB.
    expect(process.memoryUsage.rss() / 2 ** 20 - before).toBeLessThan(100 * megabytes);
    expect((await engine.download(value))[0]).toBe(360);
  });
});

/** Prints on stderr where ONNX Runtime puts each operator of a program that goes through every operation of the problems. */
const placements = `
  const from = (path) => import(new URL(path, ${JSON.stringify(new URL('../../dist/', import.meta.url))}));
  const { InferenceSession } = await from('src/engine/onnxruntime/library.js');
  const t = await from('src/tensor/index.js');
  const { lower } = await from('src/engine/onnxruntime/lower.js');
  const { rewrite } = await from('src/engine/onnxruntime/rewrite.js');
  const { loadTestProblem } = await from('src/testproblem/index.js');
  const problem = await loadTestProblem('fmnist_2c2d');
  const { loss, accuracy, parameters } = problem.build(2, { l2Reg: 0.1 });
  const gradients = t.gradients(loss, parameters);
  const products = t.hessianVectorProduct(gradients, parameters, parameters.map(({ shape }, i) => t.input('v' + i, shape)));
  const outputs = Object.fromEntries([loss, accuracy, ...gradients, ...products].map((tensor, i) => ['y' + i, tensor]));
  const options = { blockSize: 0, fuse: true, dilatedWeightGradient: true, phasedPooling: false, webgpu: true };
  const graph = lower(rewrite(t.simplify(t.program(outputs))), options);
  await InferenceSession.create(graph.serialize(), { executionProviders: ['webgpu'], logSeverityLevel: 0 });`;

test.skipIf(!webgpu.usable)('WebGPU leaves to the processor what the engine says, and nothing else', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '--eval', placements], { cwd: root });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const [code] = await once(child, 'close');
  expect(code, log.slice(-300)).toBe(0);
  const placed = new Map<string, Set<string>>();
  let provider = '';
  for (const line of log.split('\n')) {
    provider = /placed on \[(\w+)\]/.exec(line)?.[1] ?? provider;
    const [, operator] = /VerifyEachNodeIsAssignedToAnEp\] +(\w+) \([^)]*\)/.exec(line) ?? [];
    if (operator === undefined || operator.startsWith('Memcpy')) continue;
    placed.set(provider, (placed.get(provider) ?? new Set()).add(operator));
  }
  expect(placed.get('WebGpuExecutionProvider')).toContain('ConvTranspose');
  expect([...(placed.get('CPUExecutionProvider') ?? [])]).toEqual(operatorsOnProcessor);
});

describe('graphs for WebGPU', () => {
  test('hold nothing that it leaves to the processor or has no kernel for', async () => {
    const operators = new Set<string>();
    for (const name of testProblemNames()) {
      // They have the operators of svhn_wrn164 and cifar100_allcnnc, and take minutes to lower.
      if (/cifar100_(?:wrn|3c3d)|svhn_3c3d|vgg/.test(name)) continue;
      const { program } = derivativesCase(await loadTestProblem(name), 2);
      const options = { blockSize: 0, fuse: true, dilatedWeightGradient: true, phasedPooling: false, webgpu: true };
      for (const [, operator = ''] of lower(rewrite(t.simplify(program)), options)
        .print()
        .matchAll(/ = ([\w.]+)\(/g)) {
        operators.add(operator);
      }
    }
    for (const lacking of ['LogSoftmax', 'Sum', 'Relu', 'MaxPool', 'ScatterElements', 'GatherElements']) {
      expect([...operators]).not.toContain(lacking);
    }
    expect([...operators].filter((operator) => operator.startsWith('com.microsoft'))).toEqual([]);
  });
});

describe('what libraries say becomes one line', () => {
  const sayings = [
    ['webgpu', "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open", /libvulkan\.so\.1 is missing; install/],
    ['webgpu', 'Warning: vkCreateInstance: Found no drivers!\nWarning: …', /no Vulkan driver is installed; install/],
    ['webgpu', 'Failed to get a WebGPU adapter: No supported adapters', /no graphics adapter .* needed$/],
    [
      'webgpu',
      'no available backend found. ERR: [webgpu] backend not found.',
      /onnxruntime-node has no WebGPU for \w+ \w+; device cpu/,
    ],
    [
      'cuda',
      'Failed to load library libonnxruntime_providers_cuda.so with error: libcublasLt.so.12: cannot open shared object',
      /libcublasLt\.so\.12: a library of CUDA 12 or cuDNN 9 did not load; install both/,
    ],
    ['cuda', 'CUDA failure 100: no CUDA-capable device is detected', /no NVIDIA GPU .* nvidia-smi must list one$/],
  ] as const;

  test.each(sayings)('%s: %s', (device, said, expected) => {
    const { message } = deviceError(device, new Error(said));
    expect(message).toMatch(new RegExp(`^device ${device}: ${expected.source}`));
    expect(message).not.toContain('\n');
  });

  test('what nobody knows is handed on', () => {
    expect(explainDevice('webgpu', 'out of luck')).toBeNull();
    expect(deviceError('webgpu', new Error('out of luck\nat …')).message).toBe('device webgpu: out of luck');
  });
});

test('a library that ends its process is reported, not suffered', async () => {
  // The process is told to preload what kills it, as a broken driver would.
  const { NODE_OPTIONS } = process.env;
  process.env.NODE_OPTIONS = `--import "data:text/javascript,process.kill(process.pid,'SIGSEGV')"`;
  try {
    const { description } = await probe({ engine: 'onnxruntime', device: 'webgpu', threads: 1 });
    expect(description).toMatchObject({ name: 'onnxruntime', device: 'webgpu', usable: false });
    expect(description.reason).toMatch(/^device webgpu: the library of onnxruntime ended with SIGSEGV; [^\n]+$/);
  } finally {
    if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = NODE_OPTIONS;
  }
});

test('every device belongs to its engine only', () => {
  expect(() => checkDevice('onnxruntime', 'webgpu')).not.toThrow();
  expect(devicesOf('tfjs-node-gpu')).toEqual(['gpu', 'cpu']);
  expect(() => checkDevice('tfjs-cpu', 'gpu')).toThrow(ConfigurationError);
});

function fail(): never {
  throw new Error('the engine returned no such output');
}
