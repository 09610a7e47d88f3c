export type {
  Batch,
  DataSource,
  DataSplit,
  Dataset,
  DatasetRecord,
  FileRecord,
  Phase,
  Protocol,
  SplitSizes,
} from './dataset.js';
export type { DatasetDeclaration } from './dataset-declaration.js';
export { defineDataset } from './define-dataset.js';
export type { DatasetDefinition, OwnDatasetDefinition, PublishedFile } from './definition.js';
export { FetchError } from './download/download.js';
export type { ExampleForm, LoadContext, LoadedParts, TableValues } from './example-table.js';
export { type FetchOptions, fetchDataset } from './fetch.js';
export type { FileInspection } from './file-inspection.js';
export { guardedDataset } from './guarded-dataset.js';
export { inspectDataset, missingDownloads } from './inspect.js';
export { type OpenOptions, openDataset, sizesInForce } from './open.js';
export { dimensionsSetting, noiseSetting, quadraticDatasetName } from './quadratic.js';
export { quadraticHessian, type Spectrum } from './quadratic-hessian.js';
export { datasetDefinition, datasetNames, loadDataset } from './registry.js';
