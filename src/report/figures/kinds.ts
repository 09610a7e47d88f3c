import type { Comparison } from '../../analysis/index.js';
import { bestOfK } from './best-of-k.js';
import { differences } from './differences.js';
import type { Figure } from './figure.js';
import { finals } from './finals.js';
import { heatmap } from './heatmap.js';
import { grid, learningCurves } from './learning-curves.js';
import { matrix } from './matrix.js';
import type { FigureOptions } from './options.js';
import { recordedRuntime } from './runtime.js';
import { sensitivity } from './sensitivity.js';
import { profiles, timeToTarget } from './steps.js';

type FromComparison = (comparison: Comparison, options: FigureOptions) => Figure;

const FIGURES = {
  'learning-curves': learningCurves,
  grid,
  sensitivity,
  heatmap,
  'best-of-k': bestOfK,
  finals,
  differences: (comparison) => differences(comparison),
  runtime: (comparison) => recordedRuntime(comparison),
  'time-to-target': timeToTarget,
  profiles: (comparison) => profiles(comparison),
  matrix: (comparison) => matrix(comparison),
} as const satisfies Readonly<Record<string, FromComparison>>;

/** The figures that are made from a comparison with details, by name. */
export const COMPARISON_FIGURES: Readonly<Record<ComparisonFigure, FromComparison>> = FIGURES;

/** Name of a figure that is made from a comparison. */
export type ComparisonFigure = keyof typeof FIGURES;

/** What is missing when a figure has nothing to draw. */
export const NEEDED: Readonly<Record<ComparisonFigure | 'quantities', string>> = {
  'learning-curves': 'runs with curves of this metric',
  grid: 'runs with curves',
  sensitivity: 'an optimizer that was run with several values of a hyperparameter',
  heatmap: 'an optimizer that was run with several values of two hyperparameters',
  'best-of-k': 'an optimizer that was run with several settings',
  finals: 'runs',
  differences: 'two optimizers that were run with the same seeds',
  runtime:
    'runs with times (wall times only of runs that had the machine for themselves; --wall-time shows them anyway)',
  'time-to-target': 'a test problem with a target (--target TESTPROBLEM=VALUE sets one)',
  profiles: 'two test problems with targets (--target TESTPROBLEM=VALUE sets one)',
  matrix: 'runs',
  quantities: 'an optimizer that writes a log about itself, for instance preconditioned-sgd',
};
