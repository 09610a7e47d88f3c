import type { Value } from '../../../engine/index.js';
import { at } from '../../../expect.js';
import { add, gradients, hessianVectorProduct, reshape, stopGradient } from '../../../tensor/index.js';
import type { BatchFeeds, TrainingTask } from '../../training.js';
import { type Block, layersIn } from '../blocks.js';
import type { Layer } from '../layers.js';
import { compileMeasuring } from '../measuring-function.js';
import { type Preconditioner, preconditioned, preconditionerInputs } from '../preconditioner.js';
import { asRow, decayed, innerProducts } from '../rows.js';

/** Of a block, for g⊥ = (I − UUᵀ)(g + μθ) of a minibatch and y = (I − UUᵀ)(H + μI) g⊥. */
export interface ComplementMoments {
  /** ‖g⊥‖². */
  readonly squared: number;
  /** g⊥ᵀy. */
  readonly curvature: number;
  /** ‖y‖². */
  readonly product: number;
}

/** What the curvature is like off the directions that were found, along the gradient's part there. */
export interface Complement {
  readonly compileSeconds: number;
  /** Measures one minibatch; `projections` have the change −1 for each direction. */
  use(
    projections: readonly Preconditioner<Value>[],
    feeds: BatchFeeds,
  ): Promise<{ readonly loss: number; readonly moments: ComplementMoments[] }>;
}

/** Compiles the measurement: gradient and the products of all blocks' parts in one program. */
export async function compileComplement(
  { engine, problem }: TrainingTask,
  layers: readonly Layer[],
  blocks: readonly Block[],
  { rank, weightDecay }: { readonly rank: number; readonly weightDecay: number },
): Promise<Complement> {
  const projections = preconditionerInputs(blocks, layers, rank);
  const gradient = gradients(
    problem.loss,
    layers.map(({ parameter }) => parameter),
  );
  const numbers = blocks.map((block, index) => {
    const own = layersIn(block, layers);
    const rows = own.map(({ parameter }, place) =>
      decayed(asRow(at(gradient, at(block.members, place))), asRow(parameter), weightDecay),
    );
    const directions = preconditioned(rows, at(projections, index)).map(stopGradient);
    const products = hessianVectorProduct(
      block.members.map((member) => at(gradient, member)),
      own.map(({ parameter }) => parameter),
      directions.map((row, place) => reshape(row, at(own, place).shape)),
    );
    const outside = preconditioned(
      products.map((product, place) => decayed(asRow(product), at(directions, place), weightDecay)),
      at(projections, index),
    );
    const total = (a: readonly (typeof rows)[number][], b: typeof a) =>
      a.map((row, place) => innerProducts(row, at(b, place))).reduce((sum, part) => add(sum, part));
    return {
      squared: total(directions, directions),
      curvature: total(directions, outside),
      product: total(outside, outside),
    };
  });
  const program = await compileMeasuring(engine, projections, { values: [], numbers: { loss: problem.loss, numbers } });
  return {
    compileSeconds: program.compileSeconds,
    use: async (given, feeds) => {
      const found = (await program.run(given, feeds)).numbers;
      return {
        loss: at(found.loss, 0),
        moments: found.numbers.map(({ squared, curvature, product }) => ({
          squared: at(squared, 0),
          curvature: at(curvature, 0),
          product: at(product, 0),
        })),
      };
    },
  };
}
