export { deepobsFoldersOf, deepobsText, type ExportableRun, type ExportDialect } from './export.js';
export type { ImportedRun } from './imported-run.js';
export { sealDeepobsRun } from './read.js';
