import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../src/engine/index.js';
import { loadOptimizer, type Training } from '../../src/optimizer/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { pointOf, startOnToyB } from './toy-b.js';

/** Values of the rules as their papers and reference implementations state them, computed with numpy in double precision. */
type Golden = Readonly<Record<string, number | readonly number[]>>;
const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Golden>
>;

interface Case {
  readonly row: string;
  readonly optimizer: string;
  readonly given: Readonly<Record<string, unknown>>;
  /** Whether the row's values are of the point of evaluation. */
  readonly evaluated?: boolean;
  /** Whether random numbers are the golden values' probe. */
  readonly probes?: boolean;
  /** Changes the state before the first step to the golden values'. */
  readonly prepare?: (training: Training) => Promise<void>;
}

const cases: readonly Case[] = [
  { row: 'sps_max c=0.5 eta_max=1 f*=0', optimizer: 'sps', given: { smooth: false } },
  { row: 'sps smooth_iter c=0.5 gamma=2 n_batches=100 init=1', optimizer: 'sps', given: {} },
  { row: 'ali-g max_lr=0.1', optimizer: 'ali-g', given: { momentum: 0 } },
  { row: 'ali-g max_lr=0.1 momentum=0.9 (standard Nesterov)', optimizer: 'ali-g', given: {} },
  { row: 'l4mom alpha=0.15 (paper state)', optimizer: 'l4-momentum', given: {} },
  { row: 'dog reps_rel=1e-2', optimizer: 'dog', given: { reps_rel: 1e-2 } },
  { row: 'l-dog reps_rel=1e-2', optimizer: 'l-dog', given: { reps_rel: 1e-2 } },
  { row: 'd-adaptation SGD d0=1e-6', optimizer: 'd-adapt-sgd', given: {} },
  { row: 'd-adaptation Adam d0=1e-6 (no bias correction)', optimizer: 'd-adapt-adam', given: {} },
  { row: 'prodigy d0=1e-6 (reference, no bias correction)', optimizer: 'prodigy', given: {} },
  { row: 'momo lr=1 beta=0.9 lb=0', optimizer: 'momo', given: {} },
  { row: 'momo-adam lr=1e-2 lb=0 (optax)', optimizer: 'momo-adam', given: {} },
  { row: 'schedule-free sgd lr=0.05 beta=0.9 : y', optimizer: 'schedule-free-sgd', given: { lr: 0.05 } },
  {
    row: 'schedule-free sgd lr=0.05 beta=0.9 : x (evaluate here)',
    optimizer: 'schedule-free-sgd',
    given: { lr: 0.05 },
    evaluated: true,
  },
  { row: 'schedule-free adamw lr=0.1 betas=0.9,0.999 : y', optimizer: 'schedule-free-adamw', given: { lr: 0.1 } },
  {
    row: 'schedule-free adamw lr=0.1 betas=0.9,0.999 : x (evaluate here)',
    optimizer: 'schedule-free-adamw',
    given: { lr: 0.1 },
    evaluated: true,
  },
];

describe.each([
  { engine: 'the oracle', tolerance: 1e-9, open: async (): Promise<Engine> => openReferenceEngine() },
  { engine: 'onnxruntime', tolerance: 2e-5, open: () => openEngine({ engine: 'onnxruntime', threads: 1 }) },
])('with $engine', ({ tolerance, open }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
  });
  afterAll(() => engine.dispose());

  test.each(cases)('$row', async ({ row, optimizer, given, evaluated = false, probes = false, prepare }) => {
    const expected = golden[row] ?? {};
    const steps = Number(
      Object.keys(expected)
        .find((key) => key.startsWith('loss'))
        ?.slice(4),
    );
    const training = await startOnToyB(await loadOptimizer(optimizer), given, { engine, probes });
    await prepare?.(training);
    await training.beginEpoch(0, 1);
    for (let step = 1; step <= steps; step++) {
      await training.step({});
      const wanted = expected[`step${step}`] as readonly number[] | undefined;
      if (wanted === undefined) continue;
      const found = await pointOf(training, evaluated, engine);
      expect(found).toHaveLength(8);
      for (const [index, number] of found.entries()) {
        expect(Math.abs(number - (wanted[index] ?? Number.NaN)), `step ${step}, number ${index}`).toBeLessThan(
          tolerance,
        );
      }
    }
  });
});
