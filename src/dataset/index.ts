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
export type { DatasetDefinition, PublishedFile } from './definition.js';
export { FetchError } from './download/download.js';
export { type FetchOptions, fetchDataset } from './fetch.js';
export { type FileInspection, inspectDataset, missingDownloads } from './inspect.js';
export { type OpenOptions, openDataset, syntheticSizes } from './open.js';
export { dimensionsSetting, noiseSetting, quadraticDatasetName } from './quadratic.js';
export { quadraticHessian, type Spectrum } from './quadratic-hessian.js';
export { datasetDefinition, datasetNames } from './registry.js';
