import { buildRunFile, type RunConfiguration, type RunParts } from '../../src/results/index.js';

/** A configuration for tests; every field can be replaced. */
export function exampleConfiguration(changes: Partial<RunConfiguration> = {}): RunConfiguration {
  return {
    testproblem: 'mnist_logreg',
    optimizer: {
      name: 'momentum',
      className: 'Momentum',
      hyperparameters: { momentum: 0.9, lr: 0.11288378916846883 },
      integerHyperparameters: [],
      source: null,
    },
    seed: 42,
    batchSize: 128,
    numEpochs: 2,
    l2Reg: null,
    l2RegGiven: false,
    data: { source: 'real', syntheticSize: null },
    engine: { name: 'onnxruntime', device: 'cpu' },
    protocol: 'probprec',
    trainLogInterval: 10,
    lrSchedule: null,
    ...changes,
  };
}

/** What a completed run of two epochs with 25 steps each hands over. */
export function exampleParts(changes: Partial<RunParts> = {}): RunParts {
  return {
    configuration: exampleConfiguration(),
    status: { state: 'completed', epoch: 2, step: null, reason: null },
    stepsPerEpoch: 25,
    losses: { train: [2.3, 0.5, 0.4], valid: [2.3, 0.6, 0.5], test: [2.3, 0.6, 0.5] },
    accuracies: { train: [0.1, 0.8, 0.9], valid: [0.1, 0.7, 0.8], test: [0.1, 0.7, 0.8] },
    minibatchTrainLosses: [2.3, 1, 0.9, 0.8, 0.7, 0.6],
    dataset: {
      name: 'mnist',
      source: 'real',
      verified: true,
      checksum: 'abc',
      files: [{ path: 'mnist/train-images-idx3-ubyte.gz', md5: 'abc', published: true }],
      syntheticSize: null,
    },
    datasetSizes: { train: 50_000, valid: 10_000, trainEval: 10_000, test: 10_000 },
    engine: { name: 'onnxruntime', device: 'cpu', threads: 2, version: '1.30.0', details: { provider: 'cpu' } },
    startedAt: new Date('2026-11-22T10:00:00.000Z'),
    finishedAt: new Date('2026-11-22T10:01:00.000Z'),
    timing: {
      trainingWallSeconds: [1, 1],
      trainingCpuSeconds: [2, 2],
      evaluationWallSeconds: [1, 1, 1],
      evaluationCpuSeconds: [2, 2, 2],
    },
    peakMemoryBytes: 1_000_000,
    optimizerLog: [{ learningRate: 0.1 }, { learningRate: 0.05 }],
    resumed: [],
    ...changes,
  };
}

/** The run file of {@link exampleParts}. */
export function exampleRunFile(changes: Partial<RunParts> = {}) {
  return buildRunFile(exampleParts(changes));
}
