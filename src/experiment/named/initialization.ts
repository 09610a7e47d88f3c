import { type Look, look } from '../../report/figures/series.js';
import type { UsualMetric } from '../../results/index.js';
import type { Curve } from '../curve.js';
import { curveFigure } from '../curve-figure.js';
import { dataOptions, type PlannedExperiment, type Scale } from '../experiment.js';
import { agreements, measuredCurves, onRealData } from '../measured.js';
import { publishedCurve, publishedResults } from '../published.js';
import { agreementSentence } from '../words.js';

const PROBLEM = 'cifar10_3c3d_roos';
const BATCH_SIZES = [32, 64, 128] as const;
const INITIALISATIONS = { deepobs: "DeepOBS' initialisation", pytorch: "PyTorch's initialisation" } as const;
type Initialisation = keyof typeof INITIALISATIONS;

const CELLS = (Object.keys(INITIALISATIONS) as Initialisation[]).flatMap((init) =>
  BATCH_SIZES.map((batchSize) => ({ init, batchSize, label: `batch size ${batchSize}, ${INITIALISATIONS[init]}` })),
);

/** The colour is the batch size, the dashes are the initialisation, as in the thesis. */
const LOOKS = Object.fromEntries(
  CELLS.map(({ init, batchSize, label }, place): [string, Look] => {
    const { colour } = look(BATCH_SIZES.indexOf(batchSize));
    return [label, { colour, dash: init === 'deepobs' ? [] : [4, 3], shape: look(place).shape }];
  }),
);

const BUDGETS = {
  smoke: { num_epochs: 1, seeds: '42' },
  laptop: { num_epochs: 5, seeds: '42-44' },
  paper: { num_epochs: 5, seeds: '42-51' },
} as const satisfies Record<Scale, { readonly num_epochs: number; readonly seeds: string }>;

const METRICS: readonly UsualMetric[] = ['test_losses', 'test_accuracies'];

/** Thesis, section 4.3: the network of de Roos and Hennig, whose weights start in two ways. */
const experiment: PlannedExperiment = {
  kind: 'plan',
  name: 'initialization',
  title: 'Two initialisations, three batch sizes',
  source: 'L. Bald, BSc thesis, Tübingen 2019, section 4.3, figure 4.4',
  question:
    "Does PreconditionedSGD depend on how the weights start? The network of de Roos and Hennig's CIFAR-10 experiment with DeepOBS' and with PyTorch's initialisation, at batch sizes 32, 64 and 128, for five epochs.",
  differences: (scale) => [
    ...(scale === 'smoke' ? ['Synthetic images, one epoch, one seed: this only shows that everything works.'] : []),
    ...(scale === 'laptop' ? ['3 instead of 10 seeds.'] : []),
    'The thesis measured train_* on 10,000 images of the whole training file, validation images included; they are not compared.',
    'The thesis ran PyTorch on a GPU; here another engine computes, in float32 too.',
  ],
  statement: (scale) => ({
    testproblems: [PROBLEM],
    optimizers: CELLS.map(({ init, batchSize, label }) => ({
      name: 'preconditioned-sgd',
      label,
      options: { init, batch_size: batchSize },
    })),
    seeds: BUDGETS[scale].seeds,
    options: {
      num_epochs: BUDGETS[scale].num_epochs,
      ...dataOptions(scale),
    },
  }),
  results: async (runs) => {
    const results = (await publishedResults()).filter(({ testproblem }) => testproblem === PROBLEM);
    const published = (metric: UsualMetric): Curve[] =>
      CELLS.flatMap(({ init, batchSize, label }) => {
        const result = results.find((own) => (own.init ?? 'deepobs') === init && own.batch_size === batchSize);
        return result === undefined ? [] : [publishedCurve(label, result, metric)];
      });
    const ours = measuredCurves(runs);
    const compared = agreements(runs, { ours, published });
    const text = { kind: 'experiment-4.4', over: 'epoch', order: CELLS.map(({ label }) => label), looks: LOOKS };
    const lost = runs.filter(({ status }) => status.state === 'diverged').length;
    return [
      {
        heading: `${PROBLEM}: PreconditionedSGD`,
        ours:
          runs.length === 0
            ? null
            : curveFigure(
                METRICS.map((metric) => ({ title: PROBLEM, metric, curves: ours(metric) })),
                {
                  ...text,
                  title: `Measured here${onRealData(runs) ? '' : ', synthetic data'}`,
                  caption: [`${lost} of ${runs.length} runs diverged`],
                  band: '95 % interval of the mean',
                  published: false,
                },
              ),
        published: curveFigure(
          METRICS.map((metric) => ({ title: PROBLEM, metric, curves: published(metric) })),
          {
            ...text,
            title: 'Published (figure 4.4 redrawn)',
            caption: ['0 of 60 runs diverged; the band is one standard deviation over ten seeds'],
            band: 'one standard deviation',
            published: true,
          },
        ),
        original:
          'Six curves over five epochs: the colour is the batch size, the dashes are the initialisation. Smaller batches learn faster in an epoch, both initialisations end alike, and no run diverges.',
        agreement: compared,
        findings: compared.map(agreementSentence),
      },
    ];
  },
};

export default experiment;
