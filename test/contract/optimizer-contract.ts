import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../src/engine/index.js';
import { ConfigurationError } from '../../src/errors.js';
import { type Hyperparameters, loadOptimizer, type Training, trainingTask } from '../../src/optimizer/index.js';
import { canonicalJson, toJsonValue } from '../../src/results/canonical-json.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { hashProgram, type Program } from '../../src/tensor/index.js';
import { batchFeeds } from '../optimizer/minibatch.js';
import { openReferenceEngine } from '../oracle/reference-engine.js';
import {
  type ContractProblem,
  logisticRegression,
  negativeCurvature,
  notANumber,
  quadratic,
  rosenbrock,
  zeroGradients,
} from './optimizer-problems.js';
import type { Given, OptimizerRow } from './optimizer-row.js';

const STEPS_PER_EPOCH = 20;

/** The engine with every program compiled once: trainings of one optimizer have the same ones. */
function compilingOnce(engine: Engine): Engine {
  const compiled = new Map<string, ReturnType<Engine['compile']>>();
  return new Proxy(engine, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (key !== 'compile') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      return (subject: Program) => {
        const hash = hashProgram(subject);
        const made = compiled.get(hash) ?? target.compile(subject);
        compiled.set(hash, made);
        return made;
      };
    },
  });
}

async function start(engine: Engine, subject: ContractProblem, name: string, given: Given): Promise<Training> {
  const optimizer = await loadOptimizer(name);
  const { problem, batchSize, l2Reg = 0 } = subject;
  const task = trainingTask(engine, problem, { batchSize, l2Reg, stepsPerEpoch: STEPS_PER_EPOCH });
  return optimizer.start(task, optimizer.hyperparameters.parse(given) as Hyperparameters);
}

/** Trains epochs [from, to) of `steps` minibatches; returns the losses and the epochs' logs. */
async function train(
  engine: Engine,
  { problem, batchSize, batch }: ContractProblem,
  training: Training,
  {
    from = 0,
    to,
    steps = STEPS_PER_EPOCH,
    lrFactor = 1,
  }: { from?: number; to: number; steps?: number; lrFactor?: number },
) {
  const losses: number[] = [];
  const logs: unknown[] = [];
  for (let epoch = from; epoch < to; epoch++) {
    await training.beginEpoch(epoch, lrFactor);
    for (let step = 0; step < steps; step++) {
      losses.push(await training.step(batchFeeds(engine, problem, batchSize, batch(epoch * steps + step))));
    }
    logs.push(await training.endEpoch());
  }
  return { losses, logs };
}

async function numbersOf(engine: Engine, training: Training): Promise<number[]> {
  const all: number[] = [];
  for (const value of training.parameters) all.push(...(await engine.download(value)));
  return all;
}

/** As a checkpoint keeps it. */
async function savedState(training: Training) {
  const { arrays, values } = await training.save();
  return { arrays, values: JSON.parse(JSON.stringify(values)) as Record<string, unknown> };
}

/** The mean of the last losses. */
const final = (losses: readonly number[]) => losses.slice(-10).reduce((sum, loss) => sum + loss, 0) / 10;

/** Everything that holds for every optimizer. */
export function optimizerContract(rows: readonly OptimizerRow[]): void {
  describe.each(rows)('$name', (row) => {
    const { name } = row;
    const oracle = openReferenceEngine();
    let onnxruntime: Engine;
    beforeAll(async () => {
      onnxruntime = compilingOnce(await openEngine({ engine: 'onnxruntime', threads: 1 }));
    });
    afterAll(() => onnxruntime.dispose());

    test.each([
      ['a quadratic', quadratic, row.quadratic, 1, 0.01],
      ['Rosenbrock', rosenbrock, row.rosenbrock, row.lrFactor, 0.05],
      ['logistic regression', logisticRegression, row.logisticRegression, row.lrFactor, 0.5],
    ] as const)('converges on %s', async (_, subject, given, lrFactor, fraction) => {
      const training = await start(oracle, subject, name, given);
      const { losses } = await train(oracle, subject, training, { to: 20, lrFactor });
      expect(final(losses)).toBeLessThan(fraction * (losses[0] ?? 0));
    });

    test('converges on a quadratic with the onnxruntime engine', async () => {
      const training = await start(onnxruntime, quadratic, name, row.quadratic);
      const { losses } = await train(onnxruntime, quadratic, training, { to: 20 });
      expect(final(losses)).toBeLessThan(0.01 * (losses[0] ?? 0));
    });

    test.each([
      ['the oracle', () => oracle],
      ['onnxruntime', () => onnxruntime],
    ])('goes on from a saved state as if it had not stopped, with %s', async (_, engineOf) => {
      const engine = engineOf();
      for (const given of [row.logisticRegression, ...row.independentOfEpochs]) {
        const subject = logisticRegression;
        const whole = await start(engine, subject, name, given);
        // Epochs shorter than an estimation, so that some end in each of its phases.
        const restartsWithEpochs = !('restart' in given) && 'prior_iterations' in given;
        const options = { steps: restartsWithEpochs ? STEPS_PER_EPOCH : 5 };
        const epochs = 8;
        const expected = await train(engine, subject, whole, { ...options, to: epochs });
        let split = await start(engine, subject, name, given);
        const losses: number[] = [];
        for (let epoch = 0; epoch < epochs; epoch++) {
          losses.push(...(await train(engine, subject, split, { ...options, from: epoch, to: epoch + 1 })).losses);
          const state = await savedState(split);
          split = await start(engine, subject, name, given);
          await split.restore(state);
          expect(await savedState(split)).toEqual(state);
        }
        expect(losses).toEqual(expected.losses);
        expect(await numbersOf(engine, split)).toEqual(await numbersOf(engine, whole));
      }
    });

    test('does the same whether minibatches are one epoch or several', async () => {
      for (const given of row.independentOfEpochs) {
        const [whole, several] = [
          await start(oracle, logisticRegression, name, given),
          await start(oracle, logisticRegression, name, given),
        ];
        const expected = await train(oracle, logisticRegression, whole, { to: 1, steps: 60 });
        const found = await train(oracle, logisticRegression, several, { to: 12, steps: 5 });
        expect(found.losses).toEqual(expected.losses);
        expect(await numbersOf(oracle, several)).toEqual(await numbersOf(oracle, whole));
      }
    });

    test('stays where the gradient is zero', async () => {
      const training = await start(oracle, zeroGradients, name, row.quadratic);
      const { losses } = await train(oracle, zeroGradients, training, { to: 2 });
      expect(losses.every((loss) => loss === 0)).toBe(true);
      expect((await numbersOf(oracle, training)).every((value) => Math.abs(value) === 0)).toBe(true);
    });

    test('survives negative curvature', async () => {
      const training = await start(oracle, negativeCurvature, name, row.negativeCurvature ?? row.quadratic);
      const { losses } = await train(oracle, negativeCurvature, training, { to: 2 });
      expect(losses.every((loss) => !Number.isNaN(loss))).toBe(true);
      if (row.staysBelowBound) expect(losses.at(-1)).toBeCloseTo(losses[0] ?? 0, 2);
      else expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
      expect((await numbersOf(oracle, training)).every(Number.isFinite)).toBe(true);
    });

    test('survives losses that are not finite, and says what it found', async () => {
      for (const given of [row.quadratic, ...row.independentOfEpochs]) {
        const training = await start(oracle, notANumber, name, given);
        const { losses, logs } = await train(oracle, notANumber, training, { to: 2 });
        expect(losses.every(Number.isNaN)).toBe(true);
        // What a run file takes: objects of strict JSON, one for each epoch.
        expect(JSON.parse(canonicalJson(toJsonValue(logs)))).toEqual(logs.map(() => expect.any(Object)));
        expect(logs.length).toBeGreaterThan(0);
        await training.save();
      }
    });

    test('reports wrong hyperparameters as one line that says what was expected', async () => {
      for (const hyperparameters of row.refused) {
        const request = { testproblem: 'mnist_mlp', optimizer: name, hyperparameters };
        const error = await resolveConfiguration(request).catch((reason: unknown) => reason);
        expect(error, JSON.stringify(hyperparameters)).toBeInstanceOf(ConfigurationError);
        const { message } = error as Error;
        expect(message).not.toContain('\n');
        expect(message).toMatch(/expected|missing/);
      }
    });
  });
}
