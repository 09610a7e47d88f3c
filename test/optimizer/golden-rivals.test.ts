import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Engine, openEngine } from '../../src/engine/index.js';
import {
  chain,
  defineOptimizer,
  loadOptimizer,
  type OptimizerDefinition,
  scaleByLearningRate,
  type Training,
} from '../../src/optimizer/index.js';
import { scaleByMuon } from '../../src/optimizer/transformations/scale-by-muon.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import { pointOf, startOnToyB } from './toy-b.js';

/** Values of the rules as their papers and reference implementations state them, computed with numpy in double precision. */
type Golden = Readonly<Record<string, number | readonly number[]>>;
const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Golden>
>;

/** Puts the golden values' factors of PSGD in the place of random ones. */
async function psgdStart(training: Training): Promise<void> {
  const { arrays, values } = await training.save();
  const factor = (f: (k: number, j: number) => number, first: number, size: number) =>
    Float64Array.from({ length: 2 * size }, (_, place) => f(first + Math.floor(place / 2), place % 2));
  const u = (k: number, j: number) => 0.1 * (((k + j) % 3) - 1);
  const v = (k: number, j: number) => 0.1 * (((2 * k + j) % 3) - 1);
  const state = 'carried.state';
  const replaced = {
    [`${state}.u.0`]: factor(u, 0, 6),
    [`${state}.u.1`]: factor(u, 6, 2),
    [`${state}.v.0`]: factor(v, 0, 6),
    [`${state}.v.1`]: factor(v, 6, 2),
  };
  expect(Object.keys(arrays)).toEqual(expect.arrayContaining(Object.keys(replaced)));
  await training.restore({ arrays: { ...arrays, ...replaced }, values });
}

const muonAlone = () =>
  defineOptimizer({
    name: 'muon-alone',
    className: 'MuonAlone',
    description: '',
    hyperparameters: z.strictObject({ lr: z.number() }),
    transformation: ({ lr }) =>
      chain(scaleByMuon({ momentum: 0.95, nesterov: true, iterations: 5 }), scaleByLearningRate(lr)),
  });

interface Case {
  readonly row: string;
  readonly optimizer: string | (() => OptimizerDefinition);
  readonly given: Readonly<Record<string, unknown>>;
  /** Whether the row's values are of the point of evaluation. */
  readonly evaluated?: boolean;
  /** Tolerances where the rule divides rounding errors by each other. */
  readonly nullSpace?: { readonly oracle: number; readonly single: number };
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
  { row: 'muon lr=0.02 mu=0.95 nesterov ns5 (Jordan; float64; c: plain u)', optimizer: muonAlone, given: { lr: 0.02 } },
  {
    row: 'shampoo lr=0.1 eps=1e-4 (Gupta et al. 2018, Algorithm 1/2; c by exponent -1/2)',
    optimizer: 'shampoo',
    given: { lr: 0.1, beta1: 0, beta2: 1, epsilon: 1e-4, grafting: 'none', interval: 1 },
  },
  {
    row: 'soap lr=0.05 betas=0.95 freq=2 wd=0.01 (reference; step 1 takes no step; c: Adam)',
    optimizer: 'soap',
    given: { lr: 0.05, interval: 2 },
    // The matrix has no gradient along one of its three axes: there the step is a rounding error over ε = 1e-8.
    nullSpace: { oracle: 1e-7, single: 0.02 },
  },
  {
    row: 'adahessian lr=0.15 eps=1e-4 (no spatial averaging: no 4-D parameter)',
    optimizer: 'adahessian',
    given: {},
    probes: true,
  },
  {
    row: 'sophia-h lr=0.05 beta2=0.9 gamma=10 every 2 (optax: Hessian updated AFTER the step, bias-corrected m)',
    optimizer: 'sophia-h',
    given: { lr: 0.05, beta2: 0.9, gamma: 10, interval: 2, weight_decay: 1e-4, epsilon: 1e-8, form: 'optax' },
    probes: true,
  },
  {
    row: 'sophia-h lr=0.05 beta2=0.9 gamma=10 every 2 (paper: Hessian first, no bias correction)',
    optimizer: 'sophia-h',
    given: { lr: 0.05, beta2: 0.9, gamma: 10, interval: 2, weight_decay: 1e-4, epsilon: 1e-8 },
    probes: true,
  },
  {
    row: 'psgd LRA-Newton rank 2 lr=0.1 lr_preconditioner=0.1 (odd steps update U, even V; no damping)',
    optimizer: 'psgd-lra',
    given: { lr: 0.1, rank: 2, damping: 0, probe: 'rademacher' },
    probes: true,
    prepare: psgdStart,
  },
  {
    row: 'Newton, Tikhonov damping 1 (what Hessian-free CG run to convergence must give)',
    optimizer: 'newton-cg',
    given: { iterations: 9, tolerance: 1e-12 },
  },
  {
    row: 'Newton, Tikhonov damping 1 (what Hessian-free CG run to convergence must give)',
    optimizer: 'hessian-free',
    given: { adaptive_damping: false, backtracking: false, line_search: false },
  },
  {
    row: 'Hessian-free: 3 CG iterations, damping 1, lr 1, no line search',
    optimizer: 'hessian-free',
    given: { iterations: 3, adaptive_damping: false, backtracking: false, line_search: false, warm_start: 0 },
  },
  { row: 'sam rho=0.05 base SGD lr=0.05', optimizer: 'sam(sgd)', given: { lr: 0.05 } },
  { row: 'asam rho=0.5 base SGD lr=0.05', optimizer: 'asam(sgd)', given: { lr: 0.05 } },
  {
    row: 'mechanic(SGD lr=0.05) s_init=1e-2 wd=0.01 (optax)',
    optimizer: 'mechanic(sgd)',
    given: { lr: 0.05, mechanic_s_init: 0.01 },
  },
];

describe.each([
  {
    engine: 'the oracle',
    precision: 'oracle' as const,
    tolerance: 1e-9,
    open: async (): Promise<Engine> => openReferenceEngine(),
  },
  {
    engine: 'onnxruntime',
    precision: 'single' as const,
    tolerance: 2e-5,
    open: () => openEngine({ engine: 'onnxruntime', threads: 1 }),
  },
])('with $engine', ({ precision, tolerance, open }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
  });
  afterAll(() => engine.dispose());

  test.each(cases)('$row', async ({ row, optimizer, given, evaluated = false, probes = false, prepare, nullSpace }) => {
    const expected = golden[row] ?? {};
    const steps = Number(
      Object.keys(expected)
        .find((key) => key.startsWith('loss'))
        ?.slice(4),
    );
    const training = await startOnToyB(
      typeof optimizer === 'string' ? await loadOptimizer(optimizer) : optimizer(),
      given,
      { engine, probes },
    );
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
          nullSpace?.[precision] ?? tolerance,
        );
      }
    }
  });
});
