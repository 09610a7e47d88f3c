import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  deepobsFoldersOf,
  deepobsText,
  type ExportableRun,
  type ExportDialect,
  exportDeepobs,
  type ImportedRun,
  importDeepobs,
  METRICS,
  parseResultFile,
  type RunFile,
  readResults,
  recordResultFile,
  sealDeepobsRun,
  writeRunFile,
} from '../../../src/results/index.js';
import { exampleConfiguration, exampleParts, exampleRunFile } from '../example.js';

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-deepobs-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function runFiles(root: string): Promise<string[]> {
  const names = await readdir(root, { recursive: true });
  return names
    .filter((name) => basename(name).startsWith('random_seed__'))
    .sort()
    .map((name) => join(root, name));
}

/** An original file as an import would hold it. */
function readDeepobsRun(path: string, text: string): ImportedRun {
  const file = parseResultFile(path, text);
  if (file.kind !== 'deepobs') throw new Error(`${path} is ${file.kind}`);
  return sealDeepobsRun(text, file.content, file.parsed);
}

function deepobsPath(run: ExportableRun, dialect: ExportDialect): string {
  return join(...deepobsFoldersOf(run, dialect), fileName);
}

const fileName = 'random_seed__42__2026-11-22-10-00-00.json';

async function fixture(part: string) {
  const path = (await runFiles(fixtures)).find((candidate) => candidate.includes(part));
  if (path === undefined) throw new Error(`no fixture ${part}`);
  return readDeepobsRun(path, await readFile(path, 'utf8'));
}

describe('reading the dialects', () => {
  test('1.2.0-beta', async () => {
    const run = await fixture('SGD/num_epochs__3__batch_size__128__lr__1.e-01');
    expect(run).toMatchObject({
      testproblem: 'mnist_logreg',
      random_seed: 42,
      l2_reg: null,
      label: 'SGD',
      optimizer_hyperparams: { lr: 0.1 },
      imported_from: { dialect: 'deepobs-1.2-beta', file: 'random_seed__42__2019-08-10-02-05-05.json' },
      status: { state: 'completed', epoch: 3, step: null, reason: null },
      further: {},
      notes: [],
    });
    expect(run.test_losses).toEqual([2.3125, 0.51, 0.41, 1e-5]);
  });

  test('weight_decay, integers, booleans, None and a schedule; the folder is the label', async () => {
    const run = await fixture('Nesterov');
    expect(run).toMatchObject({
      l2_reg: 0.001,
      optimizer_name: 'SGD',
      label: 'Nesterov',
      optimizer_hyperparams: { lr: null, momentum: 0.9, nesterov: true, est_rank: 2 },
      integer_hyperparameters: ['est_rank'],
      training_params: { lr_sched_epochs: [1, 2], lr_sched_factors: [0.1, 1e-5] },
    });
  });

  test('develop has l2_reg, and a problem without accuracies has none', async () => {
    const run = await fixture('quadratic_deep');
    expect(run).toMatchObject({ l2_reg: 0.002, imported_from: { dialect: 'deepobs-develop' }, test_accuracies: null });
  });

  test('TensorFlow 1.1 has other keys and no validation', async () => {
    const run = await fixture(
      'mnist_mlp/MomentumOptimizer/num_epochs__2__batch_size__128__momentum__9.9e-01__use_nesterov__False__lr__1.e-02',
    );
    expect(run).toMatchObject({
      optimizer_name: 'MomentumOptimizer',
      optimizer_hyperparams: { momentum: 0.99, use_nesterov: false, lr: 0.01 },
      training_params: { lr_sched_epochs: [1], lr_sched_factors: [0.1] },
      valid_losses: null,
      further: { train_log_interval: 1 },
      imported_from: { dialect: 'deepobs-1.1' },
    });
    const diverged = await fixture('use_nesterov__False__lr__1.e-03');
    expect(diverged.test_losses).toEqual([2.3, 0.5, null]);
    expect(diverged.status.state).toBe('diverged');
  });

  test('missing metadata is taken from the path and noted', async () => {
    const run = await fixture('MyOptimizer/num_epochs__3__batch_size__64');
    expect(run).toMatchObject({ testproblem: 'mnist_logreg', batch_size: 64, num_epochs: 3, random_seed: 5 });
    expect(run.notes).toHaveLength(5);
    expect(run.minibatch_train_losses).toEqual([]);
  });

  test('keys of a user runner are kept apart; tokens inside texts stay', async () => {
    const run = await fixture('random_seed__6__2020-01-01-00-00-00');
    expect(run.further).toEqual({
      grad_norms: [
        [1, null],
        [0.5, 0.25],
      ],
      comment: 'NaN "quoted\\" Größe: Infinity',
    });
  });
});

describe('how a run ended', () => {
  test('an aborted run: the filling is taken out', async () => {
    const run = await fixture('lr__1.e+02');
    expect(run.status).toMatchObject({ state: 'diverged', epoch: 1 });
    expect(run.train_losses).toEqual([2.3125, 0.5]);
    expect(run.test_losses).toEqual([2.3125, null]);
    expect(run.test_accuracies).toEqual([0.098057, 0.845]);
    expect(run.minibatch_train_losses).toEqual([2.3125, 9e20, null, null]);
  });

  test('a loss that is not finite, and DeepOBS continued', async () => {
    const run = await fixture('lr__1.e+01');
    expect(run.status).toMatchObject({ state: 'diverged', epoch: 3 });
    expect(run.test_losses).toHaveLength(4);
  });

  test('a run that never moved is not taken for an aborted one', async () => {
    expect((await fixture('lr__1.e-30')).status.state).toBe('completed');
  });

  test('a runner that stopped early', async () => {
    expect((await fixture('lr__2.e-01')).status).toMatchObject({ state: 'interrupted', epoch: 2 });
  });
});

describe('a file that is no run', () => {
  const path = 'a/b/num_epochs__1/random_seed__1__x.json';
  test.each([
    ['{"testproblem": "x"', 'not valid JSON, perhaps cut off (19 characters)'],
    ['[1]', 'found [1], expected an object'],
    ['{"test_losses": [1]}', 'field train_losses: missing, expected a list of numbers'],
    ['{"train_losses": [1, 2], "test_losses": [1]}', 'field test_losses: found "1 entries", expected 2 entries'],
    ['{"train_losses": [1], "test_losses": ["x"]}', 'field test_losses.0: found "x", expected a number'],
    ['{"train_losses": [1], "test_losses": [1], "num_epochs": "5"}', 'field num_epochs: found "5", expected a whole'],
    ['{"train_losses": [1,2,3], "test_losses": [1,2,3], "num_epochs": 1}', 'found 3 entries, expected at most 2'],
  ])('%s', (text, message) => {
    expect(() => readDeepobsRun(path, text)).toThrow(message);
    expect(() => readDeepobsRun(path, text)).toThrow(path);
  });
});

/** What DeepOBS knows of one of our run files. */
function deepobsContent(file: RunFile) {
  const keys = ['testproblem', 'batch_size', 'num_epochs', 'random_seed', 'l2_reg', 'optimizer_name'] as const;
  const lists = METRICS.map((metric) => [metric, file[metric] ?? null]);
  return Object.fromEntries([
    ...[...keys, 'optimizer_hyperparams' as const, 'training_params' as const].map((key) => [key, file[key]]),
    ...lists,
  ]);
}

describe('export', () => {
  const given = exampleRunFile({
    configuration: exampleConfiguration({
      l2Reg: 0.002,
      l2RegGiven: true,
      lrSchedule: { epochs: [1], factors: [0.1] },
      optimizer: {
        name: 'mine',
        className: 'Mine',
        hyperparameters: { lr: 1, rank: 2, flag: false, rate: null, kind: 'größer' },
        integerHyperparameters: ['rank'],
        source: null,
      },
    }),
  });

  test.each(['deepobs-1.2-beta', 'deepobs-develop'] as const)('%s and back is the identity', (dialect) => {
    for (const runFile of [exampleRunFile(), exampleRunFile({ accuracies: null }), given]) {
      const exportable: ExportableRun = { kind: 'probprec', content: runFile };
      const text = deepobsText(exportable, dialect) ?? '';
      const back = readDeepobsRun(join('out', deepobsPath(exportable, dialect)), text);
      expect(back).toMatchObject(deepobsContent(runFile));
      expect(back.minibatch_train_losses).toEqual(runFile.minibatch_train_losses);
      expect(back).toMatchObject({ label: runFile.optimizer_name, status: runFile.status, notes: [], further: {} });
      expect(back.integer_hyperparameters).toEqual(runFile.configuration.optimizer.integer_hyperparameters);
      const again: ExportableRun = { kind: 'imported', content: back };
      expect(deepobsText(again, dialect)).toBe(text);
      expect(deepobsText(again, 'original')).toBe(text);
      expect(deepobsPath(again, 'original')).toBe(deepobsPath(exportable, dialect));
    }
  });

  test("names, order and numbers as Python's", () => {
    const exportable: ExportableRun = { kind: 'probprec', content: given };
    expect(deepobsPath(exportable, 'deepobs-1.2-beta')).toBe(
      'mnist_logreg/Mine/num_epochs__2__batch_size__128__weight_decay__2.e-03__flag__False__kind__größer__lr__1.e+00__rank__2__rate__None__lr_sched_epochs__[1]__lr_sched_factors__[0.1]/random_seed__42__2026-11-22-10-00-00.json',
    );
    const text = deepobsText(exportable, 'deepobs-1.2-beta') ?? '';
    expect(text.slice(0, text.indexOf('"train_losses"'))).toBe(`{
    "testproblem": "mnist_logreg",
    "batch_size": 128,
    "num_epochs": 2,
    "random_seed": 42,
    "weight_decay": 0.002,
    "optimizer_name": "Mine",
    "optimizer_hyperparams": {
        "lr": 1.0,
        "rank": 2,
        "flag": false,
        "rate": null,
        "kind": "gr\\u00f6\\u00dfer"
    },
    "training_params": {
        "lr_sched_epochs": [
            1
        ],
        "lr_sched_factors": [
            0.1
        ]
    },
    `);
    expect(text.endsWith(']\n}')).toBe(true);
  });

  test('a diverged run is filled as DeepOBS fills it', () => {
    const runFile = exampleRunFile({
      status: { state: 'diverged', epoch: 1, step: 7, reason: 'NaN' },
      losses: { train: [2.5, 0.5], valid: [2.5, 0.5], test: [2.5, Number.POSITIVE_INFINITY] },
      accuracies: { train: [0.1, 0.8], valid: [0.1, 0.8], test: [0.1, 0.8] },
      minibatchTrainLosses: [2.25, 1, 0.75, 0.5],
      timing: {
        trainingWallSeconds: [1],
        trainingCpuSeconds: [1],
        evaluationWallSeconds: [1, 1],
        evaluationCpuSeconds: [1, 1],
      },
    });
    const exportable: ExportableRun = { kind: 'probprec', content: runFile };
    const text = deepobsText(exportable, 'deepobs-1.2-beta') ?? '';
    const list = (key: string) => new RegExp(`"${key}": \\[([^\\]]*)\\]`).exec(text)?.[1]?.replace(/\s+/g, '');
    expect(list('train_losses')).toBe('2.5,0.5,2.5');
    expect(list('test_losses')).toBe('2.5,NaN,2.5');
    expect(list('test_accuracies')).toBe('0.1,0.8,0.1');
    expect(list('minibatch_train_losses')).toBe('2.25,1.0,0.75,0.5,NaN,NaN,2.25');
    const back = readDeepobsRun(join('out', deepobsPath(exportable, 'deepobs-1.2-beta')), text);
    expect(back.status).toMatchObject({ state: 'diverged', epoch: 1 });
    expect(back).toMatchObject({ train_losses: [2.5, 0.5], test_losses: [2.5, null], test_accuracies: [0.1, 0.8] });
    expect(back.minibatch_train_losses).toEqual([2.25, 1, 0.75, 0.5, null, null]);
  });

  test('synthetic data are named, since the file cannot', async () => {
    const runFile = exampleRunFile({
      configuration: exampleConfiguration({ data: { source: 'synthetic', syntheticSize: 100 } }),
      dataset: { ...exampleParts().dataset, source: 'synthetic', syntheticSize: 100 },
    });
    await writeRunFile(join(folder, 'in', 'random_seed__42__2026-11-22-10-00-00.json'), runFile);
    const { written, notes } = await exportDeepobs([join(folder, 'in')], join(folder, 'out'));
    expect(written).toHaveLength(1);
    expect(notes).toEqual([expect.stringContaining('trained on synthetic images')]);
  });

  test('an interrupted run is skipped and named', async () => {
    const runFile = exampleRunFile({
      status: { state: 'interrupted', epoch: 2, step: null, reason: 'by the user' },
    });
    const file = await writeRunFile(join(folder, 'in', 'random_seed__42__2026-11-22-10-00-00.json'), runFile);
    const { written, skipped } = await exportDeepobs([join(folder, 'in')], join(folder, 'out'));
    expect(written).toEqual([]);
    expect(skipped).toEqual([`${file}: skipped, the run is interrupted and DeepOBS has no files of such`]);
  });
});

describe('import', () => {
  test('all fixtures, as strict JSON that is read back; again changes nothing', async () => {
    const first = await importDeepobs([fixtures], folder);
    expect(first.faults).toEqual([]);
    expect(first.written).toHaveLength((await runFiles(fixtures)).length);
    const { runs, faults } = await readResults([folder]);
    expect(faults).toEqual([]);
    expect(runs).toHaveLength(first.written.length);
    const direct = await readResults([fixtures]);
    const content = (list: typeof runs) => list.map(({ file, ...run }) => JSON.stringify(run)).sort();
    expect(content(runs)).toEqual(content(direct.runs));
    const second = await importDeepobs([fixtures], folder);
    expect(second).toMatchObject({ written: [], faults: [] });
    expect(second.unchanged).toHaveLength(first.written.length);
  });

  test('a changed import is refused, and a file in the way is left alone', async () => {
    const { written } = await importDeepobs([fixtures], folder);
    const [path = ''] = written;
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/"random_seed": \d+/, '"random_seed": 99'));
    expect((await readResults([folder])).faults).toEqual([expect.stringContaining(`${path}: field content_digest`)]);
    expect((await importDeepobs([fixtures], folder)).faults).toEqual([
      expect.stringContaining('found a file with other content, left it as it is'),
    ]);
  });
});

const reference = process.env.PROBPREC_REFERENCE_DIR;

/** The corpus is a tar.xz: unpacked by the system's tar, which a test may use where the corpus is. */
describe.skipIf(reference === undefined)('67 real files ($PROBPREC_REFERENCE_DIR)', () => {
  test('are read, and exported again byte for byte', async () => {
    const { execFileSync } = await import('node:child_process');
    execFileSync('tar', ['-xJf', join(reference ?? '', 'deepobs-runs.tar.xz'), '-C', folder]);
    const paths = await runFiles(folder);
    expect(paths).toHaveLength(67);
    const states: Record<string, number> = {};
    for (const path of paths) {
      const text = await readFile(path, 'utf8');
      const file = parseResultFile(path, text);
      const { state } = recordResultFile(path, file).status;
      states[state] = (states[state] ?? 0) + 1;
      const exportable: ExportableRun = { kind: 'imported', content: readDeepobsRun(path, text) };
      expect(join(...deepobsFoldersOf(exportable, 'deepobs-1.2-beta'), basename(path))).toBe(relative(folder, path));
      expect(join(...deepobsFoldersOf(exportable, 'original'), basename(path))).toBe(relative(folder, path));
      expect(deepobsText(exportable, 'deepobs-1.2-beta') === text.replace(/-?Infinity/g, 'NaN')).toBe(true);
      expect(deepobsText(exportable, 'original') === text).toBe(true);
    }
    expect(states).toEqual({ completed: 58, diverged: 9 });
  });
});
