import {
  dot,
  type GradientProducts,
  type Minibatches,
  norm,
  type ParameterBlock,
  part,
  stepSize,
  type Vector,
} from '../curvature/index.js';
import type { Evaluations } from './evaluations.js';
import { finite, type PointReport } from './report.js';

/** α of the whole, and α of each block's own part of the same gradients and products, by the block's name. */
export interface MeasuredStepSize {
  readonly report: PointReport['step_size'];
  readonly ofBlocks: ReadonlyMap<string, number>;
}

/** α on minibatches of its own, each with its own Hessian, and how gradients and products scatter between them. */
export async function measureStepSize(
  evaluations: Evaluations,
  {
    minibatches,
    asked,
    blocks,
    lambda1,
  }: {
    readonly minibatches: Minibatches;
    readonly asked: boolean;
    readonly blocks: readonly ParameterBlock[];
    readonly lambda1: number | null;
  },
): Promise<MeasuredStepSize> {
  if (!asked) return { report: null, ofBlocks: new Map() };
  const whole = new Products();
  const ofBlocks = new Map(blocks.map((block) => [block, new Products()]));
  const gradients = new Scatter(evaluations.size);
  for await (const minibatch of minibatches()) {
    const only = () => [minibatch];
    const { gradient } = await evaluations.gradient('gradient', only);
    const product = await evaluations.counted('step size', evaluations.matrix(only))(gradient);
    whole.add(gradient, product);
    for (const [block, products] of ofBlocks) products.add(part(gradient, block), part(product, block));
    gradients.add(gradient);
  }
  const along = gradients.mean;
  const observed = new Scatter(evaluations.size);
  for await (const minibatch of minibatches()) {
    observed.add(
      await evaluations.counted(
        'noise',
        evaluations.matrix(() => [minibatch]),
      )(along),
    );
  }
  const { alpha, curvature } = stepSize(whole);
  return {
    report: {
      batches: whole.gg.length,
      alpha: finite(alpha),
      gradient_curvature: finite(curvature),
      alpha_lambda1: lambda1 === null ? null : finite(alpha * lambda1),
      gradient_noise: finite(gradients.relative),
      product_noise: finite(observed.relative),
    },
    ofBlocks: new Map([...ofBlocks].map(([{ name }, products]) => [name, stepSize(products).alpha])),
  };
}

/** gᵀg, gᵀHg and ‖Hg‖² of gradients. */
class Products implements GradientProducts {
  readonly gg: number[] = [];
  readonly gHg: number[] = [];
  readonly gHHg: number[] = [];

  add(gradient: Vector, product: Vector): void {
    this.gg.push(dot(gradient, gradient));
    this.gHg.push(dot(gradient, product));
    this.gHHg.push(dot(product, product));
  }
}

/** Mean of vectors, and how far they scatter around it. */
class Scatter {
  readonly #sum: Float64Array;
  #squares = 0;
  #count = 0;

  constructor(size: number) {
    this.#sum = new Float64Array(size);
  }

  add(vector: Vector): void {
    for (let i = 0; i < vector.length; i++) this.#sum[i] = (this.#sum[i] as number) + (vector[i] as number);
    this.#squares += dot(vector, vector);
    this.#count += 1;
  }

  get mean(): Float64Array {
    return this.#sum.map((value) => value / this.#count);
  }

  /** √(mean ‖xᵢ − x̄‖²) / ‖x̄‖, with n − 1 in the mean. */
  get relative(): number {
    const length = norm(this.#sum) / this.#count;
    const squares = Math.max(0, this.#squares - this.#count * length ** 2);
    return Math.sqrt(squares / (this.#count - 1)) / length;
  }
}
