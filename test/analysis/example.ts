import { METRICS, type RecordedRun } from '../../src/results/index.js';

/** A run as analysis sees it; test accuracies and losses are the curves that the tests look at. */
export function exampleRun(changes: Partial<RecordedRun> = {}): RecordedRun {
  const curve = [0.1, 0.8, 0.9];
  return {
    file: 'run.json',
    testproblem: 'mnist_logreg',
    optimizer: 'SGD',
    hyperparameters: { lr: 0.1 },
    trainingParameters: {},
    seed: 42,
    batchSize: 128,
    numEpochs: 2,
    l2Reg: null,
    l2InForce: 0,
    optimizerSource: null,
    status: { state: 'completed', epoch: 2, step: null, reason: null },
    curves: curves(curve),
    timing: { wallSeconds: [2, 2], cpuSeconds: [4, 4] },
    undisturbed: true,
    conditions: {
      protocol: 'probprec',
      protocolVersion: 1,
      dataSource: 'real',
      syntheticSize: null,
      dataChecksum: null,
      engine: 'onnxruntime cpu',
      machine: 'a processor, 2 threads',
    },
    setting: JSON.stringify(changes.hyperparameters ?? { lr: 0.1 }),
    startedAt: '2026-11-22T10:00:00.000Z',
    ...changes,
  };
}

/** All six curves from accuracies; the losses are 1 − accuracy. */
export function curves(accuracies: readonly (number | null)[]): RecordedRun['curves'] {
  const losses = accuracies.map((value) => (value === null ? null : 1 - value));
  const entries = METRICS.map((metric) => [metric, metric.endsWith('losses') ? losses : accuracies]);
  return Object.fromEntries(entries) as RecordedRun['curves'];
}

/** Only losses, as of a problem without accuracies. */
export function lossCurves(losses: readonly (number | null)[]): RecordedRun['curves'] {
  const entries = METRICS.map((metric) => [metric, metric.endsWith('losses') ? losses : null]);
  return Object.fromEntries(entries) as RecordedRun['curves'];
}

/** Runs of seeds 42, 43, … that end with these accuracies. */
export function exampleRuns(finals: readonly number[], changes: Partial<RecordedRun> = {}): RecordedRun[] {
  return finals.map((final, index) => exampleRun({ seed: 42 + index, curves: curves([0.1, 0.5, final]), ...changes }));
}

/** A run that diverged in its second epoch. */
export function divergedRun(changes: Partial<RecordedRun> = {}): RecordedRun {
  return exampleRun({
    status: { state: 'diverged', epoch: 1, step: 3, reason: 'the loss is NaN' },
    curves: curves([0.1, 0.95]),
    timing: { wallSeconds: [2], cpuSeconds: [4] },
    ...changes,
  });
}
