import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
  /** `beside`: among the global packages of this installation, which is more than in the working directory. */
  async function trainedOn(options: string, mimicked: MimickedPackage, beside = true) {
    const cwd = await installMimic(mimicked);
    const env: Record<string, string> = beside ? { NODE_PATH: join(cwd, 'node_modules') } : {};
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

  test('in the working directory only, auto does not take it and its name does', async () => {
    expect((await trainedOn('', { gpu: true }, false)).runFile?.configuration.engine.name).toBe('onnxruntime');
    const named = await trainedOn('--engine tfjs-node-gpu', { gpu: true }, false);
    expect(named.runFile?.configuration.engine).toEqual({ name: 'tfjs-node-gpu', device: 'gpu' });
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
    const env = { NODE_PATH: join(cwd, 'node_modules') };
    const { engines } = JSON.parse((await command(['doctor', '--no-speed', '--json'], { cwd, env })).stdout);
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

describe('packages of the working directory', () => {
  const evil = "require('node:fs').writeFileSync(process.env.EVIL_MARK, 'ran');\n";
  const names = ['tfjs-node', 'tfjs-node-gpu', 'tfjs-core', 'tfjs-backend-cpu'];

  /** Packages that leave a mark wherever they are run, by their program or as their package.json. */
  async function installEvil({ manifestIsProgram }: { readonly manifestIsProgram: boolean }): Promise<void> {
    for (const name of names) {
      const home = join(folder, 'node_modules', '@tensorflow', name);
      await mkdir(home, { recursive: true });
      await writeFile(join(home, 'evil.js'), evil);
      const exported = manifestIsProgram ? { exports: { '.': './evil.js', './package.json': './evil.js' } } : {};
      const manifest = { name: `@tensorflow/${name}`, version: '4.22.0', main: 'evil.js', ...exported };
      await writeFile(join(home, 'package.json'), JSON.stringify(manifest));
    }
  }

  const env = () => ({ EVIL_MARK: join(folder, 'mark') });

  test.each([
    { line: 'list engines --json', manifestIsProgram: false },
    { line: 'list engines --json', manifestIsProgram: true },
    { line: 'doctor --json --no-speed', manifestIsProgram: false },
    { line: 'doctor --json --no-speed', manifestIsProgram: true },
    { line: `${training} --output-dir results`, manifestIsProgram: false },
    { line: `${training} --output-dir results --engine auto`, manifestIsProgram: true },
  ])('are not run by "$line" (package.json is a program: $manifestIsProgram)', async ({ line, manifestIsProgram }) => {
    await installEvil({ manifestIsProgram });
    const { code, stdout, stderr } = await command(line.split(' '), { cwd: folder, env: env() });
    expect(code, stderr).toBe(0);
    expect(await readdir(folder)).not.toContain('mark');
    if (!line.includes('--json')) return;
    const parsed = JSON.parse(stdout);
    const engines: { name: string; installed: boolean; usable: boolean; reason: string }[] = parsed.engines ?? parsed;
    const found = engines.filter(({ reason }) => reason.includes('is not tried'));
    expect(found.map(({ name }) => name)).toEqual(['tfjs-node-gpu', 'tfjs-node']);
    for (const { name, installed, usable, reason } of found) {
      expect({ installed, usable }).toEqual({ installed: true, usable: false });
      expect(reason).toMatch(new RegExp(`node_modules/@tensorflow/${name} is not tried.*; --engine ${name} uses it$`));
    }
  });

  test('are run by a user who names the engine, so that the tests above would notice', async () => {
    await installEvil({ manifestIsProgram: false });
    await command([...training.split(' '), '--engine', 'tfjs-node', '--device', 'cpu'], { cwd: folder, env: env() });
    expect(await readdir(folder)).toContain('mark');
  });
});

test('runtime takes an engine, too, and says which', async () => {
  const line =
    'runtime --testproblem mnist_logreg --optimizers adam --engine tfjs-cpu --data synthetic --synthetic-size 200 --batch-size 50 --num-epochs 1 --repeats 1 --quiet --json';
  const { code, stdout } = await command(line.split(' '), { cwd: folder });
  expect(code).toBe(0);
  expect(JSON.parse(stdout).engine).toMatchObject({ name: 'tfjs-cpu', device: 'cpu', threads: 1 });
});
