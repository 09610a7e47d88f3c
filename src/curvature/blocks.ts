import { sizeOf } from '../tensor/index.js';
import type { TestProblem } from '../testproblem/index.js';
import type { ParameterBlock } from './loss-curvature.js';
import type { Operator, Vector } from './vector.js';

/** Which diagonal blocks of the matrix are looked at: each parameter tensor, each parameter group, or the whole. */
export type BlockChoice = 'layer' | 'group' | 'all';

/** The blocks of a test problem's parameters in definition order; groups in order of appearance. */
export function parameterBlocks({ parameters }: Pick<TestProblem, 'parameters'>, by: BlockChoice): ParameterBlock[] {
  const ranges = new Map<string, [number, number][]>();
  let begin = 0;
  for (const { name, group, shape } of parameters) {
    const key = by === 'layer' ? name : by === 'group' ? group : 'all';
    const end = begin + sizeOf(shape);
    ranges.set(key, [...(ranges.get(key) ?? []), [begin, end]]);
    begin = end;
  }
  return [...ranges].map(([name, own]) => ({
    name,
    ranges: own,
    size: own.reduce((sum, [from, to]) => sum + to - from, 0),
  }));
}

/** The diagonal block of a matrix of `size` rows: what it makes of a block's vector, within the block. */
export function restricted(operator: Operator, size: number, block: ParameterBlock): Operator {
  if (block.size === size) return operator;
  return async (vector) => {
    const whole = vector instanceof Float64Array ? new Float64Array(size) : new Float32Array(size);
    let place = 0;
    for (const [begin, end] of block.ranges) {
      whole.set(vector.subarray(place, place + end - begin), begin);
      place += end - begin;
    }
    return part(await operator(whole), block);
  };
}

/** A block's numbers of a vector of all parameters. */
export function part(vector: Vector, { ranges, size }: ParameterBlock): Vector {
  if (size === vector.length) return vector;
  const own = vector instanceof Float64Array ? new Float64Array(size) : new Float32Array(size);
  let place = 0;
  for (const [begin, end] of ranges) {
    own.set(vector.subarray(begin, end), place);
    place += end - begin;
  }
  return own;
}
