export type { Dialect } from './dialect.js';
export { deepobsFoldersOf, deepobsText, type ExportableRun, type ExportDialect } from './export.js';
export type { DeepobsRun, ImportedRun } from './imported-run.js';
export { sealDeepobsRun } from './read.js';
