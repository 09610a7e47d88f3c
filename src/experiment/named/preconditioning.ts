import type { RecordedRun, UsualMetric } from '../../results/index.js';
import type { Curve, CurvePanel } from '../curve.js';
import { curveFigure } from '../curve-figure.js';
import { dataOptions, type PlannedExperiment, type ResultPart, type Scale } from '../experiment.js';
import { agreements, measuredCurves, onRealData } from '../measured.js';
import { publishedCurve, publishedResults } from '../published.js';
import { agreementSentence } from '../words.js';

/** The learning rates of the baselines (DeepOBS 1.2.0-beta), which the thesis' tuned optimizers take over. */
const RATES: Readonly<Record<string, { readonly sgd: number; readonly momentum: number; readonly adam: number }>> = {
  fmnist_2c2d: { sgd: 0.11288378916846883, momentum: 0.02069138081114788, adam: 0.00012742749857031334 },
  cifar10_3c3d: { sgd: 0.04832930238571752, momentum: 0.00379269019073225, adam: 0.00029763514416313193 },
};

const BUDGETS = {
  smoke: { epochs: { fmnist_2c2d: 2, cifar10_3c3d: 1 }, seeds: '42-43' },
  laptop: { epochs: { fmnist_2c2d: 10 }, seeds: '42-46' },
  paper: { epochs: { fmnist_2c2d: 100, cifar10_3c3d: 100 }, seeds: '42-51' },
} as const satisfies Record<Scale, { readonly epochs: Readonly<Record<string, number>>; readonly seeds: string }>;

const ADAPTIVE = ['PreconditionedSGD', 'AdaptiveSGD', 'SGD', 'Momentum', 'Adam'];
const TUNED = ['PreconditionedTunedSGD', 'PreconditionedTunedMomentum', 'SGD', 'Momentum', 'Adam'];
const METRICS: readonly UsualMetric[] = ['test_losses', 'test_accuracies', 'train_losses', 'train_accuracies'];

/** Thesis, section 4.1: does preconditioning help where the baselines are tuned? */
const experiment: PlannedExperiment = {
  kind: 'plan',
  name: 'preconditioning',
  title: 'Preconditioning against tuned baselines',
  source: 'L. Bald, BSc thesis, Tübingen 2019, section 4.1, figures 4.1 and 4.2',
  question:
    'Does SGD with an estimated step size (AdaptiveSGD), or with a preconditioner from Hessian-vector products as well (PreconditionedSGD), reach what tuned SGD, momentum and Adam reach? And does the preconditioner help when the learning rate is a tuned one (PreconditionedTunedSGD, PreconditionedTunedMomentum)?',
  differences: (scale) => [
    ...(scale === 'smoke' ? ['Synthetic images, a few steps: this only shows that everything works.'] : []),
    ...(scale === 'laptop' ? ['10 instead of 100 epochs, 5 instead of 10 seeds, fmnist_2c2d alone.'] : []),
    'The thesis measured train_* on 10,000 images of the whole training file, validation images included; here they come from the training images alone, and are not compared.',
    'The thesis evaluated on 9,984 of the 10,000 test images; here all of them count.',
    'The thesis ran PyTorch on a GPU; here another engine computes, in float32 too. In float32 the singular values are to a good part rounding (docs/findings.md).',
  ],
  statement: (scale) => {
    const { epochs, seeds } = BUDGETS[scale];
    const problems = Object.keys(epochs);
    const entries = problems.flatMap((problem) => {
      const { sgd = 0, momentum = 0, adam = 0 } = RATES[problem] ?? {};
      const only = problems.length === 1 ? {} : { testproblems: [problem] };
      const tuned = (name: string, label: string, settings: Record<string, number>) => ({
        name,
        label,
        ...only,
        settings,
      });
      return [
        tuned('sgd', 'SGD', { lr: sgd }),
        tuned('momentum', 'Momentum', { lr: momentum, momentum: 0.9 }),
        tuned('adam', 'Adam', { lr: adam }),
        tuned('preconditioned-tuned-sgd', 'PreconditionedTunedSGD', { lr: sgd }),
        tuned('preconditioned-tuned-momentum', 'PreconditionedTunedMomentum', { lr: momentum, momentum: 0.9 }),
      ];
    });
    return {
      testproblems: Object.entries(epochs).map(([name, num_epochs]) => ({ name, options: { num_epochs } })),
      optimizers: [
        { name: 'preconditioned-sgd', label: 'PreconditionedSGD' },
        { name: 'adaptive-sgd', label: 'AdaptiveSGD' },
        ...entries,
      ],
      seeds,
      options: dataOptions(scale),
    };
  },
  results: async (runs, scale) => {
    const problems = Object.keys(BUDGETS[scale].epochs);
    const published = (await publishedResults()).filter(
      ({ from }) => from.startsWith('Bald 2019') || from.includes('beta'),
    );
    return problems.flatMap((problem) => [
      part({ problem, order: ADAPTIVE, number: '4.1' }, { runs, scale, published }),
      part({ problem, order: TUNED, number: '4.2' }, { runs, scale, published }),
    ]);
  },
};

export default experiment;

/** A figure of the thesis: which optimizers on which problem. */
interface ThesisFigure {
  readonly problem: string;
  readonly order: readonly string[];
  readonly number: '4.1' | '4.2';
}

interface Results {
  readonly runs: readonly RecordedRun[];
  readonly scale: Scale;
  readonly published: Awaited<ReturnType<typeof publishedResults>>;
}

function part({ problem, order, number }: ThesisFigure, { runs, scale, published }: Results): ResultPart {
  const own = runs.filter(({ testproblem, label }) => testproblem === problem && order.includes(label ?? ''));
  const epochs = scale === 'paper' ? Number.POSITIVE_INFINITY : BUDGETS.laptop.epochs.fmnist_2c2d;
  const theirs = published.filter(({ testproblem, optimizer }) => testproblem === problem && order.includes(optimizer));
  const publishedCurves = (metric: UsualMetric) =>
    theirs.map((result) => publishedCurve(result.optimizer, result, metric, epochs));
  const ours = measuredCurves(own);
  const panels = (curves: (metric: UsualMetric) => readonly Curve[]) =>
    METRICS.map((metric): CurvePanel => ({ title: problem, metric, curves: curves(metric) })).filter(
      ({ curves: drawn }) => drawn.some(({ points, lostAt }) => points.length > 0 || lostAt.length > 0),
    );
  const text = { over: 'epoch', order, kind: `experiment-${number}` };
  const compared = agreements(own, { ours, published: publishedCurves, where: `${problem} ` });
  return {
    heading: `${problem}: ${number === '4.1' ? 'estimated step sizes' : 'tuned learning rates'}`,
    ours:
      own.length === 0
        ? null
        : curveFigure(panels(ours), {
            ...text,
            title: `${problem}, measured here${onRealData(own) ? '' : ', synthetic data'}`,
            caption: ['Mean over the seeds; the band is the 95 % interval of the mean'],
            band: '95 % interval of the mean',
            published: false,
          }),
    published: curveFigure(panels(publishedCurves), {
      ...text,
      title: `${problem}, published (figure ${number} redrawn${scale === 'paper' ? '' : `, first ${epochs} epochs`})`,
      caption: [
        'L. Bald 2019, and the baselines of DeepOBS 1.2.0-beta; the band is one standard deviation over ten seeds',
      ],
      band: 'one standard deviation',
      published: true,
    }),
    original:
      number === '4.1'
        ? 'Four panels for each test problem over 100 epochs. On fmnist_2c2d the tuned baselines reach their lowest test loss early and then get worse; PreconditionedSGD and AdaptiveSGD arrive later, spread more widely, and do not get worse.'
        : 'The same panels. With the tuned learning rate of SGD the preconditioned steps end slightly below SGD and above the optimizers that estimate their step size.',
    agreement: compared,
    findings: compared.map(agreementSentence),
  };
}
