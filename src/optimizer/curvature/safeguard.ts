import { placeholders, uploadScalar, type Value } from '../../engine/index.js';
import { at } from '../../expect.js';
import {
  add,
  gradients,
  hessianVectorProduct,
  multiply,
  reshape,
  sqrt,
  stopGradient,
  type Tensor,
} from '../../tensor/index.js';
import type { BatchFeeds, TrainingTask } from '../training.js';
import type { Block } from './blocks.js';
import type { Layers } from './layers.js';
import { compileMeasuring } from './measuring-function.js';
import { type Preconditioner, preconditioned, preconditionerInputs } from './preconditioner.js';
import { asRow, decayed, innerProducts, inverseLength } from './rows.js';

/** Steps of phase 4 between two products of the safeguard. */
export const SAFEGUARD_INTERVAL = 10;
/** The first steps of phase 4 have a product each: the vector is not yet along the steepest direction. */
const FIRST_STEPS = 5;

/** Gradient descent on a quadratic is stable while the step times the curvature is below this. */
const STABLE = 2;

/** What the safeguard remembers between two steps. */
export interface SafeguardState {
  /** For each layer a row: the direction in which the next step is longest beside the curvature, of any length. */
  readonly vector: readonly Value[];
  /** Factor on the learning rate, at most 1. */
  readonly factor: number;
  /** Whether a step has been shortened since the estimation. */
  readonly shortened: boolean;
}

/** What a step's lengths are made with. */
export interface StepLengths {
  readonly preconditioners: readonly Preconditioner<Value>[];
  /** The learning rate of each group, before the safeguard. */
  readonly lr: readonly number[];
}

/**
 * Keeps steps within what the curvature allows. A step of learning rates λ_g and preconditioners P is D g with D = diag(λ_g
 * P_g), and stable on a quadratic where the largest eigenvalue ρ of D^½ H D^½ is below 2; without a preconditioner that is λ
 * λ₁ < 2. One power iteration with the Hessian of the minibatch at hand, from where the last one ended, follows ρ along the
 * training: ‖D^½ H D^½ v‖ ≤ |ρ| of that minibatch.
 */
export interface Safeguard {
  readonly compileSeconds: number;
  /** Whether the t-th step of phase 4 has a product. */
  isDue(t: number): boolean;
  /** One product on the step's minibatch; the vector is spent. */
  measure(
    state: SafeguardState,
    lengths: StepLengths,
    feeds: BatchFeeds,
  ): Promise<{ readonly state: SafeguardState; readonly largest: number }>;
}

/** Compiles the safeguard's program. */
export async function compileSafeguard(
  { engine, problem }: TrainingTask,
  { list, groups }: Layers,
  blocks: readonly Block[],
  { rank, weightDecay, every }: { readonly rank: number; readonly weightDecay: number; readonly every: number },
): Promise<Safeguard> {
  const inputs = {
    vector: placeholders(
      'safeguard',
      list.map(({ size }) => ({ shape: [1, size] })),
    ),
    root: placeholders(
      'root',
      groups.map(() => ({ shape: [] })),
    ),
    preconditioners: preconditionerInputs(blocks, list, rank),
  };
  /** D^½ of a vector. */
  const root = (rows: readonly Tensor[]): Tensor[] => {
    const result = rows.map((row, index) => multiply(row, at(inputs.root, at(list, index).group)));
    for (const [index, { members }] of blocks.entries()) {
      const own = preconditioned(
        members.map((member) => at(result, member)),
        rootOf(at(inputs.preconditioners, index)),
      );
      for (const [place, member] of members.entries()) result[member] = at(own, place);
    }
    return result;
  };
  const squared = (rows: readonly Tensor[]) =>
    rows.map((row) => innerProducts(row, row)).reduce((sum, part) => add(sum, part));
  const parameters = list.map(({ parameter }) => parameter);
  const gradient = gradients(problem.loss, parameters);
  const shorter = inverseLength(squared(inputs.vector));
  const directions = root(inputs.vector.map((row) => multiply(row, shorter))).map(stopGradient);
  const products = hessianVectorProduct(
    gradient,
    parameters,
    directions.map((row, index) => reshape(row, at(list, index).shape)),
  );
  const next = root(products.map((product, index) => decayed(asRow(product), at(directions, index), weightDecay)));
  const program = await compileMeasuring(engine, inputs, { values: next, numbers: { length: sqrt(squared(next)) } });
  return {
    compileSeconds: program.compileSeconds,
    isDue: (t) => t <= FIRST_STEPS || t % every === 0,
    measure: async ({ vector, shortened }, { preconditioners, lr }, feeds) => {
      const roots = lr.map((rate) => uploadScalar(engine, Math.sqrt(rate)));
      const { values, numbers } = await program.run({ vector, root: roots, preconditioners }, feeds, vector);
      const largest = at(numbers.length, 0);
      return { state: { vector: values, factor: largest > STABLE ? STABLE / largest : 1, shortened }, largest };
    },
  };
}

/** U and √f − 1: the symmetric root of P. */
function rootOf({ u, change }: Preconditioner<Tensor>): Preconditioner<Tensor> {
  return u === undefined || change === undefined ? {} : { u, change: add(sqrt(add(change, 1)), -1) };
}
