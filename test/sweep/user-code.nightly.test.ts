import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import { plannedRuns, planOf, planStatus } from '../../src/sweep/index.js';
import { command } from '../cli/command.js';
import { temporaryFolder } from '../run/small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const mark = () => join(folder, 'mark');
const env = () => ({ MARK: mark() });
const probprec = (...args: string[]) => command(args, { cwd: folder, env: env() });

/** An optimizer file that leaves a mark whenever its code runs. */
const optimizer = `
import { writeFileSync } from 'node:fs';
import { defineOptimizer, scaleByLearningRate, z } from 'probprec';
writeFileSync(process.env.MARK, 'ran');
export default defineOptimizer({
  name: 'mine', className: 'Mine', description: 'for a test',
  hyperparameters: z.strictObject({ lr: z.number().default(0.1) }),
  transformation: () => scaleByLearningRate(),
});`;

const small = '{ num_epochs: 1, batch_size: 32, data: synthetic, synthetic_size: 600 }';

async function writePlan(optimizers = '[sgd, ./mine.mjs]', more = ''): Promise<void> {
  await writeFile(join(folder, 'mine.mjs'), optimizer);
  const text = `testproblems: mnist_logreg\noptimizers: ${optimizers}\nsettings: { lr: 0.1 }\noptions: ${small}\n${more}`;
  await writeFile(join(folder, 'plan.yaml'), text);
}

const READERS = [
  ['status'],
  ['status', '--json'],
  ['best'],
  ['commands'],
  ['commands', '--format', 'slurm', '--epoch-seconds', '1'],
  ['rerun-best', '--seeds', '43'],
  ['run'],
  ['run', '--index', '0'],
].map(([name = '', ...options]) => ({ name, options }));

describe('a plan that names an optimizer file', () => {
  test.each(READERS)(
    'is not followed by sweep $name $options unasked: one line that names it',
    async ({ name, options }) => {
      await writePlan();
      const { code, stdout, stderr } = await probprec('sweep', name, 'plan.yaml', ...options);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toBe(
        'probprec: plan.yaml: the plan runs code that does not come with probprec: ./mine.mjs; --allow-user-code runs it, when you have read it or wrote it yourself\n',
      );
      expect(existsSync(mark())).toBe(false);
    },
  );

  test('is checked before the file is loaded, allowed or not', async () => {
    await writePlan('./mine.mjs', 'seeds: [1, x]\n');
    const { code, stderr } = await probprec('sweep', 'status', 'plan.yaml', '--allow-user-code');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^probprec: plan\.yaml:5: seeds/);
    expect(existsSync(mark())).toBe(false);
  });

  test('is followed with --allow-user-code', async () => {
    await writePlan();
    const { code, stdout } = await probprec('sweep', 'run', 'plan.yaml', '--allow-user-code', '--quiet');
    expect(code).toBe(0);
    expect(stdout).toContain('2 completed');
    const status = await probprec('sweep', 'status', 'plan.yaml', '--allow-user-code');
    expect(status.stdout).toContain('2 of 2 runs done');
    expect(status.stderr).toContain('next: probprec sweep best plan.yaml --allow-user-code\n');
  });

  test('says nothing where only our own optimizers are named', async () => {
    await writePlan('[sgd, momentum]');
    expect((await probprec('sweep', 'status', 'plan.yaml')).code).toBe(0);
  });

  test('written from the command line is told with the option, and the hint works', async () => {
    await writeFile(join(folder, 'mine.mjs'), optimizer);
    const plan = ['sweep', 'plan', '--testproblem', 'mnist_logreg', '--optimizer', './mine.mjs', '--num-epochs', '1'];
    const data = ['--data', 'synthetic', '--synthetic-size', '600', '--batch-size', '32'];
    const { code, stderr } = await probprec(...plan, ...data, '-o', 'my plan.yaml');
    expect(code).toBe(0);
    const [, next = ''] = /next: probprec (sweep run [^,]+),/.exec(stderr) ?? [];
    expect(next).toBe("sweep run 'my plan.yaml' --allow-user-code");
    expect((await probprec('sweep', 'run', 'my plan.yaml', '--allow-user-code', '--quiet')).code).toBe(0);
  });

  test('becomes commands that run unattended', async () => {
    await writePlan('./mine.mjs', 'resources: { time: "10" }\n');
    const { code } = await probprec('sweep', 'commands', 'plan.yaml', '--allow-user-code', '-o', 'jobs.txt');
    expect(code).toBe(0);
    const { status, stderr } = spawnSync('sh', ['jobs.txt'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...env() },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const scripts = [
      'sweep',
      'commands',
      'plan.yaml',
      '--allow-user-code',
      '--format',
      'slurm',
      '--epoch-seconds',
      '1',
    ];
    expect((await probprec(...scripts, '-o', 'slurm')).code).toBe(0);
    expect(await readFile(join(folder, 'slurm', 'plan.sbatch'), 'utf8')).toContain(
      '--threads "$threads" --allow-user-code &',
    );
    expect(await readFile(join(folder, 'slurm', 'plan-report.sbatch'), 'utf8')).toMatch(
      /sweep status \S+plan\.yaml --allow-user-code\n/,
    );
  });
});

describe('a plan whose engine lies in the working directory', () => {
  async function installEngine(name: string): Promise<void> {
    const home = join(folder, 'node_modules', '@tensorflow', name);
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'package.json'), JSON.stringify({ name, version: '4.22.0', main: 'index.js' }));
    await writeFile(join(home, 'index.js'), "require('node:fs').writeFileSync(process.env.MARK, 'ran');\n");
  }

  test.each([
    { options: '{ engine: tfjs-node-gpu }', name: 'tfjs-node-gpu' },
    { options: '{ device: gpu }', name: 'tfjs-node-gpu' },
    { options: '{ engine: tfjs-node }', name: 'tfjs-node' },
  ])('$options is not followed unasked', async ({ options, name }) => {
    await installEngine(name);
    await writeFile(join(folder, 'plan.yaml'), `testproblems: mnist_logreg\noptimizers: sgd\noptions: ${options}\n`);
    for (const command of ['status', 'run', 'commands']) {
      const { code, stderr } = await probprec('sweep', command, 'plan.yaml');
      expect(code).toBe(2);
      expect(stderr).toContain(`./node_modules/@tensorflow/${name}; --allow-user-code runs it`);
    }
    expect(await readdir(folder)).not.toContain('mark');
  });
});

test('the library asks as well', async () => {
  await writePlan('./mine.mjs');
  const text = await readFile(join(folder, 'plan.yaml'), 'utf8');
  const path = join(folder, 'plan.yaml');
  await expect(plannedRuns(planOf(path, text))).rejects.toThrow(ConfigurationError);
  await expect(planStatus(planOf(path, text))).rejects.toThrow(/allow-user-code/);
});
