import type {
  CurvatureMatrix,
  LossCurvature,
  LossGradient,
  LossPoint,
  Minibatches,
  Operator,
} from '../curvature/index.js';

/** Gradients and products at a point; each is counted, and told before it is taken. */
export class Evaluations {
  products = 0;
  gradients = 0;
  readonly size: number;
  readonly #loss: LossCurvature;
  readonly #point: LossPoint;
  readonly #matrix: CurvatureMatrix;
  readonly #before: (part: string) => void;

  /** `before` may throw to end the measurement. */
  constructor(loss: LossCurvature, point: LossPoint, matrix: CurvatureMatrix, before: (part: string) => void) {
    this.#loss = loss;
    this.#point = point;
    this.#matrix = matrix;
    this.#before = before;
    this.size = loss.size;
  }

  /** Mean loss over the minibatches, and its gradient. */
  async gradient(part: string, over: Minibatches): Promise<LossGradient> {
    this.#before(part);
    this.gradients += 1;
    return this.#loss.gradient(this.#point, over);
  }

  /** The matrix of the mean loss over the minibatches. */
  matrix(over: Minibatches): Operator {
    return this.#loss.operator(this.#matrix, this.#point, over);
  }

  /** The same linear map, whose products count as those of a part of the measurement. */
  counted(part: string, operator: Operator): Operator {
    return (vector) => {
      this.#before(part);
      this.products += 1;
      return operator(vector);
    };
  }
}
