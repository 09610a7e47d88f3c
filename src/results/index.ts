export { ensureWritable, writeFileAtomic } from './atomic-file.js';
export { buildRunFile, type PhaseLists, type RunParts, reproducibleContent } from './build.js';
export type { JsonValue } from './canonical-json.js';
export { hashConfiguration, type RunConfiguration } from './configuration.js';
export * from './deepobs/index.js';
export { describeMachine } from './environment.js';
export { type FoundFiles, findResultFiles, searchResultFiles } from './find-files.js';
export { shownLine } from './names.js';
export { type FoundRunFile, findRunFiles, runFilePath, settingFolder, settingPath } from './paths.js';
export { float2str } from './python-format.js';
export { type ReadResults, readResults } from './read-results.js';
export {
  type Conditions,
  METRICS,
  type Metric,
  type RecordedRun,
  recordRunFile,
} from './recorded-run.js';
export { parseResultFile, type ResultFile, readResultFile, recordResultFile } from './result-file.js';
export { readRunFile, writeRunFile } from './run-file.js';
export { type RunFile, type RunStatus, runFileSchema } from './schema.js';
export type { SettingValue, SettingValues } from './setting-value.js';
export { type Validation, validateResultFile, validateResultFiles } from './validate.js';
export { suiteVersion } from './version.js';
