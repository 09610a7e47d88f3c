import { join } from 'node:path';
import { bundledBaselinesFolder, type PublishedBaseline, readBaselineFiles } from '../analysis/index.js';
import type { UsualMetric } from '../results/index.js';
import type { Curve } from './curve.js';

type PublishedResult = PublishedBaseline['results'][number];

/** The bundled published results, each with the name of the file that has it. */
export async function publishedResults(): Promise<readonly (PublishedResult & { readonly from: string })[]> {
  const files = await readBaselineFiles(join(bundledBaselinesFolder(), 'published'));
  return files.flatMap((file) =>
    file.kind === 'published' ? file.results.map((result) => ({ ...result, from: file.name })) : [],
  );
}

/** A metric of a published result, with the band of one standard deviation, as the thesis draws it. */
export function publishedCurve(key: string, result: PublishedResult, metric: UsualMetric, epochs = Infinity): Curve {
  const means = result.mean[metric] ?? [];
  const stds = result.population_std[metric] ?? [];
  const n = result.seeds.length;
  return {
    key,
    lostAt: [],
    points: means.flatMap((value, x) => {
      if (value === null || x > epochs) return [];
      const population = stds[x] ?? null;
      const std = population === null || n < 2 ? null : population * Math.sqrt(n / (n - 1));
      return [{ x, n, value, std, low: std === null ? null : value - std, high: std === null ? null : value + std }];
    }),
  };
}
