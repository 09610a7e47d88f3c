import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeEngines } from '../../src/engine/index.js';
import type { RunFile } from '../../src/results/index.js';
import { installMimic, type MimickedPackage } from '../engine/mimicked-tfjs-node.js';
import { command } from './command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-engines-'));
});
afterEach(() => rm(folder, { recursive: true }));

const training =
  'run --testproblem mnist_logreg --optimizer sgd --num-epochs 1 --data synthetic --synthetic-size 200 --batch-size 50';

/** The environment of a machine without a graphics driver, whatever this one has. */
const noGraphics = { VK_DRIVER_FILES: '/nowhere' };

/** What this machine has all the same: it cannot be missed here. */
const present = new Set(
  (await describeEngines()).filter(({ usable }) => usable).map(({ name, device }) => `${name} ${device}`),
);
if (process.platform === 'linux') present.delete('onnxruntime webgpu');

/** What a new user meets for each missing piece, in one line that says what to do. */
const missingPieces: readonly { readonly options: string; readonly says: RegExp; readonly piece?: string }[] = [
  {
    options: '--engine tensorflow',
    says: /^--engine tensorflow: not known; expected one of auto, onnxruntime, tfjs-node-gpu, tfjs-node, tfjs-cpu$/,
  },
  { options: '--engine onnxruntme', says: /^--engine onnxruntme: not known; did you mean onnxruntime\? / },
  { options: '--device tpu', says: /^--device tpu: not known; .*expected one of cpu, webgpu, cuda, gpu$/ },
  {
    options: '--engine tfjs-cpu --device webgpu',
    says: /^--device webgpu: not a device of tfjs-cpu, expected one of cpu; --engine onnxruntime has it$/,
  },
  {
    options: '--engine onnxruntime --device gpu',
    says: /^--device gpu: not a device of onnxruntime, .*; --engine tfjs-node-gpu has it$/,
  },
  {
    options: '--engine tfjs-node-gpu',
    piece: 'tfjs-node-gpu gpu',
    says: /tfjs-node-gpu is not installed; npm install @tensorflow\/tfjs-node-gpu /,
  },
  {
    options: '--device gpu',
    piece: 'tfjs-node-gpu gpu',
    says: /tfjs-node-gpu is not installed; npm install @tensorflow\/tfjs-node-gpu /,
  },
  {
    options: '--engine tfjs-node',
    piece: 'tfjs-node cpu',
    says: /tfjs-node is not installed; npm install @tensorflow\/tfjs-node /,
  },
  {
    options: '--device cuda',
    piece: 'onnxruntime cuda',
    says: /^--device cuda: (libonnxruntime_providers_cuda\.so is missing; .* downloads it; it needs .*CUDA 12|found \w+ \w+, expected linux x64)/,
  },
  {
    options: '--device webgpu',
    piece: 'onnxruntime webgpu',
    says: /^--device webgpu: (libvulkan\.so\.1 is missing; install the Vulkan loader|no Vulkan driver is installed; install the GPU's)/,
  },
  { options: '--threads 0', says: /^--threads: found "0", expected a whole number/ },
];

describe('a run without', () => {
  test.each(missingPieces.filter(({ piece = '' }) => !present.has(piece)))(
    '$options ends with code 2 and one line',
    async ({ options, says }) => {
      const args = `${training} --output-dir results ${options}`.split(' ');
      const { code, stdout, stderr } = await command(args, { cwd: folder, env: noGraphics });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^probprec: [^\n]+\n$/);
      expect(stderr.replace(/^probprec: /, '').trimEnd()).toMatch(says);
    },
  );
});

test.each(missingPieces.filter(({ piece }) => piece !== undefined && !present.has(piece)))(
  '$options is found out before data are fetched',
  async ({ options, says }) => {
    const args = `run --testproblem cifar10_3c3d --optimizer sgd --data-dir data ${options}`.split(' ');
    const { code, stderr } = await command(args, { cwd: folder, env: noGraphics });
    expect(code).toBe(2);
    expect(stderr.replace(/^probprec: /, '').trimEnd()).toMatch(says);
    expect(await readdir(folder)).toEqual([]);
  },
);

test('doctor says for every engine and device what is missing', async () => {
  const { code, stdout } = await command(['doctor', '--no-speed', '--json'], { cwd: folder, env: noGraphics });
  expect(code).toBe(0);
  const { engines } = JSON.parse(stdout) as { engines: Record<string, unknown>[] };
  const rows = [
    'onnxruntime cpu',
    'onnxruntime webgpu',
    'onnxruntime cuda',
    'tfjs-node-gpu',
    'tfjs-node cpu',
    'tfjs-cpu cpu',
  ];
  for (const [index, { name, device, usable }] of engines.entries()) {
    expect(`${name} ${device}`).toContain(rows[index]);
    expect(usable).toBe(present.has(`${name} ${device}`));
  }
  expect(engines).toHaveLength(rows.length);
  for (const { gigaflops } of engines) expect(gigaflops).toBeNull();
});

describe('where tfjs-node-gpu is installed', () => {
  async function trainedOn(options: string, mimicked: MimickedPackage, env: Record<string, string> = {}) {
    const cwd = await installMimic(mimicked);
    const args = `${training} --output-dir results --quiet ${options}`.trim().split(' ');
    const { code, stdout, stderr } = await command(args, { cwd, env });
    const path = stdout.trim();
    const runFile = code === 0 ? (JSON.parse(await readFile(join(cwd, path), 'utf8')) as RunFile) : null;
    await rm(cwd, { recursive: true });
    return { code, stderr, runFile };
  }

  test.each([
    { options: '', gpu: true, engine: { name: 'tfjs-node-gpu', device: 'gpu' } },
    { options: '--engine auto', gpu: false, engine: { name: 'onnxruntime', device: 'cpu' } },
    {
      options: '--engine tfjs-node-gpu',
      piece: 'tfjs-node-gpu gpu',
      gpu: true,
      engine: { name: 'tfjs-node-gpu', device: 'gpu' },
    },
    {
      options: '--engine tfjs-node-gpu',
      piece: 'tfjs-node-gpu gpu',
      gpu: false,
      engine: { name: 'tfjs-node-gpu', device: 'cpu' },
    },
    { options: '--engine tfjs-node-gpu --device cpu', gpu: true, engine: { name: 'tfjs-node-gpu', device: 'cpu' } },
    { options: '--device cpu', gpu: true, engine: { name: 'onnxruntime', device: 'cpu' } },
  ])('"$options" with a GPU: $gpu resolves to $engine', async ({ options, gpu, engine }) => {
    const { code, stderr, runFile } = await trainedOn(options, { gpu });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(runFile?.configuration.engine).toEqual(engine);
    expect(runFile?.environment.engine).toMatchObject(engine);
    const { threads, version } = runFile?.environment.engine ?? {};
    expect(threads).toBeGreaterThan(0);
    expect(version).toMatch(engine.name === 'onnxruntime' ? /^1\.\d+\.\d+/ : /^4\.22\.0/);
  });

  test('a GPU that is asked for and not found is an error', async () => {
    const { code, stderr } = await trainedOn('--engine tfjs-node-gpu --device gpu', { gpu: false });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^probprec: --device gpu: tfjs-node-gpu finds no GPU; .* CUDA 11.2 and cuDNN 8.1, --device cpu does without\n$/,
    );
  });

  test('one that does not load is no choice of auto, and doctor says why', async () => {
    const { runFile } = await trainedOn('', { fault: 'cuda' });
    expect(runFile?.configuration.engine).toEqual({ name: 'onnxruntime', device: 'cpu' });
    const cwd = await installMimic({ fault: 'cuda' });
    const { engines } = JSON.parse((await command(['doctor', '--no-speed', '--json'], { cwd })).stdout);
    await rm(cwd, { recursive: true });
    expect(engines).toContainEqual(
      expect.objectContaining({
        name: 'tfjs-node-gpu',
        installed: true,
        usable: false,
        reason: expect.stringContaining('libcudart.so.11.0'),
      }),
    );
  });
});

test('runtime takes an engine, too, and says which', async () => {
  const line =
    'runtime --testproblem mnist_logreg --optimizers adam --engine tfjs-cpu --data synthetic --synthetic-size 200 --batch-size 50 --num-epochs 1 --repeats 1 --quiet --json';
  const { code, stdout } = await command(line.split(' '), { cwd: folder });
  expect(code).toBe(0);
  expect(JSON.parse(stdout).engine).toMatchObject({ name: 'tfjs-cpu', device: 'cpu', threads: 1 });
});
