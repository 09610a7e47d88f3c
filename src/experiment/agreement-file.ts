import { dirname, relative } from 'node:path';
import { BAND } from './agreement.js';
import type { ExperimentPage } from './page.js';

/** What a file of agreement is made of: a part of what the page is. */
type AgreementContent = Pick<ExperimentPage, 'scale' | 'parts' | 'version'> & {
  readonly experiment: Pick<ExperimentPage['experiment'], 'name'>;
};

/**
 * The numbers behind a page's tables as JSON: for each curve that was published as well its run files (relative to the folder of
 * `path`), and at every epoch that both have our mean, its interval and number of runs, the published mean and standard deviation, and
 * how many of those ours is away. Null where nothing can be compared: before the first run, and on synthetic data.
 */
export function agreementJson(path: string, { experiment, scale, parts, version }: AgreementContent): string | null {
  if (parts.every(({ agreement }) => agreement.length === 0)) return null;
  const content = {
    probprec: version,
    experiment: experiment.name,
    scale,
    band: BAND,
    parts: parts.map(({ heading, agreement, findings }) => ({
      heading,
      findings,
      curves: agreement.map(({ panel, key, files, points, compared, inside, lost }) => ({
        name: key,
        panel,
        compared,
        inside,
        lost,
        files: files.map((file) => relative(dirname(path), file)),
        points: points.map(({ x, ours, published, deviations }) => ({
          epoch: x,
          ours: { mean: ours.value, n: ours.n, low: ours.low, high: ours.high },
          published: { mean: published.value, std: published.std, n: published.n },
          deviations,
        })),
      })),
    })),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}
