export { deepobsPath, deepobsText, type ExportableRun, type ExportDialect } from './export.js';
export type { Dialect, ImportedRun } from './imported-run.js';
export { readDeepobsRun } from './read.js';
export { exportableRun, exportDeepobs, importDeepobs, type Transfer } from './transfer.js';
