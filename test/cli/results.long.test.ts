import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeRunFile } from '../../src/results/index.js';
import { deepobsContent, place, put } from '../results/deepobs/trees.js';
import { exampleConfiguration, exampleRunFile } from '../results/example.js';
import { command } from './command.js';
import { loadedCommand } from './loaded-command.js';

const fixtures = fileURLToPath(new URL('../results/deepobs/fixtures', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-cli-results-'));
  for (const [index, className] of ['SGD', 'SGD', 'Adam', 'Adam'].entries()) {
    const seed = 42 + (index % 2);
    const { optimizer } = exampleConfiguration();
    const runFile = exampleRunFile({
      configuration: exampleConfiguration({ seed, optimizer: { ...optimizer, className } }),
      datasetSizes: { train: 25 * 128, valid: 1, trainEval: 1, test: 1 },
    });
    await writeRunFile(join(folder, 'results', className, `random_seed__${seed}__2026-11-22-10-00-00.json`), runFile);
  }
});
afterEach(() => rm(folder, { recursive: true }));

const inFolder = (...args: string[]) => loadedCommand(args, { cwd: folder });

describe('compare', () => {
  test('prints a table of the folder results', async () => {
    const { code, stdout, stderr } = await inFolder(
      'compare',
      '--baselines',
      'published',
      '--target',
      'mnist_logreg=0.75',
    );
    expect(code).toBe(0);
    expect(stdout).toMatchSnapshot();
    expect(stderr).toContain('95 % interval of the mean');
  });

  test.each(['json', 'csv', 'latex', 'markdown'])('%s: only the result on stdout', async (format) => {
    const { code, stdout } = await inFolder('compare', 'results', '--format', format, '--baselines', 'none');
    expect(code).toBe(0);
    const start = { json: '{', csv: 'testproblem,conditions', latex: '\\begin{table}', markdown: '### mnist_logreg' }[
      format
    ];
    expect(stdout.startsWith(start ?? '-') || stdout.startsWith('% ')).toBe(true);
    if (format === 'json') expect(JSON.parse(stdout).tables[0].rows).toHaveLength(2);
  });

  test('names the baseline that it left out', async () => {
    const { stdout } = await inFolder('compare', '--baselines', 'published');
    expect(stdout).toContain('baseline DeepOBS 1.2.0-beta left out: num_epochs 50 ≠ 2');
  });

  test('reads folders of DeepOBS, and another folder as baseline', async () => {
    const { code, stdout } = await inFolder('compare', 'results', '--baselines', fixtures, '--allow-mismatch');
    expect(code).toBe(0);
    expect(stdout).toContain('MyOptimizer');
  });

  test('a file that cannot be read is named, and the exit code is 1', async () => {
    await writeFile(join(folder, 'results', 'random_seed__1__x.json'), '{"schema_version": 1}');
    const { code, stdout, stderr } = await inFolder('compare');
    expect(code).toBe(1);
    expect(stderr).toContain('random_seed__1__x.json: field testproblem: missing, expected a text');
    expect(stdout).toContain('mnist_logreg');
  });

  test.each<[string[], number, string]>([
    [['compare', 'nowhere'], 2, 'nowhere: no such file or folder; expected a run file or a folder'],
    [['compare', '.', '--baselines', 'other'], 2, '--baselines: found "other", expected bundled, published, none or a'],
    [
      ['compare', '--format', 'tabel'],
      2,
      '--format: found "tabel", expected one of table, json, csv, latex, markdown (did',
    ],
    [['compare', '--metric', 'accuracy'], 2, '--metric: found "accuracy", expected one of train_losses'],
    [['compare', '--target', 'x'], 2, '--target: found "x", expected TESTPROBLEM=NUMBER'],
    [['compare', '--optimizers', 'adam'], 2, '--optimizers: found "adam", expected some of Adam'],
    [['compare', '--testproblems', 'mnist'], 2, '--testproblems: found "mnist", expected some of mnist_logreg'],
    [['import', 'tensorboard', 'x'], 2, 'import: unknown command "tensorboard"; expected one of deepobs'],
    [['export'], 2, 'export: missing command; expected one of deepobs'],
    [['export', 'deepobs', 'results'], 2, "missing required option '--output-dir <dir>'"],
    [['import', 'deepobs'], 2, "missing required argument 'dir'"],
  ])('%j', async (args, code, message) => {
    const finished = await inFolder(...args);
    expect(finished).toMatchObject({ code, stdout: '' });
    expect(finished.stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(message)]);
  });

  test('an empty folder has nothing to compare', async () => {
    await rm(join(folder, 'results'), { recursive: true });
    await cp(join(fixtures, 'mnist_mlp'), join(folder, 'empty'), {
      recursive: true,
      filter: (path) => !path.endsWith('.json'),
    });
    const { code, stderr } = await inFolder('compare', 'empty');
    expect(code).toBe(1);
    expect(stderr).toBe('probprec: compare: found no runs in empty; probprec run makes one\n');
  });
});

describe('validate', () => {
  test('says valid for each file, of every kind', async () => {
    const { code, stdout, stderr } = await inFolder('validate', 'results', fixtures);
    expect(code).toBe(0);
    expect(stdout).toContain('results/Adam/random_seed__42__2026-11-22-10-00-00.json: valid (run file, completed)');
    expect(stdout).toContain('valid (DeepOBS file, diverged)');
    expect(stderr).toMatch(/^\d+ files, 0 with faults\n$/);
  });

  test('names file, field, found and expected', async () => {
    const path = 'results/SGD/random_seed__42__2026-11-22-10-00-00.json';
    const text = await readFile(join(folder, path), 'utf8');
    await writeFile(join(folder, path), text.replace('"batch_size": 128', '"batch_size": 129'));
    const { code, stdout } = await inFolder('validate', '--quiet');
    expect(code).toBe(1);
    expect(stdout).toBe(`${path}: field batch_size: found 129, expected 128 as in configuration\n`);
    const json = await inFolder('validate', path, '--json');
    expect(JSON.parse(json.stdout)).toEqual([{ path, kind: null, state: null, faults: [stdout.trimEnd()], notes: [] }]);
  });
});

describe('import and export', () => {
  test('to DeepOBS and back', async () => {
    const out = await inFolder('export', 'deepobs', 'results', '--output-dir', 'deepobs');
    expect(out).toMatchObject({ code: 0, stderr: '4 written, 0 already there, 0 skipped, 0 with faults\n' });
    const [first] = out.stdout.split('\n');
    expect(first).toBe(
      'deepobs/mnist_logreg/Adam/num_epochs__2__batch_size__128__lr__1.1288378917e-01__momentum__9.e-01/random_seed__42__2026-11-22-10-00-00.json',
    );
    const back = await inFolder('import', 'deepobs', 'deepobs', '--output-dir', 'imported', '--json');
    expect(JSON.parse(back.stdout)).toMatchObject({ unchanged: [], skipped: [], faults: [] });
    const imported = await readdir(join(folder, 'imported'), { recursive: true });
    expect(imported.filter((name) => name.endsWith('.json'))).toHaveLength(4);
    const compared = await inFolder('compare', 'imported', '--format', 'csv', '--baselines', 'none');
    expect(compared.stdout).toContain('0.8');
  });
});

describe('a folder of DeepOBS', () => {
  const lines = (text: string) => text.trimEnd().split('\n');

  test('with many files: a summary; --verbose names each, --quiet only faults, JSON has all', async () => {
    for (const seed of Array.from({ length: 12 }, (_, index) => 42 + index)) {
      await put(folder, `theirs/${place('fmnist_2c2d', 'SGD', seed)}`, deepobsContent({ random_seed: seed }));
      const variant = deepobsContent({ random_seed: seed, optimizer_name: 'SGD_noinit' });
      await put(folder, `theirs/${place('fmnist_2c2d_noinit', 'SGD', seed)}`, variant);
    }
    await put(folder, `theirs/${place('mnist_dcgan', 'Adam')}`, {
      testproblem: 'mnist_dcgan',
      hyperparams: {},
      generator_loss: [1.5],
    });
    await put(folder, `theirs/${place('fmnist_2c2d', 'SGD').replace('.json', '__log.json')}`, {});
    const summary = await inFolder('import', 'deepobs', 'theirs', '--output-dir', 'a');
    expect(summary.code).toBe(0);
    expect(lines(summary.stdout)).toEqual([
      'fmnist_2c2d: 1 optimizer, 1 setting, 12 runs',
      'fmnist_2c2d_noinit: 1 optimizer, 1 setting, 12 runs',
    ]);
    expect(lines(summary.stderr)).toEqual([
      expect.stringContaining(
        '12 files: the folder says "fmnist_2c2d_noinit", the file "fmnist_2c2d": the folder decides',
      ),
      expect.stringContaining('12 files: the folder says "SGD", the file "SGD_noinit": the folder decides'),
      expect.stringMatching(
        /mnist_dcgan\/.*: skipped, it has no losses per epoch \(but generator_loss\): nothing to compare$/,
      ),
      '24 written, 0 already there, 1 skipped, 0 with faults, 1 monitor log not read',
    ]);
    const verbose = await inFolder('import', 'deepobs', 'theirs', '--output-dir', 'b', '--verbose');
    expect(lines(verbose.stdout)).toHaveLength(24);
    expect(lines(verbose.stderr)).toHaveLength(24 + 1 + 1);
    expect(await inFolder('import', 'deepobs', 'theirs', '--output-dir', 'c', '--quiet')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const json = await inFolder('import', 'deepobs', 'theirs', '--output-dir', 'd', '--json', '--quiet');
    expect(JSON.parse(json.stdout)).toMatchObject({
      monitorLogs: 1,
      skipped: [{}],
      summary: { testproblems: [{}, {}] },
    });
    const compared = await inFolder('compare', 'theirs', '--baselines', 'none');
    expect(compared.code).toBe(0);
    expect(compared.stdout).toContain('fmnist_2c2d_noinit: test accuracies');
    expect(compared.stderr).toContain('nothing to compare');
    expect((await inFolder('validate', 'theirs')).code).toBe(0);
  });

  test('with a bad file: named, the others are transferred, exit code 1', async () => {
    await put(folder, `theirs/${place('fmnist_2c2d', 'SGD')}`, deepobsContent());
    await put(folder, 'theirs/SGD/s/random_seed__42__x.json', deepobsContent({ testproblem: '../../ESCAPED/tp' }));
    const { code, stdout, stderr } = await inFolder('import', 'deepobs', 'theirs', '--output-dir', 'a/b/o', '--quiet');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(lines(stderr)).toEqual([
      'probprec: theirs/SGD/s/random_seed__42__x.json: field testproblem: found "../../ESCAPED/tp", expected a name without / or \\',
      '1 written, 0 already there, 0 skipped, 1 with faults',
    ]);
    expect(await readdir(join(folder, 'a'))).toEqual(['b']);
    for (const args of [
      ['compare', 'theirs', '--baselines', 'none'],
      ['validate', 'theirs'],
    ]) {
      expect(await inFolder(...args)).toMatchObject({ code: 1 });
    }
  });

  test('that is not there, or holds results of another program', async () => {
    expect((await inFolder('import', 'deepobs', 'nope')).stderr).toBe(
      'probprec: nope: no such file or folder; expected a folder of DeepOBS results\n',
    );
    await put(folder, 'theirs/study/measurements.csv', 'score\n1\n');
    const { code, stderr } = await inFolder('import', 'deepobs', 'theirs');
    expect(code).toBe(1);
    expect(stderr).toContain(
      'but theirs/study/measurements.csv: results of other programs (AlgoPerf, FOB) are not read',
    );
  });
});

/** As another user where the tests run as root, for whom no folder is closed. */
test('a folder that may not be read is one fault, and the rest is read', async () => {
  await chmod(folder, 0o755);
  await put(folder, `theirs/${place('fmnist_2c2d', 'SGD')}`, deepobsContent());
  await mkdir(join(folder, 'theirs', 'closed'), { mode: 0o000 });
  const uid = process.getuid?.() === 0 ? { uid: 65534 } : {};
  const { code, stdout, stderr } = await command(['validate', 'theirs'], { cwd: folder, ...uid });
  await chmod(join(folder, 'theirs', 'closed'), 0o700);
  expect(code).toBe(1);
  expect(stdout).toContain('valid (DeepOBS file, completed)');
  expect(stderr).toBe('probprec: theirs/closed: cannot be searched (permission denied)\n1 file, 1 with faults\n');
});

test('a run that diverges at an evaluation is valid', async () => {
  const about = ['--testproblem', 'mnist_logreg', '--optimizer', 'sgd', '--lr', '3e38', '--num-epochs', '3'];
  const data = ['--data', 'synthetic', '--synthetic-size', '600', '--batch-size', '500', '--threads', '1'];
  await inFolder('run', ...about, ...data, '--output-dir', 'diverged', '--quiet');
  const { code, stdout } = await inFolder('validate', 'diverged');
  expect(stdout).toMatch(/valid \(run file, diverged\)\n$/);
  expect(code).toBe(0);
  const [path = ''] = (await readdir(join(folder, 'diverged'), { recursive: true })).filter((name) =>
    name.endsWith('.json'),
  );
  expect(JSON.parse(await readFile(join(folder, 'diverged', path), 'utf8')).status).toMatchObject({
    state: 'diverged',
    step: null,
  });
});

/** 80 files of 1 MB: what is kept of a run does not grow with its minibatch losses. */
test('compare needs no memory for minibatch losses', async () => {
  const losses = Array.from({ length: 50_000 }, (_, index) => 2 / (index + 1) + 1e-9);
  for (let setting = 0; setting < 80; setting++) {
    const lr = 10 ** (-setting / 10);
    const content = deepobsContent({ optimizer_hyperparams: { lr }, minibatch_train_losses: losses });
    await put(
      folder,
      `many/${place('cifar10_3c3d', 'SGD', 42, `lr__${lr.toExponential(10)}`)}`,
      JSON.stringify(content),
    );
  }
  const env = { NODE_OPTIONS: '--max-old-space-size=30' };
  const { code, stdout } = await command(['compare', 'many', '--baselines', 'none'], { cwd: folder, env });
  expect(code).toBe(0);
  expect(stdout).toContain('(best of 80)');
});

test('compare says in one line that the runs do not fit into memory', async () => {
  const curve = Array.from({ length: 4001 }, () => 0.5);
  const curves = Object.fromEntries(
    ['train', 'valid', 'test'].flatMap((set) => [
      [`${set}_losses`, curve],
      [`${set}_accuracies`, curve],
    ]),
  );
  for (let setting = 0; setting < 300; setting++) {
    const lr = 10 ** (-setting / 100);
    const content = deepobsContent({ optimizer_hyperparams: { lr }, num_epochs: 4000, ...curves });
    await put(
      folder,
      `full/${place('cifar10_3c3d', 'SGD', 42, `lr__${lr.toExponential(10)}`)}`,
      JSON.stringify(content),
    );
  }
  const env = { NODE_OPTIONS: '--max-old-space-size=80' };
  const { code, stdout, stderr } = await command(['compare', 'full', '--baselines', 'none'], { cwd: folder, env });
  expect(stderr).toMatch(
    /^probprec: the runs of \d+ of 300 files fill the \d+ MB that Node has .*max-old-space-size.*\n$/,
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test('list baselines', async () => {
  const { code, stdout } = await inFolder('list', 'baselines', '--json');
  expect(code).toBe(0);
  const published = JSON.parse(stdout).filter(
    ({ baseline }: { baseline: string }) => baseline === 'DeepOBS 1.2.0-beta',
  );
  expect(published).toHaveLength(12);
  expect(published[0]).toMatchObject({ testproblem: 'fmnist_2c2d', optimizer: 'SGD', num_epochs: 100 });
  expect((await inFolder('list', 'baselines')).stdout).toContain('PreconditionedTunedMomentum');
});
