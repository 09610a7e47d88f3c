import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadTestProblem, testProblemNames } from '../../src/testproblem/index.js';
import { loadedCommand } from './loaded-command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function json(...args: string[]) {
  const { code, stdout } = await loadedCommand([...args, '--json'], { cwd: folder });
  return { code, content: JSON.parse(stdout) };
}

/** The lines of a data set. */
function blockOf(dataset: string, stdout: string): string {
  return stdout.split('\n\n').find((block) => block.startsWith(`${dataset}: `)) ?? '';
}

describe('list', () => {
  test('testproblems', async () => {
    const { stdout, stderr, code } = await loadedCommand(['list', 'testproblems'], { env: { COLUMNS: '80' } });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    // A line of numbers and the description for each one, below the heading of its data set; no line is wider than 80.
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const words = stdout.replaceAll(/\s+/g, ' ');
    for (const name of testProblemNames()) {
      const { dataset, parameterCount, defaults, hasAccuracy, description } = await loadTestProblem(name);
      const { batchSize, numEpochs, l2Reg = null } = defaults;
      const numbers = [
        parameterCount.toLocaleString('en'),
        batchSize,
        numEpochs,
        l2Reg ?? '-',
        hasAccuracy ? 'yes' : 'no',
      ];
      const line = new RegExp(`^${name} .*(seconds|minutes|hours) +${numbers.join(' +')}$`, 'm');
      expect(stdout).toMatch(line);
      expect(words).toContain(`${numbers.join(' ')} ${description}`);
      expect(blockOf(dataset, stdout)).toMatch(line);
    }
    const legend = stdout.slice(stdout.indexOf("set: of DeepOBS'"), stdout.indexOf('--variant tf'));
    expect({ quadratic: blockOf('quadratic', stdout), legend }).toMatchSnapshot();
    const { content } = await json('list', 'testproblems');
    expect(content).toContainEqual(
      expect.objectContaining({
        name: 'cifar10_3c3d',
        parameters: 895_210,
        batch_size: 128,
        num_epochs: 100,
        l2_reg: 0.002,
      }),
    );
  });

  test('optimizers', async () => {
    const { content } = await json('list', 'optimizers');
    const names = content.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(['adam', 'momentum', 'nesterov', 'sgd']));
    const sgd = content.find(({ name }: { name: string }) => name === 'sgd');
    expect(sgd).toMatchObject({
      class_name: 'SGD',
      hyperparameters: [{ name: 'lr', option: '--lr', required: false, default: 0.01 }],
    });
    expect(sgd).toMatchObject({ group: 'classical', gradients_per_step: 1, memory_vectors: 0, tune: ['lr'] });
    const wrapper = content.find(({ name }: { name: string }) => name === 'lookahead(…)');
    expect(wrapper).toMatchObject({ group: 'wrapper', gradients_per_step: 0, memory_vectors: 1 });
    const { stdout } = await loadedCommand(['list', 'optimizers'], { env: { COLUMNS: '80' } });
    expect(stdout).toMatch(/^classical: .*\nname .*\n(?:.*\n)*?adam +1 +0 +2 +lr$/m);
    expect(stdout).toMatch(/^this project's: .*\nname .*\n(?:.*\n)*?preconditioned-sgd +1 +14e +8 +-$/m);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect((await loadedCommand(['list', 'optimizers', '--format', 'json'])).stdout).toBe(
      (await loadedCommand(['list', 'optimizers', '--json'])).stdout,
    );
  });

  test.each(['testproblems', 'optimizers'])('%s in a narrow and in a wide terminal', async (what) => {
    const at = async (columns: number) => {
      const { stdout } = await loadedCommand(['list', what], { env: { COLUMNS: String(columns) } });
      const lines = stdout.split('\n');
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
      return lines;
    };
    const [narrow, wide] = [await at(40), await at(160)];
    // What a narrow terminal has no room for is named; a wide one has each in one row, description and all.
    expect(narrow.join(' ')).toMatch(/left out for want of room: .*; --json has everything/);
    expect(wide.join(' ')).not.toContain('left out');
    const [name, description] = {
      testproblems: [
        'quadratic_deep',
        'noisy quadratic in 100 dimensions with the eigenvalue spectrum of a deep network',
      ],
      optimizers: ['sgd', 'stochastic gradient descent'],
    }[what] ?? ['', ''];
    expect(wide.find((line) => line.startsWith(`${name} `))).toContain(description);
    expect(narrow.some((line) => line.split(' ')[0] === name)).toBe(true);
  });

  test('datasets and engines', async () => {
    expect((await json('list', 'datasets')).content).toContainEqual(
      expect.objectContaining({ name: 'cifar10', shape: [3, 32, 32], classes: 10 }),
    );
    expect((await json('list', 'engines')).content).toContainEqual(
      expect.objectContaining({ name: 'onnxruntime', device: 'cpu', usable: true }),
    );
  });
});

describe('data', () => {
  test('info says what is missing and is no failure', async () => {
    const { code, content } = await json('data', 'info', '--data-dir', 'nowhere');
    expect(code).toBe(0);
    expect(content).toMatchObject({
      directory: 'nowhere',
      datasets: ['mnist', 'fmnist', 'cifar10', 'cifar100', 'svhn', 'tolstoi'].map((name) => ({
        name,
        state: 'missing',
      })),
    });
  });

  test('verify fails where something is not verified, and names it', async () => {
    await mkdir(join(folder, 'data', 'mnist'), { recursive: true });
    await writeFile(join(folder, 'data', 'mnist', 'train-images-idx3-ubyte'), 'no images');
    const { code, stdout, stderr } = await loadedCommand(['data', 'verify', 'mnist'], { cwd: folder });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^mnist +mnist.train-images-idx3-ubyte +corrupt +9 /m);
    expect(stderr).toContain('probprec: not verified: mnist (corrupt)');
  });

  test('the data directory comes from the environment when it is not given', async () => {
    const env = { PROBPREC_DATA_DIR: join(folder, 'elsewhere') };
    const { stderr } = await loadedCommand(['data', 'info', 'mnist'], { cwd: folder, env });
    expect(stderr).toContain(`data sets in ${env.PROBPREC_DATA_DIR}`);
  });
});

test('doctor says what is there and what to do about the rest', async () => {
  const { code, stdout } = await loadedCommand(['doctor', '--no-speed'], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^onnxruntime \(default\) +cpu +yes/m);
  expect(stdout).toContain('mnist is missing: probprec data fetch mnist');
  const { content } = await json('doctor');
  expect(content.machine.node).toBe(process.versions.node);
  expect(content.advice).toHaveLength(6);
  // The speed of an engine that works is measured.
  for (const { name, usable, gigaflops } of content.engines) {
    if (usable) expect(gigaflops, name).toBeGreaterThan(0);
    else expect(gigaflops, name).toBeNull();
  }
});
