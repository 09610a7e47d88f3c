export { COLUMN_NAMES, comparisonColumns, type TableChoice, type TextTable } from './comparison-columns.js';
export { CSV_COLUMN_NAMES, comparisonCsv } from './comparison-csv.js';
export { comparisonJson } from './comparison-json.js';
export { comparisonLatex } from './comparison-latex.js';
export { comparisonMarkdown } from './comparison-markdown.js';
export { comparisonLegend, comparisonText } from './comparison-text.js';
export { layoutTable, wrapText } from './layout.js';
