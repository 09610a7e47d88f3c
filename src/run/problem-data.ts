import type { DatasetDefinition } from '../dataset/index.js';
import { ConfigurationError } from '../errors.js';
import { sameShape } from '../tensor/index.js';
import type { TestProblem } from '../testproblem/index.js';

/**
 * Whether a test problem can be trained on a data set: before anything is loaded, by what both state. Beyond a table of
 * embeddings and beyond the classes of a loss, engines count zeros and say nothing; so what the data set states, which is checked
 * when it is loaded, must be within what the network knows. Throws ConfigurationError for what does not fit.
 */
export function checkFit(problem: TestProblem, dataset: DatasetDefinition): void {
  const fail = (what: string, found: string, expected: string) => {
    throw new ConfigurationError({
      subject: `data set ${dataset.name}`,
      found: `${found}, but ${problem.name} expects ${expected}`,
      remedy: `${what} must be the same in both`,
    });
  };
  const { inputType = 'float', vocabulary = null, labelShape = [], shape, classes } = dataset;
  if (!sameShape(shape, problem.inputShape)) {
    fail('the shape of an example', `examples of shape [${shape}]`, `[${problem.inputShape}]`);
  }
  const kinds = { float: 'numbers', int: 'tokens' } as const;
  if (inputType !== problem.inputType) fail('the type of inputs', kinds[inputType], kinds[problem.inputType]);
  const beyond = (what: string, has: number, knows: number) =>
    `data set ${dataset.name}: found ${what} from 0 to ${has - 1}, but ${problem.name} knows those below ${knows} only`;
  if (problem.vocabulary !== null && (vocabulary ?? Number.POSITIVE_INFINITY) > problem.vocabulary) {
    throw new ConfigurationError(
      vocabulary === null
        ? `data set ${dataset.name}: states no vocabulary, but ${problem.name} knows the tokens below ${problem.vocabulary} only`
        : beyond('tokens', vocabulary, problem.vocabulary),
    );
  }
  if (!problem.hasLabels) return;
  if (classes === null) fail('labels', 'no labels', 'labels');
  else if (!sameShape(labelShape, problem.labelShape)) {
    fail("the shape of an example's labels", `[${labelShape}]`, `[${problem.labelShape}]`);
  } else if (problem.classes !== null && classes > problem.classes) {
    throw new ConfigurationError(beyond('labels', classes, problem.classes));
  }
}
