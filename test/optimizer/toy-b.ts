import type { Engine } from '../../src/engine/index.js';
import {
  type Hyperparameters,
  type OptimizerDefinition,
  type Training,
  trainingTask,
} from '../../src/optimizer/index.js';
import type { RandomStream } from '../../src/random/index.js';
import {
  add,
  concatenate,
  constant,
  dot,
  multiply,
  reshape,
  subtract,
  sum,
  type Tensor,
} from '../../src/tensor/index.js';
import { defineTestProblem, type TestProblem } from '../../src/testproblem/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';

const diagonal = [1, 2, 3, 4, 5, 6, 0.5, 8];
const minimum = [0.5, -1, 0.25, 1, -0.75, 0.1, 0.3, -0.2];

function vector(numbers: readonly number[]): Tensor {
  return concatenate(
    numbers.map((number) => constant(number, [1])),
    0,
  );
}

/**
 * Toy B: L(θ) = ½ (θ − s)ᵀ H (θ − s) + 0.1 with H = diag(1, 2, 3, 4, 5, 6, ½, 8) + ¼ · ones and θ = (W, c), a 2×3 matrix of
 * ones and a vector of two zeros. The same loss on every minibatch.
 */
export const toyB: TestProblem = defineTestProblem({
  name: 'toy_b',
  description: 'a quadratic in a matrix and a vector',
  dataset: 'none',
  defaults: { batchSize: 1, numEpochs: 1 },
  inputShape: [1],
  parameters: [
    { name: 'w', shape: [2, 3], initial: () => new Float32Array(6).fill(1), regularised: false },
    { name: 'c', shape: [2], initial: () => new Float32Array(2), regularised: false },
  ],
  evaluate: ({ parameters: [w, c] }) => {
    if (w === undefined || c === undefined) throw new Error('toy B has two parameters');
    const difference = subtract(concatenate([reshape(w, [6]), c], 0), vector(minimum));
    const total = sum(difference);
    const quadratic = add(
      dot(multiply(difference, difference), vector(diagonal)),
      multiply(multiply(total, total), 0.25),
    );
    return { loss: add(multiply(quadratic, 0.5), 0.1), accuracy: null };
  },
});

/** Signs of the probe of step t: −1 where (k + t) mod 3 = 0, for the numbers k from `first` on. */
function probeBits(t: number, first: number): number {
  return Array.from({ length: 8 }, (_, k) => ((first + k + t) % 3 === 0 ? 0 : 1) << k).reduce(
    (bits, bit) => bits | bit,
    0,
  );
}

/** Streams that give Toy B's probe: `random(name).child(t).child(parameter)`. */
const probeStreams = () =>
  ({
    child: (t: number) => ({
      child: (parameter: number) => ({
        uint32: () => probeBits(t, parameter === 0 ? 0 : 6),
        normal: () => 0,
      }),
    }),
  }) as unknown as RandomStream;

/** Starts an optimizer on Toy B. */
export async function startOnToyB(
  optimizer: OptimizerDefinition,
  given: Readonly<Record<string, unknown>>,
  {
    engine = openReferenceEngine(),
    stepsPerEpoch = 100,
    probes = false,
  }: {
    engine?: Engine;
    stepsPerEpoch?: number;
    /** Whether random signs are the probe of the golden values. */
    probes?: boolean;
  } = {},
): Promise<Training> {
  const task = trainingTask(engine, toyB, { stepsPerEpoch });
  return optimizer.start(
    probes ? { ...task, stream: probeStreams } : task,
    optimizer.hyperparameters.parse(given) as Hyperparameters,
  );
}

/** All eight parameters at the training point, or where the optimizer evaluates. */
export async function pointOf(
  training: Training,
  evaluated = false,
  engine: Engine = openReferenceEngine(),
): Promise<number[]> {
  const values = (evaluated ? await training.evaluationPoint?.() : undefined) ?? training.parameters;
  const numbers: number[] = [];
  for (const value of values) numbers.push(...(await engine.download(value)));
  return numbers;
}

/** The parameters after each of `steps` steps. */
export async function trajectory(training: Training, steps: number, evaluated = false): Promise<number[][]> {
  await training.beginEpoch(0, 1);
  const path: number[][] = [];
  for (let step = 0; step < steps; step++) {
    await training.step({});
    path.push(await pointOf(training, evaluated));
  }
  return path;
}
