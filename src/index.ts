/**
 * The library behind the command `probprec`: test problems, optimizers, exact derivatives, runs and run files.
 * Everything that the command line does is callable here.
 */
export { z } from 'zod';
/** Statistics over runs: `analysis.aggregate`, `analysis.compare`, `analysis.rankSettings`, … */
export * as analysis from './analysis/index.js';
/** Eigenvalues, traces and spectral densities of symmetric maps and of a loss: `curvature.lanczos`, … */
export * as curvature from './curvature/index.js';
export {
  type Batch,
  type DataSplit,
  type Dataset,
  type DatasetDeclaration,
  type DatasetDefinition,
  datasetDefinition,
  datasetNames,
  defineDataset,
  type ExampleForm,
  fetchDataset,
  inspectDataset,
  type LoadContext,
  type LoadedParts,
  loadDataset,
  openDataset,
  type TableValues,
} from './dataset/index.js';
export {
  describeEngines,
  type Engine,
  type EngineOptions,
  type Executable,
  engineNames,
  openEngine,
  type TensorData,
  type Value,
} from './engine/index.js';
export * from './errors.js';
export * from './landscape/index.js';
export * from './optimizer/index.js';
export { type RandomStream, randomStream } from './random/index.js';
export {
  exportDeepobs,
  findResultFiles,
  importDeepobs,
  METRICS,
  type Metric,
  type RecordedRun,
  type RunConfiguration,
  type RunFile,
  readResultFile,
  readResults,
  readRunFile,
  recordRunFile,
  runFileSchema,
  type Validation,
  validateResultFile,
  writeRunFile,
} from './results/index.js';
export * from './run/index.js';
export {
  type Plan,
  type PlannedRun,
  type PlannedState,
  type PlannedStatus,
  type PlanRanking,
  plannedRuns,
  planStatus,
  rankPlan,
  readPlan,
} from './sweep/index.js';
/** Symbolic tensors: `tensor.add`, `tensor.gradients`, … */
export * as tensor from './tensor/index.js';
export * from './testproblem/index.js';
