import { numberAxis } from '../../report/figures/axes.js';
import type { Figure } from '../../report/figures/figure.js';
import { measuredRuntime, type RuntimeReport } from '../../report/figures/index.js';
import { assemble, legendPanel } from '../../report/figures/panels.js';
import { look } from '../../report/figures/series.js';
import { type Strip, stripPanel } from '../../report/figures/strips.js';
import type { Scale, TimedExperiment } from '../experiment.js';

/** Wall time of the whole run over that of SGD, mean and standard deviation of five repeats (thesis, figure 4.3). */
const PUBLISHED = [
  { name: 'PreconditionedSGD', mean: 2.387, std: 0.359 },
  { name: 'AdaptiveSGD', mean: 1.869, std: 0.254 },
  { name: 'OnlyAdaptiveSGD', mean: 0.998, std: 0.072 },
  { name: 'Adam', mean: 0.989, std: 0.081 },
] as const;

const BUDGETS = {
  smoke: { repeats: 2, numEpochs: 1 },
  laptop: { repeats: 3, numEpochs: 2 },
  paper: { repeats: 5, numEpochs: 5 },
} as const satisfies Record<Scale, { readonly repeats: number; readonly numEpochs: number }>;

/** Thesis, section 4.2: what does it cost? */
const experiment: TimedExperiment = {
  kind: 'runtime',
  name: 'runtime',
  title: 'Run time relative to SGD',
  source: 'L. Bald, BSc thesis, Tübingen 2019, section 4.2, figure 4.3',
  question:
    'How much longer than SGD do the optimizers take on mnist_mlp? Five repeats of five epochs, batch size 128, wall and processor time, the optimizers in turn.',
  differences: (scale) => [
    ...(scale === 'smoke'
      ? ['Synthetic images, two repeats of one epoch: this only shows that everything works.']
      : []),
    ...(scale === 'laptop' ? ['3 repeats of 2 epochs instead of 5 of 5.'] : []),
    'The thesis timed whole runs, start and evaluation included, on a GTX 1080 Ti, one optimizer after the other; here they take turns on this processor, and training alone is timed, too.',
    'The preconditioned optimizers are timed with lr=0.05 and scaling=relative: with their defaults half of the runs end in NaN on this test problem, which costs the same time (docs/findings.md).',
  ],
  work: (scale) => ({
    testproblem: 'mnist_mlp',
    optimizers: ['sgd', 'adam', 'only-adaptive-sgd', 'adaptive-sgd', 'preconditioned-sgd'],
    ...BUDGETS[scale],
    data: scale === 'smoke' ? 'synthetic' : 'real',
    syntheticSize: scale === 'smoke' ? 4000 : null,
  }),
  results: async (report) => [
    {
      heading: 'mnist_mlp: relative run time',
      ours: report === null ? null : measuredRuntime(report),
      published: publishedFigure(),
      original:
        'A bar for each optimizer, relative to SGD. OnlyAdaptiveSGD and Adam cost what SGD costs, AdaptiveSGD about 1.9 times, PreconditionedSGD about 2.4 times as much.',
      agreement: [],
      findings: report === null ? [] : sentences(report),
    },
  ],
};

export default experiment;

function publishedFigure(): Figure {
  const strips = PUBLISHED.map(
    ({ name, mean, std }, index): Strip => ({
      series: { ...look(index), key: name, label: name },
      label: `${name} (n = 5)`,
      values: [],
      centre: mean,
      low: mean - std,
      high: mean + std,
      without: 0,
    }),
  );
  const axis = numberAxis(
    PUBLISHED.map(({ mean }) => mean),
    { ends: [0, ...PUBLISHED.map(({ mean, std }) => mean + std)], scale: 'linear' },
  );
  return {
    kind: 'experiment-4.3',
    title: 'Published (figure 4.3 redrawn)',
    description: `Published run times relative to SGD: ${PUBLISHED.map(({ name, mean, std }) => `${name} ${mean} ± ${std}`).join(', ')}.`,
    caption: ['Wall time of the whole run on a GTX 1080 Ti; line: one standard deviation over five repeats'],
    records: PUBLISHED.map(({ name, mean, std }) => ({ optimizer: name, mean, std, n: 5 })),
    columns: () => 1,
    draw: (layout) =>
      assemble(layout, {
        panels: [
          stripPanel(layout, {
            strips,
            axis,
            title: 'wall time, whole run (SGD = 1)',
            rule: 1,
            edge: 'right',
            heading: null,
          }),
        ],
        columns: 1,
        legend: legendPanel(layout, [], [{ mark: 'note', label: 'marker: mean; line: one standard deviation' }]),
      }),
  };
}

/** Ours beside the published ratio, for each optimizer and both clocks of the whole run. */
function sentences({ optimizers }: RuntimeReport): string[] {
  return optimizers.flatMap(({ class_name: name, diverged, measures }) => {
    const published = PUBLISHED.find((entry) => entry.name === name);
    if (published === undefined) return [];
    if (diverged !== null) return [`${name} diverged: ${diverged}.`];
    const [wall, cpu] = ['wall', 'cpu'].map((clock) =>
      measures.find((measure) => measure.scope === 'whole' && measure.clock === clock),
    );
    const words = (measure: typeof wall) =>
      measure?.ratio == null
        ? 'not measured'
        : `${measure.ratio.mean.toFixed(2)}${measure.ratio.interval === null ? '' : ` (95 % interval ${measure.ratio.interval.map((end) => end.toFixed(2)).join(' to ')})`}`;
    return [
      `${name}: whole run over SGD ${words(wall)} by wall time, ${words(cpu)} by processor time; published ${published.mean} ± ${published.std} by wall time.`,
    ];
  });
}
