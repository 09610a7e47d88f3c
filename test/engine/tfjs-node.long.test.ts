import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeTfjs, openTfjsEngine } from '../../src/engine/tfjs/index.js';
import { EngineError } from '../../src/errors.js';
import { command } from '../cli/command.js';
import { importFrom, installMimic, type MimickedPackage } from './mimicked-tfjs-node.js';

const needs = "needs Node 20 or 22; it downloads libtensorflow 2.9.1 from Google's storage";
const cuda = 'the GPU needs CUDA 11.2 and cuDNN 8.1';

describe('what is missing is said in one line', () => {
  async function messageOf(
    variant: 'tfjs-node-gpu' | 'tfjs-node' | 'tfjs-cpu',
    folder: string,
    nodeVersion = '22.11.0',
  ): Promise<string> {
    const options = { importModule: importFrom(folder), nodeVersion, threads: 2 };
    const error = await openTfjsEngine(variant, options).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(EngineError);
    const { message } = error as EngineError;
    expect(message).not.toContain('\n');
    const installed = !message.includes('not installed');
    expect(await describeTfjs(variant, options)).toMatchObject({ usable: false, installed, reason: message });
    return message;
  }

  const mimic = (options: MimickedPackage) => installMimic(options);

  test('nothing is installed', async () => {
    expect(await messageOf('tfjs-node-gpu', tmpdir())).toBe(
      `the tfjs-node-gpu engine: @tensorflow/tfjs-node-gpu is not installed; npm install @tensorflow/tfjs-node-gpu (${needs}; ${cuda})`,
    );
    expect(await messageOf('tfjs-node', tmpdir())).toBe(
      `the tfjs-node engine: @tensorflow/tfjs-node is not installed; npm install @tensorflow/tfjs-node (${needs})`,
    );
    expect(await messageOf('tfjs-cpu', tmpdir())).toBe(
      'the tfjs-cpu engine: @tensorflow/tfjs-core and @tensorflow/tfjs-backend-cpu are not installed; npm install @tensorflow/tfjs-core @tensorflow/tfjs-backend-cpu',
    );
  });

  test('nothing is installed, and Node is too new for it', async () => {
    expect(await messageOf('tfjs-node', tmpdir(), '24.1.0')).toBe(
      `the tfjs-node engine: @tensorflow/tfjs-node is not installed; npm install @tensorflow/tfjs-node (${needs}; this is Node 24.1.0)`,
    );
  });

  test('Node is too new; the package is not even loaded', async () => {
    const folder = await mimic({ fault: 'addon' });
    expect(await messageOf('tfjs-node-gpu', folder, '23.0.0')).toBe(
      'the tfjs-node-gpu engine: tfjs-node fails on Node 23 and later, this is Node 23.0.0; use Node 20 or 22, or another engine',
    );
  });

  test.each(['3.21.1', '4.2.0', '5.0.0'])('version %s', async (version) => {
    expect(await messageOf('tfjs-node-gpu', await mimic({ version }))).toBe(
      `the tfjs-node-gpu engine: found @tensorflow/tfjs-node-gpu ${version}, expected 4.22 or a later 4; npm install @tensorflow/tfjs-node-gpu@4.22`,
    );
  });

  test('the native addon is missing', async () => {
    expect(await messageOf('tfjs-node-gpu', await mimic({ fault: 'addon' }))).toBe(
      `the tfjs-node-gpu engine: @tensorflow/tfjs-node-gpu 4.22.0 is installed, but its native addon is missing; npm rebuild @tensorflow/tfjs-node-gpu (${needs}; ${cuda})`,
    );
  });

  test('a library of the system is missing', async () => {
    expect(await messageOf('tfjs-node-gpu', await mimic({ fault: 'cuda' }))).toBe(
      'the tfjs-node-gpu engine: @tensorflow/tfjs-node-gpu 4.22.0 is installed, but it does not load: libcudart.so.11.0: cannot open shared object file: No such file or directory; npm rebuild @tensorflow/tfjs-node-gpu',
    );
  });
});

/** The library's own environment is changed when it is loaded, so that this comes after everything that must not load it. */
describe('the package that is loaded', () => {
  const saved = { ...process.env };
  let folder: string;
  beforeAll(async () => {
    for (const name of Object.keys(process.env)) if (/^TF_|^NVIDIA_/.test(name)) delete process.env[name];
    folder = await installMimic({ gpu: true });
  });
  afterAll(() => {
    process.env = saved;
  });

  test('finds the environment that was made for it', async () => {
    await openTfjsEngine('tfjs-node-gpu', { importModule: importFrom(folder), threads: 3 });
    const { environmentWhenLoaded } = (await importFrom(folder)('@tensorflow/tfjs-node-gpu')) as {
      environmentWhenLoaded: Record<string, string>;
    };
    expect(environmentWhenLoaded).toEqual({
      TF_NUM_INTRAOP_THREADS: '3',
      TF_NUM_INTEROP_THREADS: '1',
      TF_CPP_MIN_LOG_LEVEL: '1',
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
      NVIDIA_TF32_OVERRIDE: '0',
    });
  });

  test('is recorded with its versions, device and the threads that it was loaded with', async () => {
    const engine = await openTfjsEngine('tfjs-node-gpu', { importModule: importFrom(folder), threads: 7 });
    expect(engine.record).toEqual({
      name: 'tfjs-node-gpu',
      device: 'gpu',
      threads: 3,
      version: '4.22.0',
      details: { core: '4.22.0', tensorflow: '2.9.1', gpuFound: true },
    });
  });

  test('keeps the other build of libtensorflow out of its process', async () => {
    const other = await installMimic({ name: '@tensorflow/tfjs-node' });
    await expect(openTfjsEngine('tfjs-node', { importModule: importFrom(other) })).rejects.toThrow(
      /^the tfjs-node engine: tfjs-node-gpu is already loaded in this process/,
    );
  });
});

describe('the command finds it among the global packages', () => {
  const run = ['run', '--testproblem', 'mnist_logreg', '--optimizer', 'sgd', '--lr', '0.1', '--num-epochs', '1'];
  const small = [...run, '--data', 'synthetic', '--synthetic-size', '300', '--json', '--quiet'];

  const beside = (folder: string) => ({ NODE_PATH: join(folder, 'node_modules') });

  interface DoctorReport {
    readonly engines: readonly { readonly name: string; readonly reason: string; readonly device: string }[];
  }

  /** What the run file of a small run in the folder says about its engine. */
  async function engineOf(folder: string, ...options: readonly string[]): Promise<unknown> {
    const { code, stdout, stderr } = await command([...small, ...options], { cwd: folder, env: beside(folder) });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { path } = JSON.parse(stdout) as { path: string };
    return JSON.parse(await readFile(join(folder, path), 'utf8')).environment.engine;
  }

  async function doctor(folder: string) {
    const { stdout } = await command(['doctor', '--json', '--no-speed'], { cwd: folder, env: beside(folder) });
    return (JSON.parse(stdout) as DoctorReport).engines.filter(({ name }) => name === 'tfjs-node-gpu');
  }

  test('with a GPU: --engine auto takes it, the run file names it', async () => {
    const folder = await installMimic({ gpu: true });
    expect(await engineOf(folder, '--threads', '2')).toMatchObject({
      name: 'tfjs-node-gpu',
      device: 'gpu',
      threads: 2,
      version: '4.22.0',
      details: { tensorflow: '2.9.1' },
    });
    expect(await doctor(folder)).toMatchObject([
      { usable: true, device: 'gpu', reason: 'TensorFlow 2.9.1 on the GPU' },
    ]);
  });

  test('without a GPU: --engine auto takes another one, asked for by name it runs on the CPU and says so', async () => {
    const folder = await installMimic();
    expect(await engineOf(folder)).toMatchObject({ name: 'onnxruntime' });
    expect(await engineOf(folder, '--engine', 'tfjs-node-gpu')).toMatchObject({
      name: 'tfjs-node-gpu',
      device: 'cpu',
      details: { gpuFound: false },
    });
    const [found] = await doctor(folder);
    expect(found).toMatchObject({ usable: true, device: 'cpu' });
    expect(found?.reason).toMatch(
      /^TensorFlow 2\.9\.1 finds no GPU and runs on the CPU with \d+ threads; a GPU needs its driver, CUDA 11\.2 and cuDNN 8\.1$/,
    );
  });

  test('not at all where it is not: one line and exit 2', async () => {
    const { code, stderr } = await command([...run, '--data', 'synthetic', '--engine', 'tfjs-node-gpu'], {
      cwd: tmpdir(),
    });
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain('npm install @tensorflow/tfjs-node-gpu');
  });
});
