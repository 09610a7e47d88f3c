export {
  type MeasurementEvent,
  type MeasurementOptions,
  type MeasurementRequest,
  measureCurvature,
} from './measure.js';
export { keptPoints, type Points } from './points.js';
export {
  type BlockReport,
  type CurvatureReport,
  curvatureReportSchema,
  type PointReport,
} from './report.js';
export {
  DEFAULT_MEASUREMENT,
  type MeasurementSettings,
  type PreconditionerName,
} from './settings.js';
