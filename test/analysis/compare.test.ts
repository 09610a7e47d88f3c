import { describe, expect, test } from 'vitest';
import {
  baselineSettings,
  bundledBaselinesFolder,
  type CompareOptions,
  compare,
  ownBaseline,
  parseBaselineFile,
  readBaselineFiles,
  runBaselines,
} from '../../src/analysis/index.js';
import type { RecordedRun, RunFile } from '../../src/results/index.js';
import { exampleConfiguration, exampleRunFile } from '../results/example.js';
import { curves, divergedRun, exampleRun, exampleRuns, lossCurves } from './example.js';

const sgd = exampleRuns([0.8, 0.82, 0.84]);
const adam = exampleRuns([0.85, 0.86, 0.87], {
  optimizer: 'Adam',
  timing: { wallSeconds: [3, 3], cpuSeconds: [4, 4] },
});

function only(runs: readonly RecordedRun[], options?: CompareOptions) {
  const { tables } = compare(runs, options);
  expect(tables).toHaveLength(1);
  const [table] = tables;
  if (table === undefined) throw new Error('no table');
  return table;
}

describe('a table', () => {
  test('by hand', () => {
    const table = only([...sgd, ...adam]);
    expect(table).toMatchObject({
      testproblem: 'mnist_logreg',
      metric: 'test_accuracies',
      reference: 'SGD',
      notes: [],
    });
    expect(table.rows.map(({ optimizer }) => optimizer)).toEqual(['Adam', 'SGD']);
    const [first, second] = table.rows;
    expect(first).toMatchObject({ relativeWall: 1.5, relativeCpu: 1, settingsTried: 1, counts: { completed: 3 } });
    expect(first?.final.mean).toBeCloseTo(0.86, 12);
    // Differences 0.05, 0.04, 0.03: all of one sign, so p = 2/8.
    expect(first?.difference).toMatchObject({ seeds: [42, 43, 44], pValue: 0.25, holmP: 0.25 });
    expect(first?.difference?.mean).toBeCloseTo(0.04, 12);
    expect(second).toMatchObject({ difference: null, relativeWall: 1 });
  });

  test("Holm's correction counts the tests of the table", () => {
    const third = exampleRuns([0.7, 0.71, 0.72], { optimizer: 'Nesterov' });
    const { rows } = only([...sgd, ...adam, ...third]);
    expect(rows.map(({ difference }) => difference?.holmP)).toEqual([0.5, 0.5, undefined]);
  });

  test('missing seeds, one seed and no common seed', () => {
    const two = only([...sgd, ...adam.slice(1)]).rows[0]?.difference;
    expect(two?.seeds).toEqual([43, 44]);
    const one = only([...sgd, ...adam.slice(2)]).rows[0];
    expect(one?.difference).toMatchObject({ seeds: [44], pValue: null, holmP: null });
    expect(one?.interval).toBeNull();
    const none = only([...sgd, exampleRun({ optimizer: 'Adam', seed: 1 })]).rows[0];
    expect(none?.difference).toMatchObject({ seeds: [], mean: null, pValue: null });
  });

  test('of nothing is none', () => expect(compare([])).toEqual({ tables: [], profiles: [] }));

  test('diverged runs are counted and shown, also when nothing else is there', () => {
    const { rows } = only([...sgd, divergedRun({ seed: 50 }), divergedRun({ optimizer: 'Adam' })]);
    expect(rows[0]).toMatchObject({ counts: { completed: 0, diverged: 1 }, final: { n: 0, mean: null }, best: null });
    expect(rows[1]).toMatchObject({ counts: { completed: 3, diverged: 1 }, seeds: [42, 43, 44, 50], final: { n: 3 } });
  });

  test('the best of several settings is chosen by validation, not by what is shown', () => {
    const lucky = exampleRun({
      hyperparameters: { lr: 9 },
      curves: { ...curves([0.1, 0.2, 0.99]), valid_accuracies: [0.1, 0.2, 0.3] },
    });
    const [row] = only([exampleRun(), lucky]).rows;
    expect(row).toMatchObject({ hyperparameters: { lr: 0.1 }, settingsTried: 2 });
  });

  test('a problem without accuracies shows losses', () => {
    const table = only([exampleRun({ curves: lossCurves([3, 2, 1]) })]);
    expect(table).toMatchObject({ metric: 'test_losses', selection: { metric: 'valid_losses', mode: 'most' } });
    expect(table.rows[0]?.final.mean).toBe(1);
  });

  test('times are not compared across machines or without times', () => {
    const elsewhere = adam.map((run) => ({ ...run, conditions: { ...run.conditions, machine: 'another' } }));
    expect(only([...sgd, ...elsewhere]).rows[0]).toMatchObject({ relativeWall: null, wallSecondsPerEpoch: 3 });
    expect(only(sgd.map((run) => ({ ...run, timing: null }))).rows[0]).toMatchObject({ relativeWall: null });
  });

  test.each([
    { what: 'another engine', changes: { engine: 'tfjs-cpu cpu' }, ran: 'a processor, 2 threads, tfjs-cpu cpu' },
    {
      what: 'another device',
      changes: { engine: 'onnxruntime webgpu' },
      ran: 'a processor, 2 threads, onnxruntime webgpu',
    },
    {
      what: 'other threads',
      changes: { machine: 'a processor, 1 threads' },
      ran: 'a processor, 1 threads, onnxruntime cpu',
    },
  ])('times of $what are not set in relation, and a note says so', ({ changes, ran }) => {
    const elsewhere = adam.map((run) => ({ ...run, conditions: { ...run.conditions, ...changes } }));
    const { rows, notes } = only([...sgd, ...elsewhere]);
    expect(rows.find(({ optimizer }) => optimizer === 'Adam')).toMatchObject({ relativeWall: null, relativeCpu: null });
    expect(notes).toContain(
      `Adam: no relative times, it ran on ${ran}; SGD on a processor, 2 threads, onnxruntime cpu`,
    );
    expect(only([...sgd, ...adam]).notes.join()).not.toContain('relative times');
  });

  test('times of runs on several machines are not set in relation either', () => {
    const [first, ...rest] = sgd;
    const moved = { ...exampleRun(), ...first, conditions: { ...exampleRun().conditions, machine: 'another' } };
    const { rows, notes } = only([moved, ...rest, ...adam]);
    expect(rows.map(({ relativeWall }) => relativeWall)).toEqual([null, null]);
    expect(notes).toEqual(['no relative times: the runs of SGD are of several machines, or of unknown ones']);
    const { notes: others } = only([
      ...adam.slice(1),
      ...sgd,
      { ...moved, optimizer: 'Adam', setting: adam[0]?.setting ?? '' },
    ]);
    expect(others.join()).toContain('Adam: no relative times, its runs are of several machines, or of unknown ones');
  });

  test('targets: published, of the user, missed', () => {
    const options = { targets: { mnist_logreg: 0.84 } };
    expect(only(sgd, options).rows[0]?.target).toMatchObject({ reached: 1, missed: 2, medianEpoch: null });
    expect(only(sgd).rows[0]?.target).toBeNull();
    const published = only(sgd.map((run) => ({ ...run, testproblem: 'fmnist_2c2d' })));
    expect(published.rows[0]?.target).toMatchObject({ reached: 0, missed: 3 });
  });

  test('superseded files are named', () => {
    const again = exampleRun({ startedAt: '2027-01-01', curves: curves([0.1, 0.5, 0.8]) });
    expect(only([...sgd, again]).notes).toEqual([
      expect.stringContaining('1 older or unfinished file of the same runs not used'),
    ]);
  });
});

describe('unlike conditions', () => {
  test('stand in separate tables, and say so', () => {
    const long = exampleRun({ numEpochs: 3, curves: curves([0.1, 0.2, 0.3, 0.4]), optimizer: 'Adam' });
    const { tables } = compare([...sgd, long]);
    expect(tables.map(({ rows }) => rows.map(({ optimizer }) => optimizer))).toEqual([['SGD'], ['Adam']]);
    for (const { notes } of tables) expect(notes.join()).toContain('other conditions');
  });

  test('other engines stay apart but in one table', () => {
    const other = sgd.map((run) => ({ ...run, conditions: { ...run.conditions, engine: 'tfjs cpu' } }));
    const table = only([...sgd, ...other]);
    expect(table.rows.map(({ name }) => name)).toEqual(['SGD (onnxruntime cpu)', 'SGD (tfjs cpu)']);
    expect(table.rows).toMatchObject([{ settingsTried: 1 }, { settingsTried: 1 }]);
  });
});

describe('the order', () => {
  const other = sgd.map((run) => ({ ...run, testproblem: 'mnist_mlp' }));
  test('is alphabetical, or the user’s, which also selects', () => {
    const runs = [...other, ...sgd, ...adam];
    expect(compare(runs).tables.map(({ testproblem }) => testproblem)).toEqual(['mnist_logreg', 'mnist_mlp']);
    const { tables } = compare(runs, { testproblems: ['mnist_mlp', 'mnist_logreg'], optimizers: ['SGD', 'Adam'] });
    expect(tables.map(({ testproblem }) => testproblem)).toEqual(['mnist_mlp', 'mnist_logreg']);
    expect(tables[1]?.rows.map(({ optimizer }) => optimizer)).toEqual(['SGD', 'Adam']);
    expect(only(runs, { testproblems: ['mnist_logreg'], optimizers: ['Adam'] }).reference).toBe('Adam');
  });

  test('the reference can be named; one that is not there leaves no differences', () => {
    expect(only([...sgd, ...adam], { reference: 'Adam' }).rows[1]?.difference?.mean).toBeCloseTo(-0.04, 12);
    const table = only([...sgd, ...adam], { reference: 'Nesterov' });
    expect(table.reference).toBeNull();
    expect(table.notes.join()).toContain('no runs of the reference Nesterov');
  });
});

describe('performance profiles', () => {
  test('over the test problems that have targets', () => {
    const on = (testproblem: string, runs: RecordedRun[]) => runs.map((run) => ({ ...run, testproblem }));
    const runs = ['a', 'b'].flatMap((problem) => [...on(problem, sgd), ...on(problem, adam)]);
    expect(compare(runs).profiles).toEqual([]);
    const { profiles } = compare(runs, { targets: { a: 0.5, b: 0.84 } });
    // Problem a: both at epoch 1; problem b: Adam at epoch 2, the median run of SGD misses.
    expect(profiles).toEqual([
      { optimizer: 'Adam', problems: 2, ofProblems: 2, score: 1, steps: [{ ratio: 1, share: 1 }] },
      { optimizer: 'SGD', problems: 2, ofProblems: 2, score: 0.5, steps: [{ ratio: 1, share: 0.5 }] },
    ]);
  });
});

describe('baselines', () => {
  const bundled = async () => (await readBaselineFiles(bundledBaselinesFolder())).flatMap(baselineSettings);
  const full = (seeds: number) =>
    Array.from({ length: seeds }, (_, index) =>
      exampleRun({
        seed: 42 + index,
        numEpochs: 50,
        status: { state: 'completed', epoch: 50, step: null, reason: null },
        curves: curves(Array.from({ length: 51 }, (_, epoch) => 0.9 + epoch / 2000)),
      }),
    );

  test('with the same budget are shown, and what differs is named', async () => {
    const table = only(full(2), { baselines: await bundled() });
    const published = table.rows.find(
      ({ origin, optimizer }) => origin === 'DeepOBS 1.2.0-beta' && optimizer === 'SGD',
    );
    expect(published).toMatchObject({ counts: null, target: null, difference: null, relativeWall: null });
    expect(published?.final).toMatchObject({ n: 10, mean: 0.924219 });
    expect(published?.final.sampleStd).toBeCloseTo((published?.final.populationStd ?? 0) * Math.sqrt(10 / 9), 12);
    expect(published?.mismatches.map(({ what }) => what)).toEqual([
      'protocol deepobs-1.2-beta ≠ probprec v1',
      'engine pytorch ≠ onnxruntime cpu',
    ]);
    expect(table.notes).toContain(
      'baseline DeepOBS 1.2.0-beta: conditions differ: protocol deepobs-1.2-beta ≠ probprec v1, engine pytorch ≠ onnxruntime cpu',
    );
  });

  test('of another budget are left out, unless asked for: then read where the runs end', async () => {
    const baselines = await bundled();
    const table = only(sgd, { baselines });
    expect(table.rows.every(({ origin }) => origin === 'results')).toBe(true);
    expect(table.notes.join()).toContain('DeepOBS 1.2.0-beta left out: num_epochs 50 ≠ 2');
    const shown = only(sgd, { baselines, allowMismatch: true });
    const row = shown.rows.find(({ origin, optimizer }) => origin === 'DeepOBS 1.2.0-beta' && optimizer === 'SGD');
    expect(row?.notes).toEqual(['read at epoch 2 of 50']);
    expect(row?.final.mean).toBeLessThan(0.924);
    expect(row?.best?.epoch).toBeLessThanOrEqual(2);
  });

  test('are not shown by their defective training curves', async () => {
    const table = only(full(1), { baselines: await bundled(), metric: 'train_accuracies' });
    expect(table.notes.join()).toContain('its train_* is defective');
  });

  test('synthetic data are not compared with real ones', async () => {
    const synthetic = full(1).map((run) => ({
      ...run,
      conditions: { ...run.conditions, dataSource: 'synthetic' as const },
    }));
    expect(only(synthetic, { baselines: await bundled() }).notes.join()).toContain('data real ≠ synthetic');
  });

  test('a folder of runs is one, too, and is paired when the conditions match', () => {
    const baselines = runBaselines(adam, 'theirs');
    const table = only(sgd, { baselines });
    expect(table.rows.map(({ origin }) => origin)).toEqual(['theirs', 'results']);
    expect(table.rows[0]?.difference?.pValue).toBe(0.25);
    expect(table.rows[0]?.relativeWall).toBeNull();
    expect(table.notes).toEqual(['baseline theirs: conditions match']);
    const other = adam.map((run) => ({ ...run, conditions: { ...run.conditions, engine: 'tfjs cpu' } }));
    expect(only(sgd, { baselines: runBaselines(other, 'theirs') }).rows[0]?.difference).toBeNull();
  });

  test('a test problem without one says so', async () => {
    const runs = sgd.map((run) => ({ ...run, testproblem: 'mnist_2c2d' }));
    expect(only(runs, { baselines: await bundled() }).notes).toEqual(['no baseline for this test problem']);
  });
});

describe('an own baseline', () => {
  const runFiles = [43, 42].map((seed) => exampleRunFile({ configuration: exampleConfiguration({ seed }) }));

  test('holds all runs of a setting and is read as runs', () => {
    const baseline = ownBaseline(runFiles, 'probprec run …');
    const file = parseBaselineFile('own.json', JSON.stringify(baseline));
    const [compared] = baselineSettings(file);
    expect(compared).toMatchObject({ kind: 'runs', setting: { testproblem: 'mnist_logreg', optimizer: 'Momentum' } });
    expect(compared?.setting.runs.map(({ seed }) => seed)).toEqual([42, 43]);
    expect(compared?.setting.runs[0]?.curves.test_accuracies).toEqual([0.1, 0.7, 0.8]);
    expect(baseline.runs.map(({ configuration_hash }) => configuration_hash)).toEqual(
      [...runFiles].reverse().map(({ configuration_hash }) => configuration_hash),
    );
  });

  test('keeps every digit, so that a repetition is equal to the bit', () => {
    const exact = [8405 / 10_000, 1 / 3, 0.1 + 0.2];
    const run = { ...exampleRunFile(), test_accuracies: exact, test_losses: exact.map((value) => 100 * value) };
    const file = parseBaselineFile('own.json', JSON.stringify(ownBaseline([run], '')));
    const [compared] = baselineSettings(file);
    const { test_accuracies, test_losses } = compared?.setting.runs[0]?.curves ?? {};
    expect({ test_accuracies, test_losses }).toEqual({
      test_accuracies: run.test_accuracies,
      test_losses: run.test_losses,
    });
  });

  test('takes runs that state the same values in other words', () => {
    const { configuration, ...file } = exampleRunFile({ configuration: exampleConfiguration({ seed: 44 }) });
    const { optimizer, ...others } = configuration;
    const stated = { ...optimizer, hyperparameters: { ...optimizer.hyperparameters, later: null } };
    const inWords = { ...others, optimizer: stated, init: 'deepobs', l2_reg_given: true, lr_schedule: null } as const;
    const { runs } = ownBaseline([...runFiles, { ...file, configuration: inWords } as RunFile], '');
    expect(runs.map(({ seed }) => seed)).toEqual([42, 43, 44]);
  });

  test('refuses runs that differ in more than the seed, and none', () => {
    const other = exampleRunFile({ configuration: exampleConfiguration({ protocol: 'deepobs-beta' }) });
    expect(() => ownBaseline([...runFiles, other], '')).toThrow('differ in more than the seed');
    expect(() => ownBaseline([], '')).toThrow('at least one');
  });

  test('a damaged baseline file is refused with the field', () => {
    expect(() => parseBaselineFile('b.json', '{')).toThrow('b.json: not valid JSON');
    const damaged = { ...ownBaseline(runFiles, ''), batch_size: 0 };
    expect(() => parseBaselineFile('b.json', JSON.stringify(damaged))).toThrow('b.json: field batch_size: ');
  });
});
