import type { Engine, TensorData, Value } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { sizeOf } from '../tensor/index.js';
import { inputNames } from './names.js';
import type { NoisyProblem } from './noise.js';
import type { SymbolicProblem } from './test-problem.js';

/** Noise as {@link minibatchNoise} draws it, on an engine; by the names of the programs' inputs. */
export function uploadNoise(
  engine: Engine,
  { noises }: NoisyProblem,
  numbers: Readonly<Record<string, TensorData>>,
): Record<string, Value> {
  return Object.fromEntries(
    noises.map(({ name, shape }) => {
      const input = inputNames.noise(name);
      const data = numbers[input];
      if (data?.length !== sizeOf(shape)) {
        throw new ConfigurationError({
          subject: `noise ${name}`,
          what: `${data === undefined ? 'missing' : `found ${data.length} numbers`}`,
          expected: String(sizeOf(shape)),
        });
      }
      return [input, engine.upload(data, shape)];
    }),
  );
}

/**
 * The states' values before the first minibatch, on an engine; by the names of the programs' inputs. With `per`, only those
 * that are kept over the run, or only those that start anew with each pass over a data set.
 */
export function initialStates(
  engine: Engine,
  { states }: Pick<SymbolicProblem, 'states'>,
  per?: 'run' | 'pass',
): Record<string, Value> {
  return Object.fromEntries(
    states
      .filter((state) => per === undefined || state.per === per)
      .map(({ name, shape, initial }) => [inputNames.state(name), engine.upload(initial, shape)]),
  );
}
