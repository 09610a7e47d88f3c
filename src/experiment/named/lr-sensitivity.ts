import { groupBy } from '../../group-by.js';
import type { RecordedRun } from '../../results/index.js';
import type { Curve, CurvePoint } from '../curve.js';
import { curveFigure } from '../curve-figure.js';
import { dataOptions, type PlannedExperiment, type ResultPart, type Scale } from '../experiment.js';
import { lostRuns, measuredCurves, onRealData } from '../measured.js';
import { publishedSgdGrid } from '../published-grid.js';
import { fourDigits } from '../words.js';

const PROBLEM = 'fmnist_2c2d';
const GRID = 'log:1e-5:1e2:10';
const METRIC = 'test_accuracies' as const;
const GIVEN = 'PreconditionedSGD, first-epoch rate given';
const CONSTRUCTED = 'PreconditionedSGD, constructed rate';
const SGD = 'SGD';

const BUDGETS = {
  smoke: { num_epochs: 2, seeds: '42' },
  laptop: { num_epochs: 5, seeds: '42-43' },
  paper: { num_epochs: 100, seeds: '42' },
} as const satisfies Record<Scale, { readonly num_epochs: number; readonly seeds: string }>;

/** Thesis, section 4.4: how much depends on the learning rate of the first epoch? */
const experiment: PlannedExperiment = {
  kind: 'plan',
  name: 'lr-sensitivity',
  title: 'Sensitivity to the learning rate of the first epoch',
  source: 'L. Bald, BSc thesis, Tübingen 2019, section 4.4, figure 4.5',
  question:
    'PreconditionedSGD constructs its learning rate; only in the first epoch can one be given. How much does that one matter, beside the learning rate of SGD? Ten rates from 1e-5 to 1e2 on fmnist_2c2d.',
  differences: (scale) => [
    ...(scale === 'smoke' ? ['Synthetic images, two epochs, one seed: this only shows that everything works.'] : []),
    ...(scale === 'laptop' ? ['5 instead of 100 epochs, two seeds.'] : []),
    "The ten points of PreconditionedSGD were published as a picture only; the published figures here are DeepOBS' SGD at 20 rates, 100 epochs, seed 42.",
  ],
  statement: (scale) => ({
    testproblems: [PROBLEM],
    optimizers: [
      { name: 'preconditioned-sgd', label: GIVEN, settings: { lr: GRID } },
      { name: 'preconditioned-sgd', label: CONSTRUCTED },
      { name: 'sgd', label: SGD, settings: { lr: GRID } },
    ],
    seeds: BUDGETS[scale].seeds,
    options: {
      num_epochs: BUDGETS[scale].num_epochs,
      ...dataOptions(scale),
    },
  }),
  results: async (runs): Promise<readonly ResultPart[]> => {
    const rates = [...new Set(runs.flatMap(({ hyperparameters: { lr } }) => (typeof lr === 'number' ? [lr] : [])))];
    const constructed = finalPoints(runs.filter(({ label }) => label === CONSTRUCTED))[0];
    const line: Curve = {
      key: CONSTRUCTED,
      lostAt: [],
      points: constructed === undefined ? [] : rates.toSorted((a, b) => a - b).map((x) => ({ ...constructed, x })),
    };
    const curves = [GIVEN, SGD].map((key): Curve => {
      const own = runs.filter(({ label }) => label === key);
      return { key, lostAt: lostRuns(own).map(rateOf), points: finalPoints(own) };
    });
    const text = {
      kind: 'experiment-4.5',
      over: 'learning rate (of PreconditionedSGD: in the first epoch)',
      order: [GIVEN, SGD, CONSTRUCTED],
      logarithmic: true,
    };
    const grid = publishedSgdGrid();
    return [
      {
        heading: `${PROBLEM}: final test accuracy`,
        ours:
          runs.length === 0
            ? null
            : curveFigure([{ title: PROBLEM, metric: METRIC, curves: [...curves, line] }], {
                ...text,
                title: `Measured here${onRealData(runs) ? '' : ', synthetic data'}`,
                caption: [GIVEN, SGD, CONSTRUCTED].map((key) => lostSentence(key, runs)),
                band: '95 % interval of the mean',
                published: false,
              }),
        published: curveFigure(
          [{ title: PROBLEM, metric: METRIC, curves: [{ key: SGD, lostAt: [], points: grid.points }] }],
          {
            ...text,
            over: 'learning rate',
            title: 'Published: SGD',
            caption: [grid.source],
            band: 'none',
            published: true,
          },
        ),
        original:
          'The final accuracy over the learning rate of the first epoch. PreconditionedSGD is flat below a threshold, above which every run diverges; SGD falls off on both sides of its best rate.',
        agreement: [],
        findings: [GIVEN, SGD].flatMap((key) =>
          thresholdSentence(
            key,
            runs.filter(({ label }) => label === key),
          ),
        ),
      },
    ];
  },
};

export default experiment;

/** The last value of every learning rate, a point each. */
function finalPoints(runs: readonly RecordedRun[]): CurvePoint[] {
  return [...groupBy(runs, ({ hyperparameters: { lr } }) => String(lr)).values()]
    .flatMap((own) => {
      const last = measuredCurves(own)(METRIC)[0]?.points.at(-1);
      return last === undefined ? [] : [{ ...last, x: own[0] === undefined ? 0 : rateOf(own[0]) }];
    })
    .toSorted((left, right) => left.x - right.x);
}

function rateOf({ hyperparameters: { lr } }: RecordedRun): number {
  return Number(lr ?? 0);
}

function lostSentence(key: string, runs: readonly RecordedRun[]): string {
  const own = runs.filter(({ label }) => label === key);
  return `${key}: ${lostRuns(own).length} of ${own.length} diverged or stopped`;
}

/** Up to which rate every run ends, and from which on none does. */
function thresholdSentence(key: string, runs: readonly RecordedRun[]): string[] {
  const groups = [...groupBy(runs, ({ hyperparameters: { lr } }) => String(lr)).values()]
    .map((own) => ({ lr: Number(own[0]?.hyperparameters.lr), lost: lostRuns(own).length, n: own.length }))
    .toSorted((left, right) => left.lr - right.lr);
  if (groups.length === 0) return [];
  const good = groups.filter(({ lost }) => lost === 0);
  const bad = groups.filter(({ lost, n }) => lost === n);
  const lowest = bad[0];
  if (groups.every(({ lost }) => lost === 0)) return [`${key}: no run diverged at any of ${groups.length} rates.`];
  return [
    `${key}: every run ends up to ${fourDigits(good.at(-1)?.lr ?? 0)}${lowest === undefined ? '; above it some diverge' : `, and every run diverges from ${fourDigits(lowest.lr)} on`} (${groups.reduce((sum, { n }) => sum + n, 0)} runs).`,
  ];
}
