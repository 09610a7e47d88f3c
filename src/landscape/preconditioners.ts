import { z } from 'zod';
import type { LowRankChange, MinibatchFeeds } from '../curvature/index.js';
import type { Engine, Value } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { downloadedPreconditioner } from '../optimizer/downloaded-preconditioner.js';
import {
  type EvaluationCounts,
  type Hyperparameters,
  loadOptimizer,
  type OptimizerDefinition,
  type PreconditionerBlock,
  trainingTask,
} from '../optimizer/index.js';
import type { ResolvedRun } from '../run/index.js';
import { option } from '../words.js';
import { type MeasurementSettings, type PreconditionerName, preconditionerNames } from './settings.js';

/** A preconditioner at a point, on the host. */
export interface FoundPreconditioner {
  readonly name: PreconditionerName;
  /** The rank that was asked for. */
  readonly rank: number;
  readonly blocks: readonly LowRankChange[];
  /** Of the steps that would be taken with it; null where groups have different ones, or where it was held. */
  readonly learningRate: number | null;
  /** What the estimate took; null of one that the training held. */
  readonly estimate: (EvaluationCounts & { readonly minibatches: number }) | null;
}

/** Where preconditioners are looked for. */
export interface PreconditionerPlace {
  readonly engine: Engine;
  readonly resolved: ResolvedRun;
  readonly stepsPerEpoch: number;
  /** Finished epochs. */
  readonly epoch: number;
  readonly parameters: readonly Value[];
  /** What the training holds here; null where it holds none. */
  readonly held: readonly PreconditionerBlock[] | null;
  /** The minibatches of estimates, from the same one on for each. */
  readonly minibatches: () => AsyncIterable<MinibatchFeeds>;
  /** Called before each of them; may throw to end the measurement. */
  readonly onMinibatch: () => void;
}

/** Minibatches over whose mean loss the oracle takes its eigenvectors. */
const ORACLE_MINIBATCHES = 4;

/** The preconditioners that are asked for, one after the other: each estimator at each rank. */
export async function* preconditionersAt(
  place: PreconditionerPlace,
  { preconditioners, ranks, products }: Pick<MeasurementSettings, 'preconditioners' | 'ranks' | 'products'>,
): AsyncGenerator<FoundPreconditioner> {
  for (const name of preconditioners) {
    if (name === 'own') {
      yield await ownPreconditioner(place);
      continue;
    }
    const optimizer = await loadOptimizer('preconditioned-sgd');
    for (const rank of ranks) {
      const hyperparameters = optimizer.hyperparameters.parse({
        estimator: name,
        est_rank: rank,
        num_observations: observationsFor(name, products),
        scaling: 'relative',
      });
      yield await estimated(place, { name, rank, optimizer, hyperparameters: hyperparameters as Hyperparameters });
    }
  }
}

/**
 * The hyperparameter num_observations with which an estimator has so many products for its directions: a column of `thesis` and
 * `paper` is from phase 1, and krylov and the oracle spend a fifth of phase 2, at least one minibatch, on the complement.
 */
export function observationsFor(name: Exclude<PreconditionerName, 'own'>, products: number): number {
  if (name === 'author') return products;
  if (name === 'oracle') return ORACLE_MINIBATCHES + 2;
  return name === 'krylov' ? products + Math.max(1, Math.floor(products / 4)) + 1 : products + 1;
}

/** Throws ConfigurationError where the optimizer of the training has no preconditioner. */
export function checkOwnPreconditioner({ configuration, optimizer }: ResolvedRun): void {
  if (typeof configuration.optimizer.hyperparameters.est_rank === 'number') return;
  throw new ConfigurationError({
    subject: option('preconditioner', 'own'),
    what: `${optimizer.name} has no preconditioner`,
    expected: `an optimizer that has one, or some of ${preconditionerNames.slice(1).join(', ')}`,
  });
}

/**
 * The one that the training holds; where it holds none, as before the first step of an epoch, what its optimizer estimates
 * there.
 */
async function ownPreconditioner(place: PreconditionerPlace): Promise<FoundPreconditioner> {
  const { held, engine, resolved } = place;
  const { optimizer, configuration, testProblem } = resolved;
  const { hyperparameters } = configuration.optimizer;
  const rank = Number(hyperparameters.est_rank);
  if (held === null) return estimated(place, { name: 'own', rank, optimizer, hyperparameters });
  const blocks = await downloadedPreconditioner(engine, testProblem, held);
  return { name: 'own', rank, blocks, learningRate: null, estimate: null };
}

interface Estimation {
  readonly name: PreconditionerName;
  readonly rank: number;
  readonly optimizer: OptimizerDefinition;
  readonly hyperparameters: Hyperparameters;
}

/** One estimation by a training of its own that starts at the point and ends with its preconditioner. */
async function estimated(
  place: PreconditionerPlace,
  { name, rank, optimizer, hyperparameters }: Estimation,
): Promise<FoundPreconditioner> {
  const { engine, resolved, stepsPerEpoch, epoch } = place;
  const { testProblem: problem, configuration } = resolved;
  const { batchSize, seed } = configuration;
  const parameters = await Promise.all(place.parameters.map((value) => engine.download(value)));
  const task = trainingTask(engine, problem, {
    batchSize,
    seed,
    stepsPerEpoch,
    parameters,
    l2Reg: configuration.l2Reg ?? 0,
  });
  const training = await optimizer.start(task, hyperparameters);
  await training.beginEpoch(epoch, 1);
  let minibatches = 0;
  for await (const minibatch of place.minibatches()) {
    place.onMinibatch();
    await training.step(minibatch);
    minibatches += 1;
    if (training.preconditioner === undefined || training.preconditioner() !== null) break;
  }
  const blocks = await downloadedPreconditioner(engine, problem, training.preconditioner?.() ?? []);
  const { gradients = 0, products = 0, losses = 0 } = training.evaluations ?? {};
  const learningRate = learningRateIn(await training.endEpoch());
  return { name, rank, blocks, learningRate, estimate: { minibatches, gradients, products, losses } };
}

/** What the log of an estimation says about its learning rates. */
const estimationsSchema = z.object({
  estimations: z.array(z.object({ groups: z.array(z.object({ lr: z.number() })) })),
});

/** The learning rate of all groups after the first estimation; null where they differ, or where the log does not say it. */
function learningRateIn(log: unknown): number | null {
  const [first] = estimationsSchema.safeParse(log).data?.estimations ?? [];
  const rates = new Set(first?.groups.map(({ lr }) => lr));
  const [rate] = rates;
  return rates.size === 1 && rate !== undefined ? rate : null;
}
