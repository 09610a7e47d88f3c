import { readdirSync } from 'node:fs';
import type { RandomStream } from '../../src/random/index.js';
import type { Tensor } from '../../src/tensor/index.js';
import { evaluate } from '../oracle/reference-engine.js';
import { type Distribution, elementwise, normal, ofBroadcast, positive, type Row, type Sample } from './sampling.js';

/** Uniform numbers from 0.1 to 0.9. */
const fractions: Distribution = (random, n) => Float64Array.from({ length: n }, () => 0.1 + 0.8 * random.uniform());

/**
 * Rows for the files of `operations/` that `rows` lacks: each of their functions of one tensor, or of two that broadcast, at
 * numbers from the widest range in which it is finite. A function that needs anything else needs a row of its own.
 */
export async function elementwiseRows(rows: readonly Row[]): Promise<Row[]> {
  const folder = new URL('../../src/tensor/operations/', import.meta.url);
  const files = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
  const missing = files.filter((file) => !rows.some((row) => row.file === file));
  const found = await Promise.all(
    missing.map(async (file) => {
      const exported = (await import(new URL(`${file}.ts`, folder).href)) as Readonly<Record<string, unknown>>;
      return Object.entries(exported).flatMap(([name, f]) =>
        typeof f === 'function' ? [{ name, file, samples: samplesOf(name, f as (...x: Tensor[]) => Tensor) }] : [],
      );
    }),
  );
  return found.flat();
}

function samplesOf(name: string, f: (...operands: Tensor[]) => Tensor): Row['samples'] {
  return (random: RandomStream): Sample[] => {
    for (const distribution of [normal, positive, fractions]) {
      const samples =
        f.length === 1 ? elementwise(random, f, distribution) : ofBroadcast(random, (a, b) => f(a, b), distribution);
      const finite = ({ result, feeds }: Sample) => evaluate({ result }, feeds).result?.every(Number.isFinite);
      if (samples.every(finite)) return samples;
    }
    throw new Error(`${name}: no function of numbers from 0.1 to 0.9; give it a row in derivative-table.ts`);
  };
}
