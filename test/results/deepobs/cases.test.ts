import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compare } from '../../../src/analysis/index.js';
import {
  exportDeepobs,
  importDeepobs,
  parseResultFile,
  type RecordedRun,
  readResults,
  validateResultFile,
} from '../../../src/results/index.js';
import { deepobsContent, place, put } from './trees.js';

let folder: string;
let data: string;
let imported: string;
let exported: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-cases-'));
  [data, imported, exported] = [join(folder, 'data'), join(folder, 'imported'), join(folder, 'exported')];
});
afterEach(() => rm(folder, { recursive: true }));

/** Everything a run says but where it was read from. */
function said(runs: readonly RecordedRun[]): string[] {
  return runs.map(({ file, ...run }) => JSON.stringify(run)).sort();
}

async function filesBelow(root: string): Promise<Record<string, string>> {
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.json')).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(root, name), 'utf8')])),
  );
}

/** Imports data, exports that again; both say what the originals say, the export byte for byte. */
async function thereAndBack() {
  const there = await importDeepobs([data], imported);
  expect(there.faults).toEqual([]);
  const direct = await readResults([data]);
  const kept = await readResults([imported]);
  expect(kept.faults).toEqual([]);
  expect(said(kept.runs)).toEqual(said(direct.runs));
  const back = await exportDeepobs([imported], exported);
  expect(back).toMatchObject({ faults: [], notes: [] });
  const straight = await exportDeepobs([data], join(folder, 'straight'));
  expect(straight).toMatchObject({ faults: [], notes: [] });
  expect(await filesBelow(join(folder, 'straight'))).toEqual(await filesBelow(exported));
  return { there, direct, back };
}

describe('the folder of the test problem decides', () => {
  beforeEach(async () => {
    for (const seed of [42, 43, 44]) {
      await put(data, place('fmnist_2c2d', 'SGD', seed), deepobsContent({ random_seed: seed, accuracy: 0.78125 }));
      const variant = deepobsContent({ random_seed: seed, optimizer_name: 'SGD_variant', accuracy: 0.578125 });
      await put(data, place('fmnist_2c2d_variant', 'SGD', seed, 'lr__1.e-01', '2020-01-02'), variant);
    }
  });

  test('two experiments in import, compare, validate and export', async () => {
    const { direct } = await thereAndBack();
    expect(await filesBelow(exported)).toEqual(await filesBelow(data));
    expect(await readdir(imported)).toEqual(['fmnist_2c2d', 'fmnist_2c2d_variant']);
    const { tables } = compare(direct.runs);
    expect(tables.map(({ testproblem }) => testproblem)).toEqual(['fmnist_2c2d', 'fmnist_2c2d_variant']);
    expect(tables.map(({ rows }) => [rows[0]?.final.n, rows[0]?.final.mean])).toEqual([
      [3, 0.78125],
      [3, 0.578125],
    ]);
    expect(tables.flatMap(({ notes }) => notes).join()).not.toContain('not used');
    expect(direct.notes).toEqual([
      'the folder says "fmnist_2c2d_variant", the file "fmnist_2c2d": the folder decides; targets and baselines of "fmnist_2c2d" do not apply (3 files)',
    ]);
  });

  test('what the file states is kept, and validate says that the two disagree', async () => {
    const path = join(data, place('fmnist_2c2d_variant', 'SGD', 42, 'lr__1.e-01', '2020-01-02'));
    const { faults, notes, state } = await validateResultFile(path);
    expect({ faults, state }).toEqual({ faults: [], state: 'completed' });
    expect(notes).toEqual([
      expect.stringContaining('the folder says "fmnist_2c2d_variant", the file "fmnist_2c2d"'),
      expect.stringContaining('the folder says "SGD", the file "SGD_variant"'),
    ]);
    const [run] = (await readResults([path])).runs;
    expect(run?.stated).toEqual({ testproblem: 'fmnist_2c2d', optimizer: 'SGD_variant', optimizerFolder: 'SGD' });
    expect(run?.conditions).toMatchObject({ dataSource: 'real', statedTestproblem: 'fmnist_2c2d' });
    expect(compare([run as RecordedRun]).tables[0]?.rows[0]?.target).toBeNull();
  });

  test('wherever one stands, and whatever part of the tree is named', async () => {
    const below = join(data, 'fmnist_2c2d_variant');
    const before = process.cwd();
    // The command line names paths relative to where it runs.
    const relativePath = relative(before, below);
    for (const path of [below, relativePath, join(below, 'SGD')]) {
      const { runs } = await readResults([path]);
      expect(runs.map(({ testproblem }) => testproblem)).toEqual(Array(3).fill('fmnist_2c2d_variant'));
    }
  });

  test('files of one folder that state two optimizers are two experiments', async () => {
    const other = deepobsContent({ optimizer_name: 'SGD_other', accuracy: 0.25 });
    await put(data, place('fmnist_2c2d', 'SGD', 42, 'lr__1.e-01', '2020-02-01'), other);
    const { runs } = await readResults([join(data, 'fmnist_2c2d')]);
    const [table] = compare(runs).tables;
    expect(table?.rows.map(({ name, settingsTried }) => [name, settingsTried])).toEqual([
      ['SGD (SGD)', 1],
      ['SGD (SGD_other)', 1],
    ]);
    expect(table?.notes.join()).not.toContain('not used');
  });
});

describe('two folders with other runs of the same seeds', () => {
  const [one, two] = ['results', 'ignore'];
  beforeEach(async () => {
    for (const seed of [42, 43]) {
      await put(data, `${one}/${place('fmnist_2c2d', 'SGD', seed)}`, deepobsContent({ random_seed: seed }));
      const other = deepobsContent({ random_seed: seed, accuracy: 0.5 });
      await put(data, `${two}/${place('fmnist_2c2d', 'SGD', seed, 'lr__1.e-01', '2020-01-05')}`, other);
    }
  });

  test('are kept apart by compare: the newer file does not win', async () => {
    const { runs } = await readResults([data]);
    const [table] = compare(runs).tables;
    expect(table?.rows).toMatchObject([
      { settingsTried: 1, final: { n: 2 } },
      { settingsTried: 1, final: { n: 2 } },
    ]);
    expect(table?.notes.join()).toContain('different runs of the same seeds in');
    expect(table?.notes.join()).not.toContain('not used');
  });

  test('are not imported into one folder, in one call or in two', async () => {
    const { written, faults } = await importDeepobs([data], imported);
    expect(written).toHaveLength(2);
    expect(faults).toHaveLength(2);
    expect(faults[0]).toMatch(/left out: it would be mixed with other runs in .*an output folder of its own$/);
    const again = await importDeepobs([join(data, one)], imported);
    expect(again.faults).toHaveLength(2);
    expect(again.written).toEqual([]);
    expect((await importDeepobs([join(data, two)], imported)).unchanged).toHaveLength(2);
  });

  test('copies of one file are the same run, and further seeds belong to it', async () => {
    await rm(join(data, two), { recursive: true });
    await put(data, `copy/${place('fmnist_2c2d', 'SGD', 42)}`, deepobsContent({ random_seed: 42 }));
    await put(data, `copy/${place('fmnist_2c2d', 'SGD', 44)}`, deepobsContent({ random_seed: 44 }));
    const { runs, notes } = await readResults([data]);
    expect(notes).toEqual([]);
    expect(compare(runs).tables[0]?.rows[0]).toMatchObject({ settingsTried: 1, final: { n: 3 } });
  });

  test('a folder that has got a newer run is imported again', async () => {
    await importDeepobs([join(data, one)], imported);
    await put(data, `${one}/${place('fmnist_2c2d', 'SGD', 42, 'lr__1.e-01', '2020-03-01')}`, deepobsContent());
    const { written, unchanged, faults } = await importDeepobs([join(data, one)], imported);
    expect({ written: written.length, unchanged: unchanged.length, faults }).toEqual({
      written: 1,
      unchanged: 2,
      faults: [],
    });
  });
});

describe('TensorFlow of 1.2.0-beta', () => {
  const tensorflow = (seed: number, optimizer: string, hyperparameters: object, changes = {}) => {
    const { weight_decay, ...content } = deepobsContent({
      random_seed: seed,
      optimizer_name: optimizer,
      optimizer_hyperparams: hyperparameters,
      training_params: { lr_sched_epochs: [], lr_sched_factors: [] },
      ...changes,
    });
    return { l2_reg: weight_decay, ...content };
  };
  beforeEach(async () => {
    for (const seed of [42, 43]) {
      const sgd = tensorflow(seed, 'GradientDescentOptimizer', { learning_rate: 0.01 });
      await put(data, place('fmnist_2c2d', 'GradientDescentOptimizer', seed, 'learning_rate__1.e-02'), sgd);
      const adam = { learning_rate: 0.001, beta1: 0.9, use_locking: false };
      await put(data, place('fmnist_2c2d', 'AdamOptimizer', seed), tensorflow(seed, 'AdamOptimizer', adam));
    }
  });

  test('is told from PyTorch, with lr, without empty schedules and under the names that comparisons use', async () => {
    const { there, direct } = await thereAndBack();
    expect(await filesBelow(exported)).toEqual(await filesBelow(data));
    const [adam] = direct.runs.filter(({ optimizer }) => optimizer === 'Adam');
    expect(adam).toMatchObject({
      hyperparameters: { lr: 0.001, beta1: 0.9, use_locking: false },
      trainingParameters: {},
      conditions: { engine: 'tensorflow', protocol: 'deepobs-1.2-beta-tensorflow' },
      stated: { optimizer: 'AdamOptimizer', optimizerFolder: 'AdamOptimizer' },
    });
    expect(compare(direct.runs).tables[0]?.reference).toBe('SGD');
    expect(there.summary.notes.map(({ text, files }) => [text, files])).toEqual([
      ['"AdamOptimizer" counts as Adam in comparisons (docs/deepobs.md)', 2],
      ['"GradientDescentOptimizer" counts as SGD in comparisons (docs/deepobs.md)', 2],
    ]);
    const [path = ''] = there.written;
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      label: 'AdamOptimizer',
      optimizer_hyperparams: { lr: 0.001 },
    });
  });

  test.each<[string, object, string, string]>([
    ['MomentumOptimizer', { learning_rate: 0.1, momentum: 0.9, use_nesterov: false }, 'Momentum', 'tensorflow'],
    ['MomentumOptimizer', { learning_rate: 0.1, momentum: 0.9, use_nesterov: true }, 'Nesterov', 'tensorflow'],
    ['AMSGrad', { learning_rate: 0.1, use_locking: false }, 'AMSGrad', 'tensorflow'],
    ['MyOptimizer', { lr: 0.1 }, 'MyOptimizer', 'pytorch'],
    ['Mine', { rank: 2 }, 'Mine', 'unknown engine'],
    ['Mine', { lr: 0.1, use_locking: true }, 'Mine', 'unknown engine'],
  ])('%s %j', async (name, hyperparameters, label, engine) => {
    const text = JSON.stringify(tensorflow(42, name, hyperparameters));
    const path = await put(folder, place('p', name), text);
    const [run] = (await readResults([path])).runs;
    expect([run?.optimizer, run?.conditions.engine]).toEqual([label, engine]);
  });

  test('keys of 1.1 without a sign of TensorFlow: the engine is unknown', async () => {
    const lists = { train_losses: [1, 1], test_losses: [1, 1], train_accuracies: [0, 1], test_accuracies: [0, 1] };
    const about = { testproblem: 'mnist_mlp', batch_size: 128, num_epochs: 1, random_seed: 42, weight_decay: null };
    const file = (optimizer: string, hyperparams: object) => ({
      ...lists,
      ...about,
      optimizer,
      learning_rate: 0.1,
      hyperparams,
    });
    const engineOf = async (name: string, content: object) => {
      const [run] = (await readResults([await put(folder, place('mnist_mlp', name), content)])).runs;
      return [run?.conditions.engine, run?.conditions.protocol];
    };
    expect(await engineOf('Adam', file('Adam', { betas: [0.5, 0.75] }))).toEqual([
      'unknown engine',
      'unknown (keys of deepobs-1.1)',
    ]);
    expect(await engineOf('SGD', file('SGD', {}))).toEqual(['unknown engine', 'unknown (keys of deepobs-1.1)']);
    expect(await engineOf('T', file('GradientDescentOptimizer', {}))).toEqual(['tensorflow', 'deepobs-1.1']);
  });
});

describe('lists and infinities among the hyperparameters', () => {
  beforeEach(async () => {
    const adam = (maxNorm: unknown) =>
      deepobsContent({
        optimizer_name: 'Adam',
        optimizer_hyperparams: { betas: [0.9, 0.999], layers: [1, 2], groups: { a: 0.5, n: null }, max_norm: maxNorm },
      });
    for (const [index, value] of [null, 'Infinity', '-Infinity', 'NaN'].entries()) {
      await put(
        data,
        place('fmnist_2c2d', 'Adam', 42, `betas__[0.9, 0.999]__max_norm__${value}`, `2020-01-0${index + 1}`),
        adam(value),
      );
    }
  });

  test('are four settings, and come back byte for byte', async () => {
    const { direct, there } = await thereAndBack();
    expect(await filesBelow(exported)).toEqual(await filesBelow(data));
    const values = direct.runs.map(({ hyperparameters }) => hyperparameters.max_norm);
    expect(new Set(values)).toEqual(new Set([null, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]));
    expect(direct.runs[0]?.hyperparameters).toMatchObject({
      betas: [0.9, 0.999],
      layers: [1, 2],
      groups: { a: 0.5, n: null },
    });
    const [table] = compare(direct.runs).tables;
    expect(table?.rows[0]).toMatchObject({ settingsTried: 4 });
    expect(table?.notes.join()).not.toContain('not used');
    const kept = await Promise.all(there.written.map(async (path) => JSON.parse(await readFile(path, 'utf8'))));
    const encoded = kept.map(({ optimizer_hyperparams }) => JSON.stringify(optimizer_hyperparams.max_norm));
    expect(encoded.sort()).toEqual(['null', '{"float":"inf"}', '{"float":"-inf"}', '{"float":"nan"}'].sort());
    expect(kept[0]).toMatchObject({
      optimizer_hyperparams: { groups: { dict: { a: 0.5, n: null } } },
      integer_hyperparameters: ['layers/0', 'layers/1'],
    });
  });

  test('in another dialect lists stay lists and infinities tokens', async () => {
    await importDeepobs([data], imported);
    const { written } = await exportDeepobs([imported], exported, 'deepobs-develop');
    const infinite = written.find((path) => path.includes('max_norm__inf')) ?? '';
    expect(relative(exported, infinite)).toContain(
      "num_epochs__2__batch_size__128__betas__[0.9, 0.999]__groups__{'a': 0.5, 'n': None}__layers__[1, 2]__max_norm__inf",
    );
    const text = await readFile(infinite, 'utf8');
    expect(text).toContain('"max_norm": Infinity');
    expect(text.replace(/\s+/g, '')).toContain('"betas":[0.9,0.999],"layers":[1,2],"groups":{"a":0.5,"n":null}');
    expect(parseResultFile(infinite, text).kind).toBe('deepobs');
  });
});

test("a monitor's log beside a run is counted, and neither a run nor a fault", async () => {
  await put(data, place('fmnist_2c2d', 'SGD'), deepobsContent());
  await put(data, place('fmnist_2c2d', 'SGD').replace('.json', '__log.json'), { 0: { iteration: 0, train_loss: 2.5 } });
  expect(await importDeepobs([data], imported)).toMatchObject({ faults: [], skipped: [], monitorLogs: 1 });
  expect(await readResults([data])).toMatchObject({ faults: [], skipped: [], runs: [{}] });
});

test('runs without losses per epoch are left out with a reason and no fault', async () => {
  const empty = Object.fromEntries(
    ['train', 'valid', 'test'].flatMap((set) => [
      [`${set}_losses`, []],
      [`${set}_accuracies`, []],
    ]),
  );
  await put(data, place('imagenet_vgg16', 'SGD'), deepobsContent({ ...empty, testproblem: 'imagenet_vgg16' }));
  const { testproblem, optimizer_name, optimizer_hyperparams } = deepobsContent();
  const gan = {
    testproblem,
    optimizer_name,
    optimizer_hyperparams,
    generator_loss: [4.5, 4.25],
    discriminator_loss: [1.5, 1.25],
  };
  await put(data, place('mnist_dcgan', 'Adam'), gan);
  await put(data, place('fmnist_2c2d', 'SGD'), deepobsContent());
  const { runs, faults, skipped } = await readResults([data]);
  expect({ runs: runs.length, faults }).toEqual({ runs: 1, faults: [] });
  expect(skipped).toEqual([
    expect.stringMatching(/has no losses per epoch \(but minibatch_train_losses\): nothing to compare$/),
    expect.stringMatching(/has no losses per epoch \(but generator_loss, discriminator_loss\): nothing to compare$/),
  ]);
  const transfer = await importDeepobs([data], imported);
  expect(transfer).toMatchObject({ faults: [], skipped: [{}, {}], written: [{}] });
});

test('folders that begin with a dot are not searched', async () => {
  await put(data, place('fmnist_2c2d', 'SGD'), deepobsContent());
  await put(data, place('fmnist_2c2d', 'SGD').replace('/random', '/.ipynb_checkpoints/random'), deepobsContent());
  await put(data, `.git/${place('fmnist_2c2d', 'SGD')}`, deepobsContent());
  expect((await readResults([data])).runs).toHaveLength(1);
  expect((await importDeepobs([data], imported)).written).toHaveLength(1);
});

test('files of 1.1, on one line and without validation, come back byte for byte', async () => {
  const content = {
    train_losses: [2.25, 1.5],
    test_losses: [2.25, 'Infinity'],
    minibatch_train_losses: [2.25, 'NaN', '-Infinity'],
    optimizer: 'MomentumOptimizer',
    testproblem: 'mnist_mlp',
    weight_decay: null,
    batch_size: 128,
    num_epochs: 1,
    learning_rate: 0.01,
    lr_sched_epochs: null,
    lr_sched_factors: null,
    random_seed: 42,
    hyperparams: { momentum: 0.99, use_nesterov: false },
    own: { größer: [1, 2.5] },
    constructor: [1, 'NaN'],
    toString: null,
  };
  const python = JSON.stringify(content)
    .replace(/"(NaN|-?Infinity)"/g, '$1')
    .replace(/([,:])(?=\S)/g, '$1 ')
    .replace('größer', 'gr\\u00f6\\u00dfer');
  await put(data, place('mnist_mlp', 'MomentumOptimizer'), `${python}\n`);
  await thereAndBack();
  expect(await filesBelow(exported)).toEqual(await filesBelow(data));
});

test("a long list of a user's own comes back from its values", async () => {
  const norms = Array.from({ length: 9000 }, (_, index) => [index / 8 + 0.0625, -1.5]);
  await put(data, place('fmnist_2c2d', 'SGD'), deepobsContent({ grad_norms: norms }));
  const { there } = await thereAndBack();
  expect(await filesBelow(exported)).toEqual(await filesBelow(data));
  const kept = JSON.parse(await readFile(there.written[0] ?? '', 'utf8'));
  expect(kept.further.grad_norms).toEqual(norms);
  expect(kept.original.members.at(-1)).toEqual(['grad_norms', null]);
});

test('what cannot be given back byte for byte is said', async () => {
  await put(data, place('fmnist_2c2d', 'SGD'), deepobsContent({ train_losses: [2, 1, 1] }));
  await importDeepobs([data], imported);
  const { written, notes } = await exportDeepobs([imported], exported);
  expect(written).toHaveLength(1);
  expect(notes).toEqual([expect.stringMatching(/: not byte for byte the file that was imported$/)]);
  const { runs } = await readResults([exported]);
  expect(runs[0]?.curves.train_losses).toEqual([2, 1, 1]);
});
