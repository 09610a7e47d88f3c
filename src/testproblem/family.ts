import type { NameSetting } from '../name-settings.js';
import type { TestProblem } from './test-problem.js';

/**
 * Test problems that differ in numbers which their names state. A file in `testproblems/` that exports one as `family` beside
 * its test problem, the member without settings, makes all of them known by their names.
 */
export interface ProblemFamily {
  readonly settings: readonly NameSetting[];
  /** The member of this name. Throws ConfigurationError for a name that is none of the family's. */
  member(name: string): TestProblem;
}
