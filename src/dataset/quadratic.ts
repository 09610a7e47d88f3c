import type { NameSetting } from '../name-settings.js';
import { nameWithSettings, readNameSettings } from '../name-settings.js';
import { MersenneTwister } from '../random/index.js';
import type { GeneratedDatasetDefinition } from './definition.js';
import { pointDataset } from './points.js';

const EXAMPLES = 1000;
const BASE = 'quadratic';

/** Dimensions of the noise of a quadratic problem. */
export const dimensionsSetting: NameSetting = {
  ...{ letter: 'd', what: 'dimensions', default: 100 },
  ...{ least: 2, most: 1000, whole: true },
};

/** Standard deviation of that noise in each coordinate. */
export const noiseSetting: NameSetting = {
  ...{ letter: 'n', what: 'standard deviation of the noise', default: 0.6 },
  ...{ least: 0, most: 1000, whole: false },
};

const settings = [dimensionsSetting, noiseSetting];

/**
 * The noise of DeepOBS' quadratic problem and its family: three times 1000 points from N(0, σ²) in d dimensions; d is 100 and
 * σ 0.6 unless the name says otherwise, as `quadratic_d50_n0.1` does. RandomState(42) for training, 44 for validation, 43 for
 * test, in float32.
 */
export function quadraticDataset(name: string): GeneratedDatasetDefinition {
  const { d: dimensions = 0, n: std = 0 } = readNameSettings(name, BASE, settings);
  const description: Omit<GeneratedDatasetDefinition, 'open'> = {
    kind: 'generated',
    name,
    title: 'Quadratic',
    description: `noise of the quadratic problem, ${dimensions} dimensions, generated`,
    shape: [dimensions],
    classes: null,
    sizes: { train: EXAMPLES, valid: EXAMPLES, trainEval: EXAMPLES, test: EXAMPLES },
    files: [],
  };
  const points = (seed: number) => normalPoints(seed, dimensions, std);
  const open = () => pointDataset(description, { train: points(42), valid: points(44), test: points(43) });
  return { ...description, open };
}

/** The name of the noise in so many dimensions with this standard deviation. */
export function quadraticDatasetName(dimensions: number, std: number): string {
  return nameWithSettings(BASE, { d: dimensions, n: std }, settings);
}

function normalPoints(seed: number, dimensions: number, std: number): Float32Array {
  const generator = new MersenneTwister(seed);
  return Float32Array.from({ length: EXAMPLES * dimensions }, () => std * generator.standardNormal());
}
