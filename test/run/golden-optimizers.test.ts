import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../src/engine/index.js';
import { loadOptimizer } from '../../src/optimizer/index.js';
import { TrainingStreams } from '../../src/optimizer/training-random.js';
import { randomStream } from '../../src/random/index.js';
import { dot, input, matmul, multiply, reshape, subtract } from '../../src/tensor/index.js';
import { inputNames } from '../../src/testproblem/index.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';

/*
 * Five steps on ½ θᵀAθ − bᵀθ from (0.5, −1.5), by PyTorch 1.13 in float64:
 *
 *   A = torch.tensor([[3.0, 1.0], [1.0, 2.0]]); b = torch.tensor([1.0, -1.0])
 *   theta = torch.tensor([0.5, -1.5], requires_grad=True); optimizer = …([theta], lr=0.1, …)
 *   for _ in range(5):
 *     optimizer.zero_grad(); (0.5 * theta @ A @ theta - b @ theta).backward(); optimizer.step()
 */
const golden: readonly {
  readonly optimizer: string;
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly path: readonly number[];
}[] = [
  {
    optimizer: 'sgd', // torch.optim.SGD([theta], lr=0.1)
    hyperparameters: {},
    path: [0.6, -1.35, 0.655, -1.24, 0.6825, -1.1575, 0.6935, -1.09425, 0.694875, -1.04475],
  },
  {
    optimizer: 'momentum', // torch.optim.SGD([theta], lr=0.1, momentum=0.9)
    hyperparameters: { momentum: 0.9 },
    path: [0.6, -1.35, 0.745, -1.105, 0.8625, -0.838, 0.8933, -0.61635, 0.814665, -0.482925],
  },
  {
    optimizer: 'nesterov', // torch.optim.SGD([theta], lr=0.1, momentum=0.9, nesterov=True)
    hyperparameters: { momentum: 0.9 },
    path: [0.69, -1.215, 0.79855, -0.9529, 0.7990725, -0.7632325, 0.7189331, -0.653979675, 0.60833056125, -0.60920247],
  },
  {
    optimizer: 'adam', // torch.optim.Adam([theta], lr=0.1)
    hyperparameters: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    path: [
      0.599999999, -1.400000000667, 0.695749015531, -1.301187420966, 0.780082845779, -1.204838344196, 0.842113860774,
      -1.112643987966, 0.873746042669, -1.026551675418,
    ],
  },
];

let production: Engine;
beforeAll(async () => {
  production = await openEngine({ threads: 1 });
});
afterAll(() => production.dispose());

/** The parameters after each of five steps. */
async function pathOf(engine: Engine, name: string, hyperparameters: Readonly<Record<string, number>>) {
  const theta = input(inputNames.parameter('theta'), [2]);
  const [a, b] = [input('a', [2, 2]), input('b', [2])];
  const quadratic = dot(reshape(matmul(a, reshape(theta, [2, 1])), [2]), theta);
  const loss = subtract(multiply(quadratic, 0.5), dot(b, theta));
  const training = await (await loadOptimizer(name)).start(
    {
      engine,
      problem: {
        batchSize: 1,
        parameters: [theta],
        loss,
        accuracy: null,
        outputs: [],
        metrics: {},
        states: [],
        nextStates: {},
        noises: [],
      },
      parameterNames: ['theta'],
      kinds: ['matrix'],
      groups: ['all'],
      constants: {
        a: engine.upload(Float64Array.of(3, 1, 1, 2), [2, 2]),
        b: engine.upload(Float64Array.of(1, -1), [2]),
      },
      initialParameters: [engine.upload(Float64Array.of(0.5, -1.5), [2])],
      stepsPerEpoch: 5,
      stream: (name) => randomStream(1, name),
      random: (stream: string) => new TrainingStreams(1).stream(stream),
    },
    { lr: 0.1, ...hyperparameters },
  );
  await training.beginEpoch(0, 1);
  const path: number[] = [];
  for (let step = 0; step < 5; step++) {
    await training.step({});
    for (const value of training.parameters) path.push(...(await engine.download(value)));
  }
  return path;
}

test.each(golden)('$optimizer takes PyTorch’s steps', async ({ optimizer, hyperparameters, path }) => {
  const exact = await pathOf(openReferenceEngine(), optimizer, hyperparameters);
  // lr and ε reach the program in single precision.
  expect(Math.max(...exact.map((value, index) => Math.abs(value - (path[index] ?? 0))))).toBeLessThan(1e-7);
  const single = await pathOf(production, optimizer, hyperparameters);
  expect(Math.max(...single.map((value, index) => Math.abs(value - (path[index] ?? 0))))).toBeLessThan(1e-5);
});
