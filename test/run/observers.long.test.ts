import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { quantitiesOfRun } from '../../src/analysis/index.js';
import { type RunFile, reproducibleContent } from '../../src/results/index.js';
import { parseObservations } from '../../src/run/index.js';
import { interruptedWhen, runSmall, smallByHand, smallRequest, temporaryFolder } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const everything = parseObservations(
  'lambda_max=every:4steps,trace=every:1epoch,alpha_lambda=every:5steps,eta_lambda=every:5steps,gradient_norm=every:step,' +
    'gradient_noise=every:2steps,gradient_curvature=every:7steps,distance_from_start=every:3steps,overlap=every:4steps',
);
const preconditioned = {
  optimizer: 'preconditioned-sgd',
  hyperparameters: { prior_iterations: 3, num_observations: 3, est_rank: 2 },
  numEpochs: 2,
};

function withoutObservations(file: RunFile) {
  const { observations: _, ...rest } = reproducibleContent(file);
  return rest;
}

describe('observers', () => {
  test.each([
    ['sgd', {}],
    ['preconditioned-sgd', preconditioned],
  ])('never touch the run of %s', async (_, changes) => {
    const plain = await runSmall(`${folder}/plain`, changes);
    const observed = await runSmall(`${folder}/observed`, changes, { observe: everything });
    expect(withoutObservations(observed.runFile)).toEqual(withoutObservations(plain.runFile));
    expect(observed.runFile.configuration_hash).toBe(plain.runFile.configuration_hash);
    expect(plain.runFile.observations).toBeUndefined();
    const names = new Set(quantitiesOfRun(observed.runFile).points.map(({ quantity }) => quantity));
    expect([...names]).toEqual(
      expect.arrayContaining(['lambda_max', 'trace', 'alpha_lambda', 'gradient_noise', 'overlap']),
    );
  });

  // The fifteenth step is the last of the epoch.
  test.each([6, 15])('go on after an interruption after step %i as if there had been none', async (step) => {
    const whole = await runSmall(`${folder}/whole`, preconditioned, { observe: everything });
    const stop = interruptedWhen((event) => event.type === 'step' && event.epoch === 2 && event.step === step);
    const part = await runSmall(`${folder}/part`, preconditioned, { observe: everything, ...stop });
    expect(part.runFile.status.state).toBe('interrupted');
    const resumed = await runSmall(`${folder}/part`, preconditioned, { observe: everything });
    expect(resumed.runFile.resumed).toHaveLength(1);
    expect(reproducibleContent(resumed.runFile)).toEqual(reproducibleContent(whole.runFile));
  });

  test('measure what slow definitions say', async () => {
    const { runFile } = await runSmall(folder, { numEpochs: 1 }, { observe: everything });
    const at = (quantity: string, step: number) =>
      quantitiesOfRun(runFile).points.find((point) => point.quantity === quantity && point.step === step)?.value ??
      Number.NaN;
    // The run again, by plain functions: minibatches of the split, and θ ← θ − 0.1 g.
    const { dataset, problem, functions } = await smallByHand(folder);
    const start = problem.initialParameters(42).map((own) => Float64Array.from(own));
    let parameters = start.map((own) => own.slice());
    let step = 0;
    try {
      for await (const { inputs, labels } of dataset.split(42, 'probprec').trainingBatches(0, 32)) {
        const { gradient } = await functions.gradient(parameters, { inputs, labels });
        const flat = gradient.flatMap((own) => [...own]);
        const length = Math.hypot(...flat);
        expect(at('gradient_norm', step) / length).toBeCloseTo(1, 4);
        if (step === 12) {
          const moved = parameters.flatMap((own, index) =>
            [...own].map((x, place) => x - (start[index]?.[place] ?? 0)),
          );
          expect(at('distance_from_start', step) / Math.hypot(...moved)).toBeCloseTo(1, 4);
          let vector = gradient.map((own) => Float64Array.from(own));
          let value = 0;
          for (let iteration = 0; iteration < 60; iteration++) {
            const norm = Math.hypot(...vector.flatMap((own) => [...own]));
            vector = vector.map((own) => own.map((x) => x / norm));
            const { product } = await functions.hessianVectorProduct(parameters, { inputs, labels }, vector);
            value = product
              .flatMap((own, index) => [...own].map((x, place) => x * (vector[index]?.[place] ?? 0)))
              .reduce((a, b) => a + b, 0);
            vector = product.map((own) => Float64Array.from(own));
          }
          expect(at('lambda_max', step) / value).toBeCloseTo(1, 3);
        }
        if (step === 10)
          expect(at('eta_lambda', step)).toBeCloseTo(0.1 * (at('alpha_lambda', step) / at('alpha_measured', step)), 9);
        parameters = parameters.map((own, index) => own.map((x, place) => x - 0.1 * (gradient[index]?.[place] ?? 0)));
        step += 1;
      }
    } finally {
      await functions.dispose();
    }
    expect(step).toBe(15);
    expect(at('distance_from_start', 0)).toBe(0);
    expect(at('overlap', 4)).toBeNaN();
  });

  test('time that they take is none of the training', async () => {
    const { runFile } = await runSmall(folder, { numEpochs: 1 }, { observe: everything });
    const cost = quantitiesOfRun(runFile).points.filter(({ quantity }) => quantity === 'cost seconds');
    const seconds = cost.reduce((sum, { value }) => sum + (value ?? 0), 0);
    expect(seconds).toBeGreaterThan(runFile.timing.training_wall_seconds[0] ?? 0);
    expect(
      quantitiesOfRun(runFile).points.some(({ quantity, value }) => quantity === 'cost products' && (value ?? 0) > 5),
    ).toBe(true);
  });
});

describe('what to observe', () => {
  test('is read with its schedule', () => {
    expect(parseObservations('trace, lambda_max=every:50steps,overlap=every:2epochs,gradient_norm=every:step')).toEqual(
      [
        { quantity: 'trace', every: 1, unit: 'epochs' },
        { quantity: 'lambda_max', every: 50, unit: 'steps' },
        { quantity: 'overlap', every: 2, unit: 'epochs' },
        { quantity: 'gradient_norm', every: 1, unit: 'steps' },
      ],
    );
  });

  test.each([
    ['lamda_max', /^observe lamda_max: not known; did you mean lambda_max\? expected one of lambda_max, trace/],
    ['trace=every:0steps', /^observe trace: found "every:0steps", expected for instance every:50steps/],
    ['trace=often', /^observe trace: found "often"/],
    ['trace,trace=every:step', /^observe: found trace twice/],
  ])('%s is answered in one line', (text, expected) => {
    expect(() => parseObservations(text)).toThrow(expected);
  });
});

test('the small run is the one that the slow definitions repeat', () => {
  expect(smallRequest).toMatchObject({ testproblem: 'mnist_logreg', hyperparameters: { lr: 0.1 }, batchSize: 32 });
});
