import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import { nearestNames } from '../../src/names.js';
import {
  describeHyperparameters,
  loadOptimizer,
  loadWrapper,
  optimizerNames,
  optimizerOfClass,
  parseOptimizer,
  type Training,
  withOptimizerFile,
  wrapperNames,
} from '../../src/optimizer/index.js';
import { RESERVED_OPTIONS } from '../../src/optimizer/reserved-names.js';
import { hashConfiguration, settingPath } from '../../src/results/index.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { pointOf, startOnToyB, trajectory } from './toy-b.js';

type Golden = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Golden;

const path = async (name: string, given: object, steps: number, evaluated = false) =>
  trajectory(await startOnToyB(await loadOptimizer(name), { ...given }), steps, evaluated);

function expectClose(found: readonly number[] | undefined, wanted: readonly number[] | undefined) {
  expect(found).toHaveLength(8);
  for (const [index, number] of (found ?? []).entries()) {
    expect(Math.abs(number - (wanted?.[index] ?? Number.NaN)), `number ${index}`).toBeLessThan(1e-9);
  }
}

describe('what an argument says', () => {
  test.each([
    ['adam', [], 'adam'],
    ['lookahead(adam)', ['lookahead'], 'adam'],
    [' ema( lookahead (adam) ) ', ['ema', 'lookahead'], 'adam'],
    ['./my(1).mjs', [], './my(1).mjs'],
    ['lookahead(./my(1).mjs)', ['lookahead'], './my(1).mjs'],
    ['lookahead(/tmp/a b/mine.js)', ['lookahead'], '/tmp/a b/mine.js'],
  ])('%s', (text, wrappers, base) => {
    expect(parseOptimizer(text)).toEqual({ wrappers, base });
  });

  test.each(['lookahead()', 'lookahead(adam', 'lookahead)adam(', 'lookahead(adam))', 'ema((adam))'])(
    '%s is refused',
    (text) => {
      expect(() => parseOptimizer(text)).toThrow(/^optimizer .*: found .*, expected WRAPPER\(OPTIMIZER\)/);
    },
  );

  test('a file in it can be moved', () => {
    expect(withOptimizerFile('ema(./a.mjs)', (file) => `/there/${file}`)).toBe('ema(/there/./a.mjs)');
    expect(withOptimizerFile('ema(adam)', () => 'never')).toBe('ema(adam)');
  });
});

describe('composition', () => {
  test('names, hyperparameters and class name are those of all parts', async () => {
    const optimizer = await loadOptimizer('ema(clip-norm(adam))');
    expect(optimizer).toMatchObject({
      name: 'ema(clip-norm(adam))',
      className: 'EMA(ClipNorm(Adam))',
      learningRate: 'lr',
    });
    const names = describeHyperparameters(optimizer).map(({ name }) => name);
    expect(names).toEqual(['lr', 'beta1', 'beta2', 'epsilon', 'clip_norm', 'ema_decay', 'ema_correction']);
    expect((await optimizerOfClass('EMA(ClipNorm(Adam))'))?.name).toBe('ema(clip-norm(adam))');
    for (const foreign of ['Adam(EMA)', 'EMA(Mine)', 'EMA(Adam', 'Mine', 'ema(Adam)']) {
      expect(await optimizerOfClass(foreign), foreign).toBeNull();
    }
  });

  test("every wrapper's hyperparameters begin with its name, and are no options of run", async () => {
    for (const name of wrapperNames()) {
      const prefix = name.replaceAll('-', '_');
      expect(optimizerNames()).not.toContain(name);
      for (const { name: key, option } of describeHyperparameters(await loadWrapper(name))) {
        expect(key === prefix || key.startsWith(`${prefix}_`), `${name}: ${key}`).toBe(true);
        expect(RESERVED_OPTIONS).not.toContain(option.slice(2));
      }
    }
  });

  test.each([
    ['lookahead(lookahead(adam))', /has the hyperparameter lookahead_steps itself/],
    ['clip-norm(preconditioned-sgd)', /clip-norm changes gradients, and preconditioned-sgd takes its steps itself/],
    ['sam(newton-cg)', /sam changes gradients, and newton-cg takes its steps itself/],
    ['lookahead(preconditioned-sgd)', /lookahead moves the parameters, and preconditioned-sgd needs them/],
    ['weight-decay(newton-cg)', /newton-cg has no learning rate/],
    ['weight-decay(preconditioned-sgd)', /moves the parameters/],
    ['lokahead(adam)', /did you mean lookahead\?/],
    ['lookahead(adm)', /did you mean adam/],
    ['lookahead', /lookahead goes around an optimizer, such as lookahead\(sgd\)/],
  ])('%s is refused in one line', async (text, message) => {
    const error = await loadOptimizer(text).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
    expect(nearestNames('lokahead', wrapperNames())).toContain('lookahead');
  });

  test('is part of the identity, and of the path of results', async () => {
    const resolve = (optimizer: string, hyperparameters = {}) =>
      resolveConfiguration({ testproblem: 'mnist_mlp', optimizer, hyperparameters });
    const texts = ['adam', 'lookahead(adam)', 'ema(adam)', 'ema(lookahead(adam))', 'lookahead(ema(adam))'];
    const runs = await Promise.all(texts.map((text) => resolve(text)));
    expect(new Set(runs.map(({ configuration }) => hashConfiguration(configuration))).size).toBe(texts.length);
    const stated = await resolve(' lookahead( adam )', { lookahead_steps: '5' });
    expect(hashConfiguration(stated.configuration)).toBe(
      hashConfiguration((await resolve('lookahead(adam)')).configuration),
    );
    const other = await resolve('lookahead(adam)', { lookahead_steps: '6' });
    expect(hashConfiguration(stated.configuration)).not.toBe(hashConfiguration(other.configuration));
    expect(settingPath('results', other.configuration)).toContain('/Lookahead(Adam)/num_epochs__');
    await expect(resolve('lookahead(adam)', { lookahead_steps: 0 })).rejects.toThrow(
      /^lookahead_steps: found 0, expected/,
    );
  });
});

describe('the golden values', () => {
  test('lookahead', async () => {
    const row = golden['lookahead(SGD lr=0.05) k=5 alpha=0.5'];
    const found = await path('lookahead(sgd)', { lr: 0.05 }, 10);
    expectClose(found[0], row?.step1);
    expectClose(found[9], row?.step10);
    // At the slow weights: θ₀ until the first synchronization, at which slow and fast are the same.
    const evaluated = await path('lookahead(sgd)', { lr: 0.05 }, 10, true);
    expectClose(evaluated[3], [1, 1, 1, 1, 1, 1, 0, 0]);
    expectClose(evaluated[9], row?.step10);
  });

  test.each([
    ['polyak(sgd)', {}, 'uniform over theta_1..theta_5'],
    ['ema(sgd)', { ema_decay: 0.9, ema_correction: false }, 'ema d=0.9 from theta_0'],
    ['polyak(sgd)', { polyak_gamma: 8 }, 'polynomial decay gamma=8 from theta_1'],
  ])('%s %o', async (name, given, key) => {
    const found = await path(name, { lr: 0.05, ...given }, 5, true);
    expectClose(found[4], golden['averages of sgd lr=0.05 after 5 steps']?.[key]);
    expect((await path(name, { lr: 0.05, ...given }, 5))[4]).toEqual((await path('sgd', { lr: 0.05 }, 5))[4]);
  });

  test('the corrected average is the weighted mean of the iterates without the initial parameters', async () => {
    const iterates = await path('sgd', { lr: 0.05 }, 5);
    const weights = iterates.map((_, index) => 0.9 ** (4 - index));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const mean = iterates[0]?.map((_, k) =>
      iterates.reduce((sum, at, t) => sum + ((weights[t] ?? 0) / total) * (at[k] ?? 0), 0),
    );
    expectClose((await path('ema(sgd)', { lr: 0.05, ema_decay: 0.9 }, 5, true))[4], mean);
  });

  test('a later start leaves earlier iterates out', async () => {
    const iterates = await path('sgd', { lr: 0.05 }, 5);
    const mean = iterates[0]?.map((_, k) => [2, 3, 4].reduce((sum, t) => sum + (iterates[t]?.[k] ?? 0) / 3, 0));
    expectClose((await path('polyak(sgd)', { lr: 0.05, polyak_start: 3 }, 5, true))[4], mean);
  });

  test('decoupled weight decay around adam is adamw', async () => {
    const found = await path('weight-decay(adam)', { lr: 0.1 }, 5);
    expectClose(found[0], golden['adamw lr=0.1 wd=0.01']?.step1);
    expectClose(found[4], golden['adamw lr=0.1 wd=0.01']?.step5);
  });

  test('clipping bounds the gradient', async () => {
    const start = [1, 1, 1, 1, 1, 1, 0, 0];
    const [plain = []] = await path('sgd', { lr: 0.1 }, 1);
    const gradient = plain.map((value, k) => ((start[k] ?? 0) - value) / 0.1);
    const norm = Math.hypot(...gradient);
    const stepOf = async (name: string, given: object) =>
      ((await path(name, { lr: 1, ...given }, 1))[0] ?? []).map((value, k) => (start[k] ?? 0) - value);
    expectClose(
      await stepOf('clip-norm(sgd)', { clip_norm: 0.5 }),
      gradient.map((g) => (0.5 * g) / norm),
    );
    expectClose(await stepOf('clip-norm(sgd)', { clip_norm: 2 * norm }), gradient);
    expectClose(
      await stepOf('clip-value(sgd)', { clip_value: 3 }),
      gradient.map((g) => Math.min(3, Math.max(-3, g))),
    );
  });

  test('lookahead that follows completely is the optimizer itself, whatever is inside', async () => {
    const plain = await path('ema(adam)', {}, 12);
    const wrapped = await path('lookahead(ema(adam))', { lookahead_alpha: 1, lookahead_steps: 1 }, 12);
    expectClose(wrapped[11], plain[11]);
  });
});

describe('around optimizers that take their steps themselves', () => {
  const plain = { iterations: 3, adaptive_damping: false, line_search: false, damping: 20 };

  test('averages are those of the iterates, which stay as they are', async () => {
    const iterates = await path('hessian-free', plain, 5);
    expect(await path('polyak(hessian-free)', plain, 5)).toEqual(iterates);
    const mean = iterates[0]?.map((_, k) => iterates.reduce((sum, at) => sum + (at[k] ?? 0) / 5, 0));
    expectClose((await path('polyak(hessian-free)', plain, 5, true))[4], mean);
  });

  test('lookahead draws back', async () => {
    const [, , third = []] = await path('newton-cg', {}, 3);
    const found = await path('lookahead(newton-cg)', { lookahead_steps: 3, lookahead_alpha: 0.25 }, 4);
    expectClose(
      found[2],
      third.map((value, k) => 0.25 * value + 0.75 * (k < 6 ? 1 : 0)),
    );
    // The next step begins there: one from the same point, which nothing had drawn back, leads to the same place.
    const slow = await path('lookahead(newton-cg)', { lookahead_steps: 3, lookahead_alpha: 0.25 }, 4, true);
    expectClose(slow[3], found[2]);
    expect(found[3]).not.toEqual(found[2]);
  });

  test('weight decay is behind the step', async () => {
    const [once = []] = await path('hessian-free', { ...plain, lr: 0.5 }, 1);
    const [found] = await path('weight-decay(hessian-free)', { ...plain, lr: 0.5, weight_decay: 0.1 }, 1);
    expectClose(
      found,
      once.map((value, k) => value - 0.5 * 0.1 * (k < 6 ? 1 : 0)),
    );
  });

  test('an average around the preconditioner family leaves its steps as they are', async () => {
    const given = { lr: 0.01, prior_iterations: 2, num_observations: 2, restart: 'steps:6' };
    const iterates = await path('preconditioned-sgd', given, 9);
    expect(await path('ema(preconditioned-sgd)', given, 9)).toEqual(iterates);
    const mean = iterates[0]?.map((_, k) => iterates.reduce((sum, at) => sum + (at[k] ?? 0) / 9, 0));
    expectClose((await path('polyak(preconditioned-sgd)', given, 9, true))[8], mean);
  });
});

test.each([
  ['lookahead(momentum)', { lr: 0.02 }],
  ['ema(clip-norm(lookahead(adam)))', { lr: 0.02 }],
  ['polyak(weight-decay(clip-value(nesterov)))', { lr: 0.02 }],
  ['ema(lookahead(weight-decay(hessian-free)))', { iterations: 2, lookahead_steps: 3 }],
  ['polyak(preconditioned-momentum)', { lr: 0.001, prior_iterations: 2, num_observations: 2, restart: 'steps:6' }],
] as const)('%s goes on from a saved state as if it had not stopped', async (name, given) => {
  const begin = async () => startOnToyB(await loadOptimizer(name), given);
  const step = async (training: Training) => {
    await training.beginEpoch(0, 1);
    await training.step({});
  };
  const whole = await begin();
  let split = await begin();
  for (let t = 0; t < 12; t++) {
    await step(whole);
    await step(split);
    const { arrays, values } = await split.save();
    split = await begin();
    await split.restore({ arrays, values: JSON.parse(JSON.stringify(values)) as Record<string, unknown> });
  }
  expect(await pointOf(split)).toEqual(await pointOf(whole));
  expect(await pointOf(split, true)).toEqual(await pointOf(whole, true));
});
