export type { Dialect } from './dialect.js';
export { deepobsFoldersOf, deepobsText, type ExportableRun, type ExportDialect } from './export.js';
export { exportDeepobs } from './export-files.js';
export { importDeepobs } from './import-files.js';
export type { DeepobsRun, ImportedRun } from './imported-run.js';
export { sealDeepobsRun } from './read.js';
export type { Repeated, Transfer } from './transfer.js';
