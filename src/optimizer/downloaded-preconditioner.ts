import type { LowRankChange, Vector } from '../curvature/index.js';
import type { Engine } from '../engine/index.js';
import { at } from '../expect.js';
import { sizeOf } from '../tensor/index.js';
import type { TestProblem } from '../testproblem/index.js';
import type { PreconditionerBlock } from './training.js';

/** A training's preconditioner on the host, with the places of its parts in a vector of all parameters. */
export async function downloadedPreconditioner(
  engine: Engine,
  { parameters: definitions }: Pick<TestProblem, 'parameters'>,
  blocks: readonly PreconditionerBlock[],
): Promise<LowRankChange[]> {
  const sizes = definitions.map(({ shape }) => sizeOf(shape));
  const begins = sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + size, 0));
  const found: LowRankChange[] = [];
  for (const { parameters, u, change } of blocks) {
    const parts: LowRankChange['parts'][number][] = [];
    for (const [index, parameter] of parameters.entries()) {
      const [begin, size] = [at(begins, parameter), at(sizes, parameter)];
      const all = (await engine.download(at(u, index))) as Vector;
      const rows = Array.from({ length: all.length / size }, (_, row) => all.subarray(row * size, (row + 1) * size));
      parts.push({ begin, size, rows });
    }
    found.push({ parts, change: Array.from(await engine.download(change), Number) });
  }
  return found;
}
