import type { PublishedBaseline } from '../analysis/index.js';
import { groupBy } from '../group-by.js';
import { digits, markdownTable } from './markdown.js';
import type { MeasuredCurves, TwoDReference } from './measured.js';
import { spreadOf } from './spread.js';

type PublishedResult = PublishedBaseline['results'][number];
type Run = MeasuredCurves['runs'][number];

/** Epochs that are shown one by one; of longer runs the last one stands for all. */
const SHORT = 5;

/**
 * Test losses of runs made as DeepOBS 1.1 made its own beside the published means and standard deviations, how many lie
 * beyond four published standard deviations, and how far the mean over seeds is off.
 */
export function curvesTable({ runs }: MeasuredCurves, published: readonly PublishedBaseline[]): string[] {
  const results = published.filter(({ engine }) => engine === 'tensorflow').flatMap((file) => file.results);
  const settings = groupBy(runs, ({ testproblem, optimizer }) => `${testproblem} ${optimizer}`);
  const rows = [...settings.values()].flatMap((own) => {
    const [first] = own;
    const result = results.find(
      ({ testproblem, optimizer }) => testproblem === first?.testproblem && optimizer === first.optimizer,
    );
    return result === undefined || first === undefined ? [] : rowsOf(own, result);
  });
  return markdownTable(
    ['test problem', 'optimizer', 'seeds', 'epoch', 'published test loss', 'here', 'beyond 4 sd', 'mean over seeds'],
    rows,
  );
}

function rowsOf(runs: readonly Run[], result: PublishedResult): string[][] {
  const [first] = runs;
  const last = Math.min(...runs.map(({ test_losses }) => test_losses.length)) - 1;
  const head = [`\`${result.testproblem}\``, result.optimizer, seedsText(runs.map(({ seed }) => seed))];
  if (first === undefined || last < 1) return [];
  const epochs = Array.from({ length: last }, (_, index) => index + 1);
  const line = (epoch: number) => {
    const { mean, std } = publishedAt(result, epoch);
    const here = spreadOf(runs.map(({ test_losses }) => test_losses[epoch] ?? Number.NaN));
    return {
      cells: [
        `${digits(mean, 6)} ± ${digits(std, 2)}`,
        here.n < 2 ? digits(here.mean, 6) : `${digits(here.mean, 6)} ± ${digits(here.std, 2)}`,
      ],
      beyond: runs.filter(({ test_losses }) => !(Math.abs((test_losses[epoch] ?? Number.NaN) - mean) <= 4 * std))
        .length,
      ofMean: Math.abs(here.mean - mean) / std,
    };
  };
  const lines = epochs.map(line);
  if (last <= SHORT) {
    return lines.map(({ cells, beyond, ofMean }, index) => [
      ...[...head, String(index + 1), ...cells, `${beyond} of ${runs.length}`, `${digits(ofMean, 2)} sd off`],
    ]);
  }
  const end = lines.at(-1);
  const beyond = lines.reduce((sum, own) => sum + own.beyond, 0);
  const ofMean = Math.max(...lines.map((own) => own.ofMean));
  return [
    [
      ...[...head, `1 to ${last}`, ...(end?.cells ?? []).map((cell) => `${cell} at the end`)],
      ...[`${beyond} of ${runs.length * last}`, `at most ${digits(ofMean, 2)} sd off`],
    ],
  ];
}

/** Test losses of two_d_… beside those of another implementation, after some epochs. */
export function twoDTable({ runs }: MeasuredCurves, { rows }: TwoDReference): string[] {
  return markdownTable(
    ['test problem', 'optimizer', 'epoch', 'NumPy', 'here'],
    rows.flatMap(({ testproblem, optimizer, lr, epochs, mean, std }) => {
      const own = runs.filter((run) => run.testproblem === testproblem && run.optimizer === optimizer);
      return epochs.map((epoch, index) => {
        const here = spreadOf(own.map(({ test_losses }) => test_losses[epoch] ?? Number.NaN));
        return [
          ...[`\`${testproblem}\``, `${optimizer}, lr ${lr}`, String(epoch)],
          `${digits(mean[index] ?? Number.NaN, 6)} ± ${digits(std[index] ?? Number.NaN, 2)}`,
          `${digits(here.mean, 6)} ± ${digits(here.std, 2)}`,
        ];
      });
    }),
  );
}

function publishedAt({ mean, population_std: std }: PublishedResult, epoch: number) {
  return { mean: mean.test_losses?.[epoch] ?? Number.NaN, std: std.test_losses?.[epoch] ?? Number.NaN };
}

/** `42 to 51`, or one by one. */
function seedsText(seeds: readonly number[]): string {
  const sorted = seeds.toSorted((left, right) => left - right);
  const [low = 0, high = 0] = [sorted[0], sorted.at(-1)];
  return sorted.length > 2 && high - low === sorted.length - 1 ? `${low} to ${high}` : sorted.join(', ');
}
