/** Comparisons and runs as texts, tables, figures, pages and data files, `probprec/report`: docs/report.md. */
export {
  COMPARISON_FIGURES,
  type ComparisonFigure,
  CURVATURE_FIGURES,
  type CurvatureFigure,
  DEFAULT_OPTIONS,
  type Figure,
  type FigureOptions,
  type FigureRecord,
  measuredRuntime,
  quantities,
  type RunQuantities,
  type RuntimeReport,
} from '../report/figures/index.js';
export {
  FIGURE_FORMATS,
  type FigureFormat,
  figureCsv,
  figureFile,
  type PaperOptions,
} from '../report/figures/rendering/files.js';
export {
  comparisonColumns,
  comparisonCsv,
  comparisonJson,
  comparisonLatex,
  comparisonLegend,
  comparisonMarkdown,
  comparisonText,
  type TextTable,
} from '../report/index.js';
export { exportTables, type TableExport } from '../report/long-form/export.js';
export type { ReportContent, RunFacts } from '../report/page/content.js';
export { reportPage } from '../report/page/page.js';
export { type RunDetails, readRunDetails } from '../report/page/run-details.js';
export { type EventExport, exportEvents } from '../report/tensorboard/export.js';
export { runList } from '../report/terminal/run-list.js';
export { runText, type TextStyle } from '../report/terminal/run-text.js';
