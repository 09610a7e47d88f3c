export { ensureWritable, writeFileAtomic } from './atomic-file.js';
export { buildRunFile, type RunParts, reproducibleContent } from './build.js';
export type { JsonValue } from './canonical-json.js';
export type { LaterOptions, RunConfiguration, SourceFile } from './configuration.js';
export { configurationToJson, configurationVersion, recordedOptions } from './configuration.js';
export { defaultL2, frameworkDefaults } from './deepobs/defaults.js';
export * from './deepobs/index.js';
export { describeMachine } from './environment.js';
export { exportDeepobs } from './export-deepobs.js';
export { type FoundFiles, findResultFiles, searchResultFiles } from './find-files.js';
export { findRunFiles } from './find-run-files.js';
export { canonicalNumber, configurationSetting, hashConfiguration, hashSetting, settingIdentity } from './identity.js';
export { importDeepobs } from './import-deepobs.js';
export { eachMetric, METRICS, type Metric, type UsualMetric } from './metrics.js';
export { laterFields } from './option-fields.js';
export { runFilePath, settingFolder, settingPath } from './paths.js';
export { problemVersion } from './problem-version.js';
export { float2str } from './python-format.js';
export { type ReadResults, readResults } from './read-results.js';
export { readText } from './read-text.js';
export {
  type Conditions,
  furtherMetricsOf,
  metricsOf,
  type RecordedRun,
  recordRunFile,
  withSetting,
} from './recorded-run.js';
export { parseResultFile, type ResultFile, readResultFile, recordResultFile } from './result-file.js';
export { readRunFile, writeRunFile } from './run-file.js';
export { hasEnded, OTHER_STATES, RUN_STATES, type RunState } from './run-states.js';
export { effectiveSchedule, type LearningRateSchedule, scheduleInForce } from './schedule.js';
export { type Provenance, RUN_FILE_VERSION, type RunFile, type RunStatus, runFileSchema } from './schema.js';
export { listFolders, settingFolders } from './setting-folders.js';
export { encodeSettings, type SettingValue, type SettingValues } from './setting-value.js';
export type { Repeated, Transfer } from './transfer.js';
export { type Validation, validateResultFile, validateResultFiles } from './validate.js';
export { suiteVersion } from './version.js';
