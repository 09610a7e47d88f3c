export { comparisonColumns, type TextTable } from './comparison-columns.js';
export { comparisonCsv } from './comparison-csv.js';
export { comparisonJson } from './comparison-json.js';
export { comparisonLatex } from './comparison-latex.js';
export { comparisonMarkdown } from './comparison-markdown.js';
export { comparisonLegend, comparisonText } from './comparison-text.js';
export { layoutTable, wrapText } from './layout.js';
