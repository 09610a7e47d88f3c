export { CURVATURE_FIGURES, type CurvatureFigure, NEEDED_CURVATURE } from './curvature.js';
export type { Figure, FigureRecord } from './figure.js';
export { COMPARISON_FIGURES, type ComparisonFigure, NEEDED } from './kinds.js';
export { DEFAULT_OPTIONS, type FigureOptions } from './options.js';
export { quantities, type RunQuantities } from './quantities.js';
export { measuredRuntime, type RuntimeReport } from './runtime.js';
