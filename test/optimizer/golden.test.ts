import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  addDecayedWeights,
  chain,
  defineOptimizer,
  loadOptimizer,
  type OptimizerDefinition,
  scaleByAdam,
  scaleByLearningRate,
  type Transformation,
} from '../../src/optimizer/index.js';
import { startOnToyB, trajectory } from './toy-b.js';

type Golden = Readonly<Record<string, number | readonly number[]>>;
const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Golden>
>;

interface Example {
  readonly default: OptimizerDefinition;
  readonly lookahead: (inner: Transformation, options: object) => Transformation;
}

/** An optimizer as a user writes it, in a file that knows the public API only. */
async function example(name: string): Promise<Example> {
  return (await import(`../../examples/optimizers/${name}.mjs`)) as Example;
}

const ofExample = async (name: string) => (await example(name)).default;

const lookaheadOfSgd = async () => {
  const { lookahead } = await example('lookahead-adam');
  return defineOptimizer({
    name: 'lookahead-sgd',
    className: 'LookaheadSGD',
    description: '',
    hyperparameters: z.strictObject({ lr: z.number() }),
    transformation: ({ lr }) => lookahead(scaleByLearningRate(lr), { k: 5, alpha: 0.5 }),
  });
};

const adamW = async () =>
  defineOptimizer({
    name: 'adamw',
    className: 'AdamW',
    description: '',
    hyperparameters: z.strictObject({ lr: z.number() }),
    transformation: ({ lr }) => chain(scaleByAdam(), addDecayedWeights(0.01), scaleByLearningRate(lr)),
  });

const cases: readonly {
  readonly row: string;
  readonly optimizer: () => Promise<OptimizerDefinition>;
  readonly given: Readonly<Record<string, unknown>>;
  readonly steps: number;
  readonly evaluated?: boolean;
  readonly probes?: boolean;
}[] = [
  { row: 'sgd lr=0.05', optimizer: () => loadOptimizer('sgd'), given: { lr: 0.05 }, steps: 5 },
  { row: 'adam lr=0.1', optimizer: () => loadOptimizer('adam'), given: { lr: 0.1 }, steps: 5 },
  { row: 'adamw lr=0.1 wd=0.01', optimizer: adamW, given: { lr: 0.1 }, steps: 5 },
  { row: 'dog reps_rel=1e-2', optimizer: () => ofExample('dog'), given: { reps_rel: 1e-2 }, steps: 30 },
  {
    row: 'schedule-free sgd lr=0.05 beta=0.9 : y',
    optimizer: () => ofExample('schedule-free-sgd'),
    given: { lr: 0.05 },
    steps: 5,
  },
  {
    row: 'schedule-free sgd lr=0.05 beta=0.9 : x (evaluate here)',
    optimizer: () => ofExample('schedule-free-sgd'),
    given: { lr: 0.05 },
    steps: 5,
    evaluated: true,
  },
  {
    row: 'adahessian lr=0.15 eps=1e-4 (no spatial averaging: no 4-D parameter)',
    optimizer: () => ofExample('adahessian'),
    given: {},
    steps: 5,
    probes: true,
  },
  { row: 'sam rho=0.05 base SGD lr=0.05', optimizer: () => ofExample('sam'), given: { lr: 0.05 }, steps: 5 },
  { row: 'sps_max c=0.5 eta_max=1 f*=0', optimizer: () => ofExample('sps'), given: {}, steps: 5 },
  {
    row: 'sps smooth_iter c=0.5 gamma=2 n_batches=100 init=1',
    optimizer: () => ofExample('sps'),
    given: { smooth: true },
    steps: 5,
  },
  { row: 'lookahead(SGD lr=0.05) k=5 alpha=0.5', optimizer: lookaheadOfSgd, given: { lr: 0.05 }, steps: 10 },
  {
    row: 'Newton, Tikhonov damping 1 (what Hessian-free CG run to convergence must give)',
    optimizer: () => ofExample('newton-cg'),
    given: { iterations: 9, tolerance: 1e-12 },
    steps: 5,
  },
  {
    row: 'Hessian-free: 3 CG iterations, damping 1, lr 1, no line search',
    optimizer: () => ofExample('newton-cg'),
    given: { iterations: 3, tolerance: 1e-12 },
    steps: 5,
  },
];

test.each(cases)('$row', async ({ row, optimizer, given, steps, evaluated = false, probes = false }) => {
  const training = await startOnToyB(await optimizer(), given, { probes });
  const path = await trajectory(training, steps, evaluated);
  const expected = golden[row] ?? {};
  for (const [step, name] of [
    [1, 'step1'],
    [steps, `step${steps}`],
  ] as const) {
    const wanted = expected[name] as readonly number[];
    const found = path[step - 1] ?? [];
    expect(found).toHaveLength(8);
    for (const [index, number] of found.entries()) {
      expect(Math.abs(number - (wanted[index] ?? Number.NaN)), `${name}, number ${index}`).toBeLessThan(1e-9);
    }
  }
});
