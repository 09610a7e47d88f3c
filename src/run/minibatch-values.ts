import type { Engine, TensorData, Value } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { notKnown } from '../names.js';
import { type Shape, sizeOf } from '../tensor/index.js';
import { initialStates, inputNames, minibatchNoise, type SymbolicProblem, uploadNoise } from '../testproblem/index.js';

/** What a minibatch has beside its examples, by name; for test problems with states or noise. */
export interface MinibatchValues {
  /** Default: the values before the first minibatch. */
  readonly states?: Readonly<Record<string, TensorData>>;
  /** Default: the noise of the first minibatch of the seed. */
  readonly noise?: Readonly<Record<string, TensorData>>;
}

/** States and noise as values of the program inputs. Throws ConfigurationError for names and sizes that do not fit. */
export function minibatchFeeds(
  engine: Engine,
  problem: Pick<SymbolicProblem, 'states' | 'noises'>,
  { states = {}, noise = {} }: MinibatchValues,
  seed: number,
): Record<string, Value> {
  const numbers: Record<string, TensorData> = minibatchNoise(problem, { seed, epoch: 0, step: 0 });
  for (const [name, data] of Object.entries(noise)) {
    namedAs(problem.noises, 'noise', name);
    numbers[inputNames.noise(name)] = data;
  }
  const feeds = { ...uploadNoise(engine, problem, numbers), ...initialStates(engine, problem) };
  for (const [name, data] of Object.entries(states)) {
    const { shape } = namedAs(problem.states, 'state', name);
    feeds[inputNames.state(name)] = engine.upload(expectSize(`state ${name}`, data, sizeOf(shape)), shape);
  }
  return feeds;
}

function namedAs<T extends { readonly name: string; readonly shape: Shape }>(
  definitions: readonly T[],
  what: string,
  name: string,
): T {
  const found = definitions.find((definition) => definition.name === name);
  if (found !== undefined) return found;
  const names = definitions.map((definition) => definition.name);
  throw new ConfigurationError({
    subject: `${what} ${name}`,
    what: `${names.length === 0 ? 'it has none' : notKnown(name, names)}`,
  });
}

/** The numbers, if there are as many as expected. */
export function expectSize<T extends ArrayLike<number>>(what: string, data: T | undefined, size: number): T {
  if (data === undefined || data.length !== size) {
    throw new ConfigurationError({
      subject: what,
      what: `${data === undefined ? 'missing' : `found ${data.length} numbers`}`,
      expected: String(size),
    });
  }
  return data;
}
