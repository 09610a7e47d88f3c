import { ConfigurationError } from '../errors.js';
import { coordinates, type Sampling } from './sampling.js';
import { type PlanValue, readSpace, type Space } from './spaces.js';

/** What a plan states for hyperparameters: a space each; null leaves the optimizer's default. */
export type SettingsBlock = Readonly<Record<string, PlanValue | readonly PlanValue[] | null>>;

/** One point of the hyperparameters. */
export type SettingPoint = Readonly<Record<string, PlanValue>>;

/** A space that is wrong, and whose it is; the reader of the plan adds the line. */
export class SpaceError extends ConfigurationError {
  readonly hyperparameter: string;

  constructor(hyperparameter: string, message: string) {
    super(message);
    this.hyperparameter = hyperparameter;
  }
}

/** More settings than this are a mistake, and would not fit into memory. */
const MOST_SETTINGS = 1_000_000;

/**
 * The settings of a block in a stable order: the product of the grids, the last hyperparameter fastest, and for each of
 * its points all samples. Throws SpaceError.
 */
export function expandSettings(block: SettingsBlock, sampling: Sampling | null): SettingPoint[] {
  const spaces = Object.entries(block).flatMap(([name, stated]): [string, Space][] => {
    if (stated === null) return [];
    try {
      return [[name, readSpace(stated)]];
    } catch (error) {
      if (error instanceof ConfigurationError) throw new SpaceError(name, error.message);
      throw error;
    }
  });
  let points: SettingPoint[] = [{}];
  for (const [name, space] of spaces) {
    if (space.kind !== 'grid') continue;
    if (points.length * space.values.length * (sampling?.samples ?? 1) > MOST_SETTINGS) {
      throw new SpaceError(name, `found more than ${MOST_SETTINGS} settings with this one, expected fewer points`);
    }
    points = points.flatMap((point) => space.values.map((value) => ({ ...point, [name]: value })));
  }
  const samples = samplePoints(spaces, sampling);
  const order = spaces.map(([name]) => name);
  return points.flatMap((point) =>
    samples.map((sample): SettingPoint => {
      const all = { ...point, ...sample };
      return Object.fromEntries(order.map((name) => [name, all[name] as PlanValue]));
    }),
  );
}

/** At least so many settings a block has, found without making them. What is wrong with a text is said elsewhere. */
export function leastSettings(block: SettingsBlock, sampling: Sampling | null): number {
  const stated = Object.values(block);
  const grid = stated.reduce<number>((product, value) => product * leastPoints(value), 1);
  const drawn = stated.some(
    (value) => typeof value === 'string' && /^(?:uniform|loguniform|integers|choice):/.test(value),
  );
  return grid * (drawn ? (sampling?.samples ?? 1) : 1);
}

function leastPoints(stated: SettingsBlock[string]): number {
  if (Array.isArray(stated)) return Math.max(1, stated.length);
  const points = typeof stated === 'string' ? /^(?:log|lin):[^:]*:[^:]*:(\d+)$/.exec(stated)?.[1] : undefined;
  return points === undefined ? 1 : Math.max(1, Number(points));
}

/** The samples of all sampled hyperparameters together; one empty point when there are none. */
function samplePoints(spaces: readonly [string, Space][], sampling: Sampling | null): SettingPoint[] {
  const sampled = spaces.flatMap(([name, space]) => (space.kind === 'sampled' ? [{ name, at: space.at }] : []));
  const [first] = sampled;
  if (first === undefined) return [{}];
  if (sampling === null) {
    throw new SpaceError(
      first.name,
      'found a space to draw from, but sampling.samples (the number of points) is missing',
    );
  }
  const columns = sampled.map(({ name, at }, dimension) => ({
    name,
    values: coordinates(sampling, name, dimension).map(at),
  }));
  return Array.from({ length: sampling.samples }, (_, index) =>
    Object.fromEntries(columns.map(({ name, values }) => [name, values[index] as PlanValue])),
  );
}
