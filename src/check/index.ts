export { type CheckOptions, checkFile, type FileCheck } from './check-file.js';
export type { Finding } from './finding.js';
