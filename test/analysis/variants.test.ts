import { describe, expect, test } from 'vitest';
import { type CompareOptions, compare, resultSettings, runBaselines } from '../../src/analysis/index.js';
import type { RecordedRun } from '../../src/results/index.js';
import { exampleRun, exampleRuns, lossCurves } from './example.js';

/** Runs of seeds 42, 43, … of one setting of the preconditioner. */
function variant(finals: readonly number[], hyperparameters: RecordedRun['hyperparameters'], changes = {}) {
  const own = { lr: null, estimator: 'thesis', scaling: 'sqrt', ...hyperparameters };
  return exampleRuns(finals, {
    optimizer: 'PreconditionedSGD',
    hyperparameters: own,
    setting: JSON.stringify(own),
    ...changes,
  });
}

const defaults = new Map([['PreconditionedSGD', { lr: null, estimator: 'thesis', scaling: 'sqrt' }]]);
const thesis = variant([0.8, 0.82], {});
const paper = variant([0.7, 0.72], { estimator: 'paper' });
const relative = variant([0.84, 0.86], { scaling: 'relative' });

function rowsOf(runs: readonly RecordedRun[], options: CompareOptions = {}) {
  const { tables } = compare(runs, { defaults, ...options });
  expect(tables).toHaveLength(1);
  return tables[0]?.rows ?? [];
}

describe('several settings of one optimizer', () => {
  test('are one row, the best; or all are shown, by what tells them apart', () => {
    expect(rowsOf([...thesis, ...paper, ...relative])).toMatchObject([
      { settingsTried: 3, final: { mean: 0.85 }, settingText: 'scaling relative' },
    ]);
    const rows = rowsOf([...thesis, ...paper, ...relative], { allSettings: true });
    expect(rows.map(({ settingText }) => settingText)).toEqual([
      'estimator thesis, scaling sqrt',
      'estimator paper, scaling sqrt',
      'estimator thesis, scaling relative',
    ]);
    expect(rows.map(({ difference }) => difference?.mean ?? null)).toEqual([
      null,
      expect.closeTo(-0.1, 10),
      expect.closeTo(0.04, 10),
    ]);
  });

  test('a default of all rows is not shown, and never a null', () => {
    expect(rowsOf(thesis)).toMatchObject([{ settingText: '' }]);
    const stated = variant([0.9, 0.9], { lr: 0.1 });
    expect(rowsOf([...thesis, ...stated], { allSettings: true }).map(({ settingText }) => settingText)).toEqual([
      'lr default',
      'lr 0.1',
    ]);
  });

  test('are grouped by hyperparameters: of each combination the best', () => {
    const both = variant([0.6, 0.6], { estimator: 'paper', scaling: 'relative' });
    const all = [...thesis, ...paper, ...relative, ...both];
    const rows = rowsOf(all, { groupBy: ['estimator'] });
    expect(rows).toMatchObject([
      { hyperparameters: { estimator: 'thesis', scaling: 'relative' }, settingsTried: 2 },
      { hyperparameters: { estimator: 'paper', scaling: 'sqrt' }, settingsTried: 2 },
    ]);
    expect(rowsOf(all, { groupBy: ['estimator', 'scaling'] })).toHaveLength(4);
  });

  test('are selected by values, written in any way; an optimizer without the hyperparameter is not concerned', () => {
    const slow = variant([0.5, 0.5], { lr: 0.001 });
    const sgd = exampleRuns([0.4, 0.4]);
    const names = (where: CompareOptions['where'] = []) =>
      rowsOf([...thesis, ...slow, ...sgd], { where, allSettings: true }).map(({ optimizer }) => optimizer);
    expect(names([['lr', '1e-3']])).toEqual(['PreconditionedSGD']);
    expect(names([['estimator', 'thesis']])).toEqual(['PreconditionedSGD', 'PreconditionedSGD', 'SGD']);
    expect(names([['optimizer', 'SGD']])).toEqual(['SGD']);
  });

  test('a best value at the edge of what was tried is said, unless there is nothing beyond', () => {
    const at = (lr: number, final: number) => exampleRuns([final], { hyperparameters: { lr }, setting: `${lr}` });
    const tables = (...runs: RecordedRun[][]) => compare(runs.flat()).tables;
    const edge = tables(at(0.01, 0.5), at(0.1, 0.6), at(1, 0.7));
    expect(edge[0]?.notes).toContain('SGD: lr 1 is the largest of 3 values tried: the best may lie beyond');
    expect(edge[0]?.rows[0]?.edges).toMatchObject([{ hyperparameter: 'lr', side: 'largest', tried: 3 }]);
    expect(tables(at(0.01, 0.5), at(0.1, 0.7), at(1, 0.6))[0]?.rows[0]?.edges).toEqual([]);
    expect(tables(at(0, 0.7), at(0.1, 0.6))[0]?.rows[0]?.edges).toEqual([]);
    expect(tables(at(0.01, 0.7), at(0.1, 0.6))[0]?.rows[0]?.edges).toMatchObject([{ side: 'smallest' }]);
  });
});

describe('results that are not one experiment', () => {
  test('versions of a test problem have tables of their own, and baselines of the same initialisation', () => {
    const of = (final: number, version: object) =>
      exampleRuns([final, final], { conditions: { ...exampleRun().conditions, ...version } });
    const versions = [{}, { variant: 'tf' }, { init: 'pytorch' }, { variant: 'tf', init: 'pytorch' }];
    const runs = versions.flatMap((version, index) => of(0.5 + 0.1 * index, version));
    const { tables } = compare(runs);
    expect(tables.map(({ rows }) => rows.map(({ final }) => final.mean))).toEqual([[0.5], [0.6], [0.7], [0.8]]);
    expect(tables.map(({ conditions }) => conditions.match(/variant \w+|init \w+/g)?.join())).toEqual([
      undefined,
      'variant tf',
      'init pytorch',
      'variant tf,init pytorch',
    ]);
    const theirs = runBaselines(of(0.9, {}), 'theirs');
    const { tables: beside } = compare(runs, { baselines: theirs });
    expect(beside.map(({ rows }) => rows.length)).toEqual([2, 2, 1, 1]);
    expect(beside.map(({ notes }) => notes.find((note) => note.startsWith('baseline')))).toEqual([
      'baseline theirs: conditions match',
      'baseline theirs: conditions differ: variant pytorch ≠ tf',
      'baseline theirs left out: init deepobs ≠ pytorch (--allow-mismatch shows it)',
      'baseline theirs left out: init deepobs ≠ pytorch (--allow-mismatch shows it)',
    ]);
  });

  const source = (digit: string) => ({ file: 'mine.mjs', sha256: digit.repeat(64) });

  test('versions of a user’s optimizer are rows of their own', () => {
    const old = exampleRuns([0.9, 0.9], { optimizer: 'Mine', optimizerSource: source('a'), setting: 'a' });
    const fresh = exampleRuns([0.8, 0.8], { optimizer: 'Mine', optimizerSource: source('b'), setting: 'b' });
    const [table] = compare([...old, ...fresh]).tables;
    expect(table?.rows).toMatchObject([
      { name: 'Mine (aaaaaaaa)', version: 'aaaaaaaa', file: 'mine.mjs', settingsTried: 1, final: { mean: 0.9 } },
      { name: 'Mine (bbbbbbbb)', settingsTried: 1, final: { mean: 0.8 } },
    ]);
    expect(table?.notes.join()).toContain(
      'runs of 2 versions (mine.mjs aaaaaaaa, mine.mjs bbbbbbbb), one row for each',
    );
    const impostor = exampleRuns([0.95, 0.95], { optimizerSource: source('c'), setting: 'c' });
    expect(rowsOf([...exampleRuns([0.8, 0.8]), ...impostor]).map(({ name }) => name)).toEqual([
      'SGD (bundled)',
      'SGD (cccccccc)',
    ]);
  });

  test('labels keep their runs apart, in their order', () => {
    const labelled = (label: string, position: number, finals: number[]) =>
      exampleRuns(finals, { label, position, file: `${label}/a/b/c/run.json` });
    const [table] = compare([...labelled('old', 1, [0.8, 0.82]), ...labelled('new', 0, [0.9, 0.92])]).tables;
    expect(table?.rows.map(({ origin, final }) => [origin, final.mean])).toEqual([
      ['new', expect.closeTo(0.91, 10)],
      ['old', expect.closeTo(0.81, 10)],
    ]);
    expect(table?.reference).toBe('SGD (new)');
    expect(table?.rows[1]?.difference).toMatchObject({ seeds: [42, 43] });
    const [other] = compare([...labelled('old', 1, [0.8]), ...labelled('new', 0, [0.9])], { reference: 'old' }).tables;
    expect(other?.reference).toBe('SGD (old)');
  });

  test('folders with different runs of one seed are not one; with the same, or with other seeds, they are', () => {
    const inFolder = (folder: string, finals: number[], changes = {}) =>
      exampleRuns(finals, changes).map((run) => ({ ...run, file: `${folder}/p/o/s/run_${run.seed}.json` }));
    const [apart] = compare([...inFolder('a', [0.8, 0.8]), ...inFolder('b', [0.9])]).tables;
    expect(apart?.rows.map(({ origin, final }) => [origin, final.n])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(apart?.notes.join()).toContain('different runs of the same seeds in a, b');
    const others = inFolder('b', [0.9]).map((run) => ({ ...run, seed: 50 }));
    const [together] = compare([...inFolder('a', [0.8, 0.8]), ...others]).tables;
    expect(together?.rows).toMatchObject([{ origin: 'results', final: { n: 3 } }]);
    const [copied] = compare([...inFolder('a', [0.8, 0.8]), ...inFolder('b', [0.8, 0.8])]).tables;
    expect(copied?.rows).toMatchObject([{ origin: 'results', final: { n: 2 } }]);
  });

  test('data files that are not the published ones have a table of their own', () => {
    const conditions = { ...exampleRun().conditions, dataChecksum: 'c'.repeat(64) };
    const { tables } = compare([...exampleRuns([0.8]), ...exampleRuns([0.9], { conditions, optimizer: 'Adam' })]);
    expect(tables.map(({ rows }) => rows.length)).toEqual([1, 1]);
    expect(tables.map((table) => table.conditions).join()).toContain('files with checksum cccccccc');
  });
});

describe('pairs', () => {
  const losses = (starts: readonly number[], end: number) =>
    starts.map((start, index) => exampleRun({ seed: 42 + index, curves: lossCurves([start, 1, end]) }));

  test('are runs that started at the same point, to rounding', () => {
    const sgd = losses([2, 3], 0.5);
    const adam = [2.000_001, 3.5].map((start, index) =>
      exampleRun({ seed: 42 + index, optimizer: 'Adam', curves: lossCurves([start, 1, 0.4]) }),
    );
    const [table] = compare([...sgd, ...adam]).tables;
    expect(table?.rows[0]?.difference).toMatchObject({ seeds: [42] });
    expect(table?.notes.join()).toContain(
      'Adam and SGD did not start at the same point with seed 43 (their losses before training differ): no pairs',
    );
  });

  test('a deterministic start that differs is another problem: no pairs, no target', () => {
    const runs = losses([228.8, 403.3], 90).map((run) => ({ ...run, testproblem: 'quadratic_deep' }));
    const adam = runs.map((run) => ({ ...run, optimizer: 'Adam' }));
    const [table] = compare([...runs, ...adam]).tables;
    expect(table?.rows).toMatchObject([
      { target: null, difference: null },
      { target: null, difference: null },
    ]);
    expect(table?.notes.join()).toContain('the runs are not of one problem: quadratic_deep always starts');
    const same = losses([353.9, 353.9], 80).map((run) => ({ ...run, testproblem: 'quadratic_deep' }));
    expect(compare(same).tables[0]?.rows).toMatchObject([{ target: { reached: 2 } }]);
  });
});

describe('tables that do not mislead', () => {
  test('synthetic data have no published target, but may have one of the user', () => {
    const conditions = { ...exampleRun().conditions, dataSource: 'synthetic', syntheticSize: 600 } as const;
    const runs = exampleRuns([0.95], { testproblem: 'fmnist_2c2d', conditions });
    expect(compare(runs).tables[0]?.rows).toMatchObject([{ target: null }]);
    expect(compare(runs, { targets: { fmnist_2c2d: 0.9 } }).tables[0]?.rows).toMatchObject([
      { target: { reached: 1 } },
    ]);
    expect(compare(exampleRuns([0.95], { testproblem: 'fmnist_2c2d' })).tables[0]?.rows).toMatchObject([
      { target: { reached: 1 } },
    ]);
  });

  test('wall times are those of runs that had the machine for themselves', () => {
    for (const undisturbed of [false, null, undefined]) {
      const runs = exampleRuns([0.8, 0.9]).map((run) => ({
        ...run,
        undisturbed: run.seed === 42 ? true : undisturbed,
      }));
      const options = { targets: { mnist_logreg: 0.5 } };
      const [table] = compare(runs as RecordedRun[], options).tables;
      expect(table?.rows).toMatchObject([
        { wallSecondsPerEpoch: null, cpuSecondsPerEpoch: 4, target: { medianEpoch: 1, medianSeconds: null } },
      ]);
      expect(table?.notes.join()).toContain('no wall times');
      const [shown] = compare(runs as RecordedRun[], { ...options, wallTime: true }).tables;
      expect(shown?.rows).toMatchObject([{ wallSecondsPerEpoch: 2, target: { medianSeconds: 2 } }]);
    }
  });

  test('DeepOBS’ speed counts a miss as one epoch more than there were', () => {
    const [table] = compare(exampleRuns([0.8, 0.95, 0.95]), { targets: { mnist_logreg: 0.9 } }).tables;
    expect(table?.rows[0]?.target).toMatchObject({ medianEpoch: 2, deepobsSpeed: (3 + 2 + 2) / 3 });
  });

  test('a test problem under two conditions counts once in a profile', () => {
    const small = exampleRuns([0.95], { batchSize: 32, optimizer: 'Adam' });
    const targets = { mnist_logreg: 0.9, mnist_mlp: 0.9 };
    expect(compare([...exampleRuns([0.95]), ...small], { targets }).profiles).toEqual([]);
    const other = exampleRuns([0.95], { testproblem: 'mnist_mlp' });
    const { profiles } = compare([...exampleRuns([0.95]), ...small, ...other], { targets });
    expect(profiles.map(({ ofProblems }) => ofProblems)).toEqual(profiles.map(() => 2));
  });

  test('names of test problems are no members of objects', () => {
    for (const testproblem of ['__proto__', 'constructor', 'toString']) {
      expect(compare(exampleRuns([0.8], { testproblem })).tables).toMatchObject([{ rows: [{ target: null }] }]);
    }
  });
});

test('a folder named like a test problem whose files state another one has no target and no baseline of it', () => {
  const conditions = { ...exampleRun().conditions, statedTestproblem: 'mnist_logreg' };
  const runs = exampleRuns([0.95], { testproblem: 'fmnist_2c2d', conditions });
  const baselines = resultSettings(exampleRuns([0.9], { testproblem: 'fmnist_2c2d', optimizer: 'Adam' })).map(
    (compared) => ({ ...compared, originKind: 'baseline', origin: 'theirs' }) as const,
  );
  const [table] = compare(runs, { baselines }).tables;
  expect(table?.rows).toMatchObject([{ optimizer: 'SGD', target: null }]);
  expect(table?.notes.join()).toContain(
    'baseline theirs left out: test problem in the file as the folder ≠ mnist_logreg',
  );
  expect(compare([...runs, ...exampleRuns([0.9], { testproblem: 'fmnist_2c2d' })]).tables).toHaveLength(2);
});
