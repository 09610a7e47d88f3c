import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { command, QUICK } from './command.js';
import { loadedCommand } from './loaded-command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-sweep-'));
});
afterEach(() => rm(folder, { recursive: true }));

const sweep = (...args: string[]) => loadedCommand(['sweep', ...args], { cwd: folder });
const SMALL = ['--data', 'synthetic', '--synthetic-size', '300', ...QUICK];
const PLAN = ['plan', '--testproblem', 'mnist_logreg', '--optimizer', 'sgd'];

describe('help', () => {
  test.each([[], ['plan'], ['commands'], ['run'], ['status'], ['best'], ['rerun-best']].map((args) => [args]))(
    'of sweep %j',
    async (args) => {
      const { code, stdout, stderr } = await sweep(...args, '--help');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatchSnapshot();
    },
  );
});

describe('sweep plan', () => {
  const full = [
    ...['plan', '--testproblem', 'mnist_logreg', 'mnist_mlp', '--optimizer', 'sgd', 'momentum', 'adam'],
    ...['--grid', 'lr=deepobs', '--grid', 'adam.lr=1e-3,1e-2', '--random', 'momentum.momentum=uniform:0.5:0.99'],
    ...[
      '--samples',
      '2',
      '--sampling-seed',
      '7',
      '--halton',
      '--seeds',
      '42-44',
      '--num-epochs',
      '2',
      '--l2-reg',
      '0.01',
    ],
    ...['--lr-schedule-epochs', '1', '--lr-schedule-factors', '0.1', '--jobs', '2', '--threads', '1', '--name', 'full'],
    ...['--data-dir', 'sets', '--output-dir', 'out', '-o', 'plans/full.yaml'],
  ];

  test('writes a plan that a person can read and edit', async () => {
    await mkdir(join(folder, 'plans'));
    const { code, stdout, stderr } = await sweep(...full);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'plans/full.yaml\n' });
    expect(stderr).toBe(
      '372 runs: 2 test problems, 3 optimizers, 124 settings, 3 seeds\n' +
        'next: probprec sweep run plans/full.yaml, or probprec sweep commands plans/full.yaml --format parallel|slurm\n',
    );
    expect(await readFile(join(folder, 'plans', 'full.yaml'), 'utf8')).toMatchSnapshot();
  });

  test('takes names with commas or blanks between them, and the option several times', async () => {
    const written = async (...names: string[]) => {
      const { code, stderr } = await sweep('plan', ...names, '--grid', 'lr=0.1', '-o', '-names.yaml', '--overwrite');
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return await readFile(join(folder, '-names.yaml'), 'utf8');
    };
    const problem = ['--testproblem', 'mnist_logreg', 'mnist_mlp'];
    const plan = await written(...problem, '--optimizer', 'sgd', 'lookahead(adam)', 'momentum');
    expect(plan).toMatch(/testproblems:\n {2}- mnist_logreg\n {2}- mnist_mlp\noptimizers:\n {2}- sgd\n {2}- lookahead/);
    expect(await written(...problem, '--optimizer', 'sgd,lookahead(adam),momentum')).toBe(plan);
    expect(await written(...problem, '--optimizer', 'sgd, lookahead(adam)', '--optimizer=momentum')).toBe(plan);
    expect(
      await written('--testproblem', 'mnist_logreg,mnist_mlp', '--optimizer', 'sgd,lookahead(adam)', 'momentum'),
    ).toBe(plan);
    expect(await sweep('plan', ...problem, '--optimizer', 'sgd,,adam')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^probprec: --optimizer: found an empty name, expected names separated by commas/),
    });
  });

  test('plans a schedule for ten optimizers, with those that have no learning rate left as they are', async () => {
    const ten = 'sgd,momentum,nesterov,adam,adamw,rmsprop,adagrad,lion,radam,nadam';
    const { code, stderr } = await sweep(
      ...['plan', '--testproblem', 'mnist_logreg', '--optimizer', ten, '--grid', 'lr=0.001,0.01'],
      ...['--schedule', 'cosine', '--warmup', '0.05', '-o', 'ten.yaml'],
    );
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^20 runs: 1 test problem, 10 optimizers, 20 settings, 1 seed\n/),
    });
  });

  test('leaves the same plan alone, and another one unless told to', async () => {
    await sweep(...PLAN, '--grid', 'lr=0.1');
    const { mtimeMs } = await stat(join(folder, 'plan.yaml'));
    expect((await sweep(...PLAN, '--grid', 'lr=0.1')).stderr).toContain('the plan was there already, unchanged');
    expect((await stat(join(folder, 'plan.yaml'))).mtimeMs).toBe(mtimeMs);
    const other = await sweep(...PLAN, '--grid', 'lr=0.2');
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toMatch(/^probprec: plan\.yaml: found a plan that differs, expected .*--overwrite\n$/);
    expect((await sweep(...PLAN, '--grid', 'lr=0.2', '--overwrite')).code).toBe(0);
    expect(await readFile(join(folder, 'plan.yaml'), 'utf8')).toContain('lr: 0.2');
  });
});

describe('a wrong sweep command is one line on stderr, exit code 2, and writes nothing:', () => {
  test.each([
    ['no command', [], /sweep: missing command; expected one of plan, .*rerun-best/],
    ['an unknown command', ['statsu'], /"statsu".*did you mean status/],
    ['no test problem', ['plan', '--optimizer', 'sgd'], /--testproblem: missing/],
    ['no optimizer', ['plan', '--testproblem', 'mnist_logreg'], /--optimizer: missing/],
    [
      'an unknown test problem',
      ['plan', '--testproblem', 'mnist', '--optimizer', 'sgd'],
      /--testproblem mnist: not known/,
    ],
    [
      'an unknown optimizer',
      ['plan', '--testproblem', 'mnist_logreg', '--optimizer', 'sdg'],
      /--optimizer sdg.*did you mean .*sgd/,
    ],
    ['a grid without values', [...PLAN, '--grid', 'lr'], /--grid: found "lr", expected NAME=VALUES/],
    ['a broken grid', [...PLAN, '--grid', 'lr=log:1:2'], /--grid: lr: found "log:1:2", expected log:LOW:HIGH:N/],
    ['a grid that has to be drawn', [...PLAN, '--grid', 'lr=uniform:0:1'], /expected that with --random/],
    [
      'a drawn space that is a grid',
      [...PLAN, '--random', 'lr=0.1,0.2', '--samples', '2'],
      /expected that with --grid/,
    ],
    ['samples of nothing', [...PLAN, '--samples', '2'], /--samples 2: found no --random/],
    ['no samples', [...PLAN, '--random', 'lr=uniform:0:1'], /--samples: missing/],
    [
      'an unknown hyperparameter',
      [...PLAN, '--grid', 'rl=1'],
      /--grid: found the hyperparameter "rl".*did you mean lr/,
    ],
    [
      "another optimizer's hyperparameter",
      [...PLAN, '--grid', 'sgd.momentum=1'],
      /"momentum", expected one of sgd: lr/,
    ],
    ['a hyperparameter twice', [...PLAN, '--grid', 'lr=1', '--lr', '2'], /--lr: found lr twice/],
    ['a value out of range', [...PLAN, '--grid', 'lr=1,-1'], /--lr: found -1, expected a number ≥ 0/],
    ['an unknown option', [...PLAN, '--num-epoch', '3'], /--num-epoch\b.*did you mean.*--num-epochs/],
    ['a broken budget', [...PLAN, '--num-epochs', '0.5'], /--num-epochs: found "0.5"/],
    ['synthetic size of real data', [...PLAN, '--synthetic-size', '300'], /--synthetic-size 300: goes with/],
    ['seeds the wrong way round', [...PLAN, '--seeds', '5-3'], /--seeds: found "5-3"/],
    ['a seed twice', [...PLAN, '--seeds', '42,41-43'], /--seeds: found 42 twice, expected each seed once/],
    ['no plan', ['status'], /plan/],
    ['a plan that is not there', ['status', 'none.yaml'], /none\.yaml: no such file/],
    ['an unknown format', ['commands', 'x', '--format', 'paralel'], /--format.*did you mean parallel/],
    ['an unknown metric', ['best', 'x', '--metric', 'accuracy'], /--metric: found "accuracy", expected one of/],
    ['an unknown mode', ['best', 'x', '--mode', 'last'], /--mode: found "last", expected one of/],
    ['no seeds of a rerun', ['rerun-best', 'x'], /--seeds/],
  ])('%s', async (_, args, expected) => {
    const { code, stdout, stderr } = await sweep(...args);
    expect(stderr).toMatch(/^probprec: [^\n]+\n$/);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toContain('defect');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(folder)).toEqual([]);
  });
});

const OPTIMIZER = `import { chain, defineOptimizer, learningRate, scaleByLearningRate, z } from 'probprec';
export default defineOptimizer({
  name: 'mine',
  className: 'Mine',
  description: 'SGD with hyperparameters of every type.',
  hyperparameters: z.strictObject({
    lr: learningRate(),
    flag: z.boolean().default(true),
    word: z.string().default('x'),
    rank: z.int().default(2),
  }),
  transformation: () => chain(scaleByLearningRate()),
});
`;

test('tuning end to end: plan, commands in a shell, status, best, rerun, and one setting in the comparison', async () => {
  await writeFile(join(folder, 'mine.mjs'), OPTIMIZER);
  const planned = await sweep(
    ...['plan', '--testproblem', 'mnist_logreg', '--optimizer', 'sgd', './mine.mjs', '--grid', 'lr=0.01,0.3'],
    ...['--lr-schedule-epochs', '0', '--lr-schedule-factors', '0.9', '--l2-reg', '1e-7', '-o', 'tune.yaml', ...SMALL],
    ...['--no-flag', '--word', "it's $HOME", '--rank=3'],
  );
  expect(planned.code, planned.stderr).toBe(0);
  const early = await sweep('best', 'tune.yaml', '--allow-user-code');
  expect(early.code).toBe(1);
  expect(early.stdout).toContain('left out: lr=0.01');
  expect((await sweep('rerun-best', 'tune.yaml', '--allow-user-code', '--seeds', '43')).stderr).toMatch(
    /found 4 of 4 runs without a result/,
  );

  const { stdout: lines } = await sweep('commands', 'tune.yaml', '--allow-user-code', '-o', '-');
  execFileSync('sh', ['-ec', lines], { cwd: tmpdir(), stdio: 'ignore' });
  const status = await sweep('status', 'tune.yaml', '--allow-user-code', '--json');
  expect(status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({
    name: 'tune',
    counts: { completed: 4, missing: 0 },
    runs: [{}, {}, { hyperparameters: { lr: 0.01, flag: false, word: "it's $HOME", rank: 3 } }, {}],
  });

  const best = await sweep('best', 'tune.yaml', '--allow-user-code', '--json');
  const rankings: {
    optimizer: string;
    settings: { rank: number; value: number; hyperparameters: { lr: number } }[];
  }[] = JSON.parse(best.stdout);
  expect(rankings.map(({ optimizer, settings }) => [optimizer, settings.length])).toEqual([
    ['SGD', 2],
    ['Mine', 2],
  ]);
  for (const { settings } of rankings) expect(settings[0]?.value).toBeGreaterThanOrEqual(settings[1]?.value ?? 1);

  const rerun = await sweep('rerun-best', 'tune.yaml', '--allow-user-code', '--seeds', '43');
  expect(rerun).toMatchObject({ code: 0, stdout: 'tune-best.yaml\n' });
  expect(rerun.stderr).toContain('2 runs: 1 test problem, 2 optimizers, 2 settings, 1 seed');
  expect(rerun.stderr).toContain(
    'next: probprec sweep run tune-best.yaml --allow-user-code, then probprec compare results',
  );
  expect((await sweep('commands', 'tune-best.yaml', '--allow-user-code')).stdout).toBe(
    'jobs_SGD_rerun_mnist_logreg.txt\njobs_Mine_rerun_mnist_logreg.txt\n',
  );
  for (const name of ['SGD', 'Mine']) {
    const file = join(folder, `jobs_${name}_rerun_mnist_logreg.txt`);
    execFileSync('sh', ['-e', file], { cwd: tmpdir(), stdio: 'ignore' });
  }
  expect((await sweep('status', 'tune-best.yaml', '--allow-user-code')).stdout).toContain(
    'tune-best: 2 of 2 runs done; 2 completed',
  );

  const { stdout } = await command(['compare', 'results', '--baselines', 'none', '--format', 'json'], { cwd: folder });
  const { tables }: { tables: { rows: { optimizer: string; seeds: number[] }[] }[] } = JSON.parse(stdout);
  expect(tables[0]?.rows.map(({ optimizer, seeds }) => [optimizer, seeds])).toEqual([
    ['Mine', [42, 43]],
    ['SGD', [42, 43]],
  ]);
});

test('failed runs are said first, by reason, and make the exit code 1', async () => {
  const fails = "export default { ...mine, start: () => { throw new Error('no memory left'); } };";
  const source = `${OPTIMIZER.replace('export default', 'const mine =')}\n${fails}`;
  await writeFile(join(folder, 'mine.mjs'), source);
  const planned = await sweep(...PLAN.slice(0, 3), '--optimizer', './mine.mjs', 'sgd', '--lr', '1', ...SMALL);
  expect(planned.code, planned.stderr).toBe(0);
  const { stdout: lines } = await sweep('commands', 'plan.yaml', '--allow-user-code', '-o', '-');
  execFileSync('sh', ['-c', lines], { stdio: 'ignore' });
  const { code, stdout } = await sweep('status', 'plan.yaml', '--allow-user-code');
  expect(code).toBe(1);
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    'plan: 1 of 2 runs done; 1 completed, 1 failed',
    expect.stringMatching(/^failed \(1 run\): .*mine\.mjs:\d+: Error: no memory left \(in the optimizer's start\)$/),
    expect.stringMatching(/^ {2}run 0, seed 42: .*random_seed__42__.*\.json$/),
  ]);
});

test('5,000 runs are planned, written as commands and looked for quickly', async () => {
  const plan = [...PLAN, '--grid', 'lr=log:1e-5:1:500', '--seeds', '42-51'];
  for (const args of [plan, ['commands', 'plan.yaml'], ['status', 'plan.yaml']]) {
    const { code, cpuSeconds } = await sweep(...args);
    expect(code).toBe(0);
    // About a second, whatever else the machine does.
    expect(cpuSeconds).toBeLessThan(5);
  }
  const lines = await readFile(join(folder, 'jobs_SGD_grid_search_mnist_logreg.txt'), 'utf8');
  expect(lines.trim().split('\n')).toHaveLength(5000);
});
