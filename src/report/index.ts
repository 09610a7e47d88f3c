export { comparisonColumns, LEGEND, type TextTable } from './comparison-columns.js';
export {
  comparisonCsv,
  comparisonJson,
  comparisonLatex,
  comparisonMarkdown,
  profileLines,
} from './comparison-formats.js';
