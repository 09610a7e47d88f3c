import { joined, type Vector } from '../../../curvature/vector.js';
import { type Engine, placeholders, type Value } from '../../../engine/index.js';
import { at } from '../../../expect.js';
import { gradients, hessianVectorProduct } from '../../../tensor/index.js';
import type { BatchFeeds, TrainingTask } from '../../training.js';
import { type Block, layersIn } from '../blocks.js';
import type { Layer } from '../layers.js';
import { compileMeasuring } from '../measuring-function.js';
import { decayed } from '../rows.js';

/** Products of the diagonal blocks of a minibatch's Hessian, the weight decay μ included, with vectors on the host. */
export interface BlockProducts {
  readonly compileSeconds: number;
  /** For each block the product with its vector, or null where it has none. */
  on(
    feeds: BatchFeeds,
    vectors: readonly (Vector | null)[],
  ): Promise<{ readonly loss: number; readonly products: (Vector | null)[] }>;
}

/** Compiles the products. Each block's loss is differentiated for itself, so that no other block's vector is in its product. */
export async function compileBlockProducts(
  { engine, problem }: TrainingTask,
  layers: readonly Layer[],
  blocks: readonly Block[],
  weightDecay: number,
): Promise<BlockProducts> {
  const shapes = blocks.map((block) => layersIn(block, layers).map(({ shape }) => ({ shape })));
  const vectors = placeholders('vectors', shapes);
  const gradient = gradients(
    problem.loss,
    layers.map(({ parameter }) => parameter),
  );
  const products = blocks.map(({ members }, index) => {
    const own = at(vectors, index);
    const found = hessianVectorProduct(
      members.map((member) => at(gradient, member)),
      members.map((member) => at(layers, member).parameter),
      own,
    );
    return found.map((product, place) => decayed(product, at(own, place), weightDecay));
  });
  const program = await compileMeasuring(engine, vectors, { values: products, numbers: { loss: problem.loss } });
  return {
    compileSeconds: program.compileSeconds,
    on: async (feeds, given) => {
      const uploaded = blocks.map((block, index) =>
        partsOf(engine, layersIn(block, layers), given[index] ?? new Float32Array(block.size)),
      );
      const { values, numbers } = await program.run(uploaded, feeds);
      const found: (Vector | null)[] = [];
      for (const [index, { size }] of blocks.entries()) {
        if (given[index] == null) {
          found.push(null);
          continue;
        }
        const parts: Vector[] = [];
        for (const value of at(values, index)) parts.push((await engine.download(value)) as Vector);
        found.push(joined(parts, size));
      }
      return { loss: at(numbers.loss, 0), products: found };
    },
  };
}

/** A block's vector on the engine, a value of each layer's shape. */
function partsOf(engine: Engine, layers: readonly Layer[], vector: Vector): Value[] {
  let begin = 0;
  return layers.map(({ shape, size }) => {
    begin += size;
    return engine.upload(vector.subarray(begin - size, begin), shape);
  });
}
