import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random/index.js';
import { defaultL2, hasVariants } from '../../src/results/deepobs/defaults.js';
import type { StatedSetting } from '../../src/results/identity.js';
import { hashConfiguration, type RunConfiguration, settingIdentity } from '../../src/results/index.js';
import { float2str } from '../../src/results/python-format.js';
import type { SettingValue } from '../../src/results/setting-value.js';
import { loadTestProblem, testProblemNames } from '../../src/testproblem/index.js';
import { exampleConfiguration } from './example.js';

const RUNS = 300;
const seed = Number(process.env.PROBPREC_TEST_SEED ?? Math.floor(Math.random() * 1e9));

type Random = ReturnType<typeof randomStream>;
const pick = <T>(random: Random, values: readonly T[]): T => values[random.integer(values.length)] as T;

function randomConfiguration(random: Random): RunConfiguration {
  const numEpochs = random.integer(40);
  const epochs = Array.from({ length: 40 }, (_, epoch) => epoch).filter(() => random.uniform() < 0.1);
  const hyperparameters = Object.fromEntries(
    ['lr', 'momentum', 'est_rank', 'scaling', 'nesterov']
      .filter(() => random.uniform() < 0.7)
      .map((name) => [
        name,
        name === 'scaling'
          ? pick(random, ['sqrt', 'relative', null])
          : name === 'nesterov'
            ? random.uniform() < 0.5
            : name === 'est_rank'
              ? random.integer(1e9)
              : pick(random, [10 ** (random.uniform() * 7 - 5), random.integer(3), null]),
      ]),
  );
  return exampleConfiguration({
    optimizer: { name: 'm', className: 'M', hyperparameters, integerHyperparameters: ['est_rank'], source: null },
    seed: random.integer(1000),
    batchSize: 1 + random.integer(256),
    numEpochs,
    l2Reg: pick(random, [null, 0, 0.002, random.uniform()]),
    lrSchedule: epochs.length === 0 ? null : { epochs, factors: epochs.map(() => pick(random, [1, 0.1, 0.5])) },
  });
}

/** The same values in other words. */
const REWORDINGS: Readonly<Record<string, (configuration: RunConfiguration, random: Random) => RunConfiguration>> = {
  'another order of the hyperparameters': (configuration) => {
    const entries = Object.entries(configuration.optimizer.hyperparameters).reverse();
    return withHyperparameters(configuration, Object.fromEntries(entries));
  },
  'null for what is absent': (configuration) =>
    withHyperparameters(configuration, { further: null, ...configuration.optimizer.hyperparameters }),
  'a number as a folder name has it': (configuration) => {
    const { hyperparameters } = configuration.optimizer;
    const rounded = Object.entries(hyperparameters).map(([name, value]) => [
      name,
      typeof value === 'number' && name !== 'est_rank' ? Number(float2str(value)) : value,
    ]);
    return withHyperparameters(configuration, Object.fromEntries(rounded));
  },
  'an L2 term of zero': (configuration) =>
    configuration.l2Reg === null ? { ...configuration, l2Reg: 0, l2RegGiven: true } : configuration,
  'a stated default version': (configuration, random) => ({
    ...configuration,
    variant: pick(random, [null, 'pytorch']),
    init: pick(random, [null, 'deepobs']),
  }),
  'a stated default': (configuration) => ({ ...configuration, l2RegGiven: true }),
  'an empty schedule': (configuration) =>
    configuration.lrSchedule === null ? { ...configuration, lrSchedule: { epochs: [], factors: [] } } : configuration,
  'a change to the factor in force': (configuration, random) => {
    const { epochs, factors } = configuration.lrSchedule ?? { epochs: [], factors: [] };
    const at = random.integer(40);
    const index = epochs.filter((epoch) => epoch <= at).length;
    if (epochs.includes(at)) return configuration;
    const repeated = factors[index - 1] ?? 1;
    const lrSchedule = { epochs: epochs.toSpliced(index, 0, at), factors: factors.toSpliced(index, 0, repeated) };
    return { ...configuration, lrSchedule };
  },
  'a change after the last epoch': (configuration) => {
    const { epochs, factors } = configuration.lrSchedule ?? { epochs: [], factors: [] };
    return { ...configuration, lrSchedule: { epochs: [...epochs, 99], factors: [...factors, 0.3] } };
  },
};

/** Another value of something. */
const CHANGES: Readonly<Record<string, (configuration: RunConfiguration) => RunConfiguration>> = {
  seed: (configuration) => ({ ...configuration, seed: configuration.seed + 1 }),
  'number of epochs': (configuration) => ({ ...configuration, numEpochs: configuration.numEpochs + 1 }),
  'batch size': (configuration) => ({ ...configuration, batchSize: configuration.batchSize + 1 }),
  'L2 factor': (configuration) => ({ ...configuration, l2Reg: (configuration.l2Reg ?? 0) + 0.001 }),
  'test problem': (configuration) => ({ ...configuration, testproblem: `${configuration.testproblem}_noinit` }),
  variant: (configuration) => ({ ...configuration, variant: 'tf' }),
  initialisation: (configuration) => ({ ...configuration, init: 'pytorch' }),
  'learning rate': (configuration) => {
    const { lr } = configuration.optimizer.hyperparameters;
    return withHyperparameters(configuration, {
      ...configuration.optimizer.hyperparameters,
      lr: typeof lr === 'number' && lr > 0 ? lr * (1 + 1e-9) : 0.123,
    });
  },
  'a large integer by one': (configuration) => {
    const { est_rank: rank } = configuration.optimizer.hyperparameters;
    const changed = typeof rank === 'number' ? rank + 1 : 123_456_789_013;
    return withHyperparameters(configuration, { ...configuration.optimizer.hyperparameters, est_rank: changed });
  },
  'a further hyperparameter': (configuration) =>
    withHyperparameters(configuration, { ...configuration.optimizer.hyperparameters, further: 0 }),
  'class name': (configuration) => ({ ...configuration, optimizer: { ...configuration.optimizer, className: 'N' } }),
  'source of the optimizer': (configuration) => ({
    ...configuration,
    optimizer: { ...configuration.optimizer, source: { file: 'm.js', sha256: 'a'.repeat(64) } },
  }),
  'source of the data': (configuration) => ({ ...configuration, data: { source: 'synthetic', syntheticSize: 600 } }),
  engine: (configuration) => ({ ...configuration, engine: { name: 'tfjs-cpu', device: 'cpu' } }),
  device: (configuration) => ({ ...configuration, engine: { name: 'onnxruntime', device: 'webgpu' } }),
  protocol: (configuration) => ({ ...configuration, protocol: 'deepobs-beta' }),
  'interval of the log': (configuration) => ({ ...configuration, trainLogInterval: 7 }),
  'a factor in force': (configuration) => {
    const numEpochs = Math.max(1, configuration.numEpochs);
    const { epochs, factors } = configuration.lrSchedule ?? { epochs: [], factors: [] };
    const own = epochs[0] === 0 ? { epochs, factors } : { epochs: [0, ...epochs], factors: [1, ...factors] };
    const [first = 1, ...others] = own.factors;
    return { ...configuration, numEpochs, lrSchedule: { epochs: own.epochs, factors: [first * 1.5, ...others] } };
  },
};

function withHyperparameters(
  configuration: RunConfiguration,
  hyperparameters: RunConfiguration['optimizer']['hyperparameters'],
): RunConfiguration {
  return { ...configuration, optimizer: { ...configuration.optimizer, hyperparameters } };
}

describe(`the identity of a run (random stream ${seed})`, () => {
  test.each(Object.entries(REWORDINGS))('does not depend on %s', (name, reword) => {
    const random = randomStream(seed, 'identity', name);
    for (let index = 0; index < RUNS; index++) {
      const configuration = randomConfiguration(random);
      expect(hashConfiguration(reword(configuration, random)), JSON.stringify(configuration)).toBe(
        hashConfiguration(configuration),
      );
    }
  });

  test.each(Object.entries(CHANGES))('depends on the %s', (name, change) => {
    const random = randomStream(seed, 'identity', name);
    for (let index = 0; index < RUNS; index++) {
      const configuration = randomConfiguration(random);
      expect(hashConfiguration(change(configuration)), JSON.stringify(configuration)).not.toBe(
        hashConfiguration(configuration),
      );
    }
  });

  test('depends on the version of the protocol', () => {
    expect(hashConfiguration(exampleConfiguration(), 1)).not.toBe(hashConfiguration(exampleConfiguration(), 2));
  });

  test('does not depend on the name of a user’s file', () => {
    const optimizer = { ...exampleConfiguration().optimizer, source: { file: 'a.mjs', sha256: 'a'.repeat(64) } };
    const renamed = { ...optimizer, source: { ...optimizer.source, file: 'b.mjs' } };
    expect(hashConfiguration(exampleConfiguration({ optimizer: renamed }))).toBe(
      hashConfiguration(exampleConfiguration({ optimizer })),
    );
  });
});

describe('the identity of a setting', () => {
  const stated = (changes: Partial<StatedSetting>): StatedSetting => ({
    hyperparameters: { lr: 0.1 },
    schedule: null,
    numEpochs: 2,
    batchSize: 128,
    l2Reg: null,
    source: null,
    ...changes,
  });
  const identity = (hyperparameters: Readonly<Record<string, SettingValue>>) =>
    settingIdentity(stated({ hyperparameters }));

  test('holds lists, and keeps infinite numbers apart from null and from texts', () => {
    const { POSITIVE_INFINITY, NaN: nan } = Number;
    const values: SettingValue[] = [
      null,
      POSITIVE_INFINITY,
      -POSITIVE_INFINITY,
      nan,
      'Infinity',
      [0.9, 0.999],
      '[0.9,0.999]',
      [],
      0,
      false,
      '',
      '0',
      true,
      1,
      { a: 1 },
    ];
    expect(new Set(values.map((norm) => identity({ norm }))).size).toBe(values.length);
    expect(identity({ betas: [0.9, 0.999] })).toBe(identity({ betas: [0.9, 0.9990000000000001] }));
    expect(identity({ lr: -0 })).toBe(identity({ lr: 0 }));
  });

  test('keeps hyperparameters with the names of Object’s own members', () => {
    const own = JSON.parse('{"__proto__": 1}');
    expect(identity(own)).not.toBe(identity({}));
    expect(identity({ constructor: 1 })).not.toBe(identity({}));
  });

  test('leaves defaults out where they are known', () => {
    const defaults = { momentum: 0, betas: [0.9, 0.999] };
    expect(settingIdentity(stated({ hyperparameters: { lr: 0.1, momentum: 0, betas: [0.9, 0.999] }, defaults }))).toBe(
      settingIdentity(stated({ defaults })),
    );
    expect(settingIdentity(stated({ hyperparameters: { lr: 0.1, momentum: 0.9 }, defaults }))).not.toBe(
      settingIdentity(stated({ defaults })),
    );
  });

  test('an unknown default of the L2 factor is no value', () => {
    expect(settingIdentity(stated({ l2Reg: 'default' }))).not.toBe(settingIdentity(stated({ l2Reg: 0 })));
    expect(settingIdentity(stated({ l2Reg: null }))).toBe(settingIdentity(stated({ l2Reg: 0 })));
  });
});

test('the test problems with variants are those that differ here', async () => {
  for (const name of testProblemNames()) {
    const { variant } = await loadTestProblem(name);
    expect([name, hasVariants(name)]).toEqual([name, variant !== null]);
  }
});

test('the L2 factors of DeepOBS are those of the test problems here', async () => {
  for (const name of testProblemNames()) {
    const { defaults } = await loadTestProblem(name);
    expect([name, defaultL2(name)]).toEqual([name, defaults.l2Reg ?? 0]);
  }
});
