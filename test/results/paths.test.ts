import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import {
  findRunFiles,
  float2str,
  hashConfiguration,
  runFilePath,
  settingFolder,
  writeRunFile,
} from '../../src/results/index.js';
import { settingInFull } from '../../src/results/paths.js';
import { pythonFloat } from '../../src/results/python-format.js';
import { exampleConfiguration, exampleRunFile } from './example.js';

function withHyperparameters(
  hyperparameters: Record<string, number | boolean | string | null>,
  integerHyperparameters: string[] = [],
) {
  const { optimizer } = exampleConfiguration();
  return exampleConfiguration({ optimizer: { ...optimizer, hyperparameters, integerHyperparameters } });
}

describe('numbers in folder names', () => {
  // Python: deepobs.abstract_runner.float2str(x), that is numpy.format_float_scientific with precision 10.
  test.each([
    [0.11288378916846883, '1.1288378917e-01'],
    [1e-5, '1.e-05'],
    [0.9, '9.e-01'],
    [100, '1.e+02'],
    [0, '0.e+00'],
    [-0, '0.e+00'],
    [0.01291549665, '1.291549665e-02'],
    [-2.5, '-2.5e+00'],
    [1e-120, '1.e-120'],
    [0.999999999999, '1.e+00'],
  ])('float2str(%d) is %s', (value, text) => expect(float2str(value)).toBe(text));

  test('float2str refuses non-finite numbers', () => expect(() => float2str(Number.NaN)).toThrow(RangeError));

  // Python: repr(x)
  test.each([
    [0.1, '0.1'],
    [1, '1.0'],
    [0, '0.0'],
    [1e-5, '1e-05'],
    [0.00012, '0.00012'],
    [-0.5, '-0.5'],
    [123456.789, '123456.789'],
    [1e16, '1e+16'],
    [1.5e300, '1.5e+300'],
  ])('pythonFloat(%d) is %s', (value, text) => expect(pythonFloat(value)).toBe(text));
});

describe('the setting folder', () => {
  test('is that of DeepOBS', () => {
    expect(settingFolder(exampleConfiguration())).toBe(
      'num_epochs__2__batch_size__128__lr__1.1288378917e-01__momentum__9.e-01',
    );
  });

  test('has l2_reg only when it was given', () => {
    expect(settingFolder(exampleConfiguration({ l2Reg: 0.002 }))).not.toContain('l2_reg');
    expect(settingFolder(exampleConfiguration({ l2Reg: 0.002, l2RegGiven: true }))).toContain(
      'batch_size__128__l2_reg__2.e-03__lr__',
    );
  });

  test('ends in the learning-rate schedule', () => {
    const lrSchedule = { epochs: [50, 100], factors: [0.1, 0.00001] };
    expect(settingFolder(exampleConfiguration({ lrSchedule }))).toMatch(
      /__lr_sched_epochs__\[50, 100\]__lr_sched_factors__\[0\.1, 1e-05\]$/,
    );
  });

  test('writes floats, integers, booleans, null and text as Python does', () => {
    const configuration = withHyperparameters(
      { steps: 3, decay: 3, nesterov: true, centered: false, rho: null, mode: 'exact' },
      ['steps'],
    );
    expect(settingFolder(configuration)).toBe(
      'num_epochs__2__batch_size__128__centered__False__decay__3.e+00__mode__exact__nesterov__True__rho__None__steps__3',
    );
  });

  test.each(['a/b', '..\\b', '', '..', 'a\nb'])('refuses the value %j', (mode) => {
    expect(() => settingFolder(withHyperparameters({ mode }))).toThrow(ConfigurationError);
  });

  test('is cut when no file system would take it, and stays unique', () => {
    const first = settingFolder(withHyperparameters({ mode: `${'ü'.repeat(200)}1` }));
    const second = settingFolder(withHyperparameters({ mode: `${'ü'.repeat(200)}2` }));
    expect(Buffer.byteLength(first)).toBeLessThanOrEqual(150);
    expect(first).not.toBe(second);
  });
});

describe('a name that versions before 0.2 wrote', () => {
  const long = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`hyperparameter_${i}`, i]));
  const longer = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`hyperparameter_${i}`, i]));

  test.each([
    ['with a colon', { restart: 'steps:50' }, 'num_epochs__2__batch_size__128__restart__steps:50'],
    ['of 151 to 240 bytes', long, settingInFull(withHyperparameters(long)).name],
    ['cut at 240 bytes', longer, settingInFull(withHyperparameters(longer)).cut],
  ])('%s is still found', async (_, hyperparameters, name) => {
    const folder = await mkdtemp(join(tmpdir(), 'probprec-former-'));
    try {
      const configuration = withHyperparameters(hyperparameters);
      expect(settingFolder(configuration)).not.toBe(name);
      expect(settingFolder(configuration)).toMatch(/^[^<>:"|?*]{1,150}$/);
      const path = runFilePath(folder, configuration, new Date()).replace(settingFolder(configuration), name);
      await writeRunFile(path, exampleRunFile({ configuration }));
      expect(await findRunFiles(folder, configuration)).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('stays what it is when a hyperparameter is added that is None', () => {
    expect(settingFolder(withHyperparameters({ ...longer, later: null }))).toBe(
      settingFolder(withHyperparameters(longer)),
    );
  });
});

test('the run file is named by seed and local time', () => {
  const startedAt = new Date(2026, 0, 2, 3, 4, 5);
  expect(runFilePath('out', exampleConfiguration(), startedAt)).toBe(
    join(
      'out/mnist_logreg/Momentum/num_epochs__2__batch_size__128__lr__1.1288378917e-01__momentum__9.e-01',
      'random_seed__42__2026-01-02-03-04-05.json',
    ),
  );
});

test('the hash depends on every field and not on the order of keys', () => {
  const hash = hashConfiguration(exampleConfiguration());
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(hashConfiguration(withHyperparameters({ lr: 0.11288378916846883, momentum: 0.9 }))).toBe(hash);
  for (const change of [
    { seed: 43 },
    { batchSize: 64 },
    { l2Reg: 0.002 },
    { data: { source: 'synthetic', syntheticSize: null } } as const,
    { engine: { name: 'onnxruntime', device: 'webgpu' } },
    { protocol: 'deepobs-beta' } as const,
    { trainLogInterval: 1 },
    { lrSchedule: { epochs: [1], factors: [0.1] } },
  ]) {
    expect(hashConfiguration(exampleConfiguration(change))).not.toBe(hash);
  }
});

describe('finding the runs of a configuration', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probprec-paths-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('gives those of the same hash, newest first, and reports what cannot be read', async () => {
    const configuration = exampleConfiguration();
    const other = exampleConfiguration({ data: { source: 'synthetic', syntheticSize: null } });
    const times = [1, 2].map((second) => new Date(2026, 0, 2, 3, 4, second));
    for (const startedAt of times) {
      await writeRunFile(runFilePath(folder, configuration, startedAt), exampleRunFile({ startedAt }));
    }
    const startedAt = new Date(2026, 0, 2, 3, 4, 3);
    const path = await writeRunFile(
      runFilePath(folder, other, startedAt),
      exampleRunFile({ configuration: other, startedAt }),
    );
    await writeFile(join(dirname(path), 'random_seed__42__2026-01-02-03-04-04.json'), '{');
    await writeFile(join(dirname(path), 'random_seed__43__2026-01-02-03-04-04.json'), '{');
    const unreadable: string[] = [];
    const found = await findRunFiles(folder, configuration, (error) => unreadable.push(error.message));
    expect(found.map(({ runFile }) => runFile.started_at)).toEqual(times.reverse().map((time) => time.toISOString()));
    expect(unreadable).toHaveLength(1);
    expect(unreadable[0]).toContain('2026-01-02-03-04-04.json: not valid JSON');
  });

  test('gives nothing where nothing is', async () => {
    expect(await findRunFiles(join(folder, 'none'), exampleConfiguration())).toEqual([]);
  });

  test('another run of the same second gets its own file', async () => {
    const startedAt = new Date(2026, 11, 31, 23, 59, 59);
    const other = exampleConfiguration({ protocol: 'deepobs-beta' });
    const wanted = runFilePath(folder, other, startedAt);
    const first = await writeRunFile(wanted, exampleRunFile());
    const again = await writeRunFile(wanted, exampleRunFile());
    const second = await writeRunFile(wanted, exampleRunFile({ configuration: other }));
    expect([first, again]).toEqual([wanted, wanted]);
    expect(second).toMatch(/random_seed__42__2027-01-01-00-00-00\.json$/);
    expect(await readdir(dirname(wanted))).toHaveLength(2);
  });
});

describe('a setting whose name states None', () => {
  const words = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`hyperparameter_${i}`, i]));
  const nulls = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`later_${i}_of_them`, null]));

  test('leaves it out where the name would be too long', () => {
    expect(settingFolder(withHyperparameters({ ...words(2), ...nulls(1) }))).toContain('later_0_of_them__None');
    const name = settingFolder(withHyperparameters({ ...words(5), ...nulls(7) }));
    expect(name).toBe(settingFolder(withHyperparameters(words(5))));
  });

  test.each([0, 2, 7, 12])(
    'finds the runs of a version that had no such hyperparameters (%d of them)',
    async (count) => {
      const folder = await mkdtemp(join(tmpdir(), 'probprec-none-'));
      try {
        const before = withHyperparameters(words(5));
        const after = withHyperparameters({ ...words(5), ...nulls(count) });
        expect(hashConfiguration(after)).toBe(hashConfiguration(before));
        await writeRunFile(runFilePath(folder, before, new Date()), exampleRunFile({ configuration: before }));
        expect(await findRunFiles(folder, after)).toHaveLength(1);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );

  test('finds the runs of a version that cut such a name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'probprec-none-'));
    try {
      const configuration = withHyperparameters({ ...words(5), ...nulls(12) });
      const { cut } = settingInFull(configuration);
      expect(cut).not.toBe(settingFolder(configuration));
      const path = join(
        dirname(dirname(runFilePath(folder, configuration, new Date()))),
        cut,
        'random_seed__42__x.json',
      );
      await writeRunFile(path, exampleRunFile({ configuration }));
      expect(await findRunFiles(folder, configuration)).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
