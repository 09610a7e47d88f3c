export { deepobsPath, deepobsText, type ExportableRun, type ExportDialect } from './export.js';
export { DIALECTS, type Dialect, type ImportedRun, recordImportedRun } from './imported-run.js';
export { readDeepobsRun } from './read.js';
export { exportableRun, exportDeepobs, importDeepobs, type Transfer } from './transfer.js';
