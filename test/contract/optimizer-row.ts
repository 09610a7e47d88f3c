/** Hyperparameters by name, as a configuration has them. */
export type Given = Readonly<Record<string, number | string | boolean | null>>;

/** How an optimizer is used in the contract: hyperparameters for each problem. */
export interface OptimizerRow {
  readonly name: string;
  /**
   * Factor on the learning rate, as a schedule gives it, on Rosenbrock's function and the logistic regression. The
   * curvature along the path, whose inverse α is, says nothing of the steepest direction: where curvatures differ a lot or
   * change fast, α alone is too long a step.
   */
  readonly lrFactor: number;
  readonly quadratic: Given;
  readonly rosenbrock: Given;
  readonly logisticRegression: Given;
  /** On the quadratic upside down; default: as on the quadratic. */
  readonly negativeCurvature?: Given;
  /** Whether its step size counts on a loss that is bounded below: below the bound it then waits. */
  readonly staysBelowBound?: boolean;
  /** What makes the state depend on the sequence of minibatches alone, not on where epochs end. */
  readonly independentOfEpochs: readonly Given[];
  /** Values that must be refused. */
  readonly refused: readonly Given[];
}
