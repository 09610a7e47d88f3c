import { MersenneTwister } from '../random/index.js';
import type { GeneratedDatasetDefinition } from './definition.js';
import { pointDataset } from './points.js';

const EXAMPLES = 10_000;

const description: Omit<GeneratedDatasetDefinition, 'open'> = {
  kind: 'generated',
  name: 'two_d',
  title: 'Two-dimensional noise',
  description: 'noise of the two-dimensional functions, generated; none in the test set',
  shape: [2],
  classes: null,
  sizes: { train: EXAMPLES, valid: EXAMPLES, trainEval: EXAMPLES, test: EXAMPLES },
  files: [],
};

/**
 * The noise of DeepOBS' two-dimensional functions: pairs (x, y) of standard normal numbers, RandomState(42) for training and
 * 44 for validation. The test pairs are zeros, so that the test loss is the function itself.
 */
export const twoD: GeneratedDatasetDefinition = {
  ...description,
  open: () =>
    pointDataset(description, { train: normalPairs(42), valid: normalPairs(44), test: new Float32Array(2 * EXAMPLES) }),
};

/** All x are drawn before all y. */
function normalPairs(seed: number): Float32Array {
  const generator = new MersenneTwister(seed);
  const pairs = new Float32Array(2 * EXAMPLES);
  for (const place of [0, 1]) {
    for (let row = 0; row < EXAMPLES; row++) pairs[2 * row + place] = generator.standardNormal();
  }
  return pairs;
}
