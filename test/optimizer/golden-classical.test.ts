import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../src/engine/index.js';
import { loadOptimizer } from '../../src/optimizer/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { pointOf, startOnToyB } from './toy-b.js';

type Golden = Readonly<Record<string, number | readonly number[]>>;
const golden = JSON.parse(readFileSync(new URL('golden-classical.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Golden>
>;

const cases: [row: string, optimizer: string, given: object, steps?: number][] = [
  ['momentum lr=0.02 mu=0.9 (torch)', 'momentum', { lr: 0.02 }],
  ['adamw lr=0.1 wd=0.01', 'adamw', { lr: 0.1 }],
  ['amsgrad lr=0.1 beta2=0.5 (torch: max of raw v)', 'amsgrad', { lr: 0.1, beta2: 0.5 }],
  ['amsgrad lr=0.1 beta2=0.5 (optax: max of corrected v)', 'amsgrad', { lr: 0.1, beta2: 0.5, corrected_maximum: true }],
  ['nadam lr=0.1 (torch, momentum_decay 4e-3)', 'nadam', { lr: 0.1 }],
  ['nadam lr=0.1 (optax)', 'nadam', { lr: 0.1, momentum_schedule: false }],
  ['radam lr=0.1 (torch)', 'radam', { lr: 0.1 }, 8],
  ['rmsprop lr=0.01 alpha=0.99 eps=1e-8 outside (torch)', 'rmsprop', {}],
  ['rmsprop lr=0.01 decay=0.9 eps=1e-8 inside (optax)', 'rmsprop', { alpha: 0.9, epsilon_inside: true }],
  ['adagrad lr=0.1 init=0 eps=1e-10 outside (torch)', 'adagrad', { lr: 0.1 }],
  [
    'adagrad lr=0.1 init=0.1 eps=1e-7 inside (optax)',
    'adagrad',
    { lr: 0.1, initial_sum: 0.1, epsilon: 1e-7, epsilon_inside: true },
  ],
  ['adadelta lr=1 rho=0.9 eps=1e-6', 'adadelta', {}],
  ['adabelief lr=0.1 eps=1e-16 (optax)', 'adabelief', { lr: 0.1 }],
  ['lion lr=0.01 b1=0.9 b2=0.99 wd=1e-3', 'lion', { lr: 0.01 }],
  ['lamb lr=0.01 wd=0.01 eps=1e-6 (optax)', 'lamb', { lr: 0.01, weight_decay: 0.01 }],
  [
    'lars lr=0.1 wd=1e-4 trust=0.001 mu=0.9 (optax: trust ratio, lr, then momentum)',
    'lars',
    { lr: 0.1, vectors: 'adapted' },
  ],
];

let onnxruntime: Engine;
beforeAll(async () => {
  onnxruntime = await openEngine({ engine: 'onnxruntime', threads: 1 });
});
afterAll(() => onnxruntime.dispose());

test('every golden row is used', () => {
  expect(cases.map(([row]) => row)).toEqual(Object.keys(golden).filter((key) => key !== 'source'));
});

test.each(cases)('%s', async (row, name, given, steps = 5) => {
  for (const [engine, tolerance] of [
    [openReferenceEngine(), 1e-9],
    [onnxruntime, 2e-5],
  ] as const) {
    const training = await startOnToyB(await loadOptimizer(name), { ...given }, { engine });
    await training.beginEpoch(0, 1);
    for (let step = 1; step <= steps; step++) {
      await training.step({});
      if (step !== 1 && step !== steps) continue;
      const wanted = golden[row]?.[`step${step}`] as readonly number[];
      for (const [index, number] of (await pointOf(training, false, engine)).entries()) {
        expect(Math.abs(number - (wanted[index] ?? Number.NaN)), `step ${step}, number ${index}`).toBeLessThan(
          tolerance,
        );
      }
    }
    // The loss of the next minibatch is that at the last point.
    expect(Math.abs((await training.step({})) - (golden[row]?.[`loss${steps}`] as number))).toBeLessThan(
      10 * tolerance,
    );
  }
});
