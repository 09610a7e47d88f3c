import type { Engine, Value } from '../engine/index.js';
import { normalArray, type RandomStream } from '../random/index.js';
import { sizeOf } from '../tensor/index.js';
import type { RandomTensor } from './step-recorder.js';
import type { ProbeDistribution } from './update-context.js';

/** n numbers that are 1 or −1 with probability ½ each; 32 of them from one draw. */
function rademacherArray(stream: RandomStream, n: number): Float32Array {
  const signs = new Float32Array(n);
  let bits = 0;
  for (let i = 0; i < n; i++) {
    if (i % 32 === 0) bits = stream.uint32();
    signs[i] = (bits & 1) === 0 ? -1 : 1;
    bits >>>= 1;
  }
  return signs;
}

/** n numbers of a distribution. */
export function randomArray(stream: RandomStream, distribution: ProbeDistribution, n: number): Float32Array {
  return distribution === 'normal' ? normalArray(stream, n, 1) : rademacherArray(stream, n);
}

/**
 * The random tensors of a step, by the names of their inputs: functions of the run's seed, the stream's name, the step and
 * the place among the tensors of this name, so that nothing has to be saved for a resume.
 */
export function drawn(
  engine: Engine,
  randoms: readonly RandomTensor[],
  random: (name: string) => RandomStream,
  step: number,
): Record<string, Value> {
  return Object.fromEntries(
    randoms.map(({ input, shape, distribution, stream, index }) => {
      const own = random(stream).child(step).child(index);
      return [input, engine.upload(randomArray(own, distribution, sizeOf(shape)), shape)];
    }),
  );
}
