import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../../src/engine/index.js';
import { trainingTask } from '../../../src/optimizer/index.js';
import { constantValue, defineTestProblem, dense, relu, softmaxCrossEntropy } from '../../../src/testproblem/index.js';
import { batchFeeds } from '../minibatch.js';

/** A file of reference trajectories; `restart_estimate_every_steps` minibatches make an epoch. */
export interface ReferenceFile {
  readonly restart_estimate_every_steps: number;
  readonly hyperparams: {
    readonly est_rank: number;
    readonly num_observations: number;
    readonly prior_iterations: number;
  };
  readonly init: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>>;
  readonly batches: readonly { readonly x: readonly number[]; readonly y: readonly number[] }[];
  readonly trajectories: Readonly<Record<string, readonly ReferenceStep[]>>;
}

/** After one minibatch. */
export interface ReferenceStep {
  readonly loss: number;
  readonly groups: readonly { readonly alpha: number; readonly w: number; readonly lambda: number }[];
  readonly params: Readonly<Record<string, readonly number[]>>;
  readonly singular_values?: unknown;
}

export const referenceDirectory = process.env.PROBPREC_REFERENCE_DIR;
export const skipNote = referenceDirectory === undefined ? ' (skipped: PROBPREC_REFERENCE_DIR is not set)' : '';

export function readReference(name: string): ReferenceFile {
  return JSON.parse(readFileSync(join(referenceDirectory ?? '', name), 'utf8'));
}

/** The two-layer network of the reference files. */
export const referenceProblem = defineTestProblem({
  name: 'reference_mlp',
  description: 'two-layer MLP, ReLU',
  dataset: 'none',
  inputShape: [6],
  defaults: { batchSize: 16, numEpochs: 2 },
  initial: { weights: constantValue(0), biases: constantValue(0) },
  network: [dense(5), relu(), dense(3)],
  loss: softmaxCrossEntropy(),
});

/** The training task of a reference file, and its minibatches. */
export function referenceTask(engine: Engine, file: ReferenceFile) {
  const parameters = Object.values(file.init).map(({ values }) => Float64Array.from(values));
  const size = file.batches[0]?.y.length ?? 0;
  const task = trainingTask(engine, referenceProblem, {
    batchSize: size,
    stepsPerEpoch: file.restart_estimate_every_steps,
    parameters,
  });
  const batches = file.batches.map(({ x, y }) =>
    batchFeeds(engine, referenceProblem, size, { inputs: Float64Array.from(x), labels: Int32Array.from(y) }),
  );
  return { task, batches };
}
