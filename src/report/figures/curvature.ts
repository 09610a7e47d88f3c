import { spectralDensity } from '../../curvature/index.js';
import { studentQuantile } from '../../distributions.js';
import { at } from '../../expect.js';
import type { CurvatureReport } from '../../landscape/index.js';
import { printable } from '../escape.js';
import { curvatureBlocks } from './curvature-blocks.js';
import type { Figure } from './figure.js';
import { type LinePanel, type LinePoint, linePanel, lineRecords } from './lines.js';
import { matrixName, measuredOn, stableBelow } from './measured-curvature.js';
import { assemble, type Explained, legendPanel } from './panels.js';
import { look, type Series } from './series.js';

/** A figure of what `probprec curvature --json` printed. */
type FromReport = (report: CurvatureReport) => Figure;

/** Below this part of its largest value a density is not drawn: what is between two Ritz values has no meaning. */
const FAINTEST = 1e-7;

/** The spectral density at each point, with ticks at converged eigenvalues. */
const density: FromReport = (report) => {
  const panels = blockNames(report).map((block): LinePanel => {
    const curves = report.points.flatMap(({ step, blocks }) => {
      const own = blocks.find(({ name }) => name === block);
      return own === undefined ? [] : [{ key: keyOf(step), own, curve: spectralDensity(own.quadratures) }];
    });
    const least = FAINTEST * Math.min(...curves.map(({ curve }) => Math.max(...curve.density)));
    const points = curves.flatMap(({ key, curve }) =>
      curve.points.map((x, index): LinePoint => ({ key, x, y: Math.max(at(curve.density, index), least) })),
    );
    const ticks = curves.flatMap(({ key, own }) =>
      own.largest.flatMap(({ value, converged }) => (converged && value !== null ? [{ key, x: value }] : [])),
    );
    return {
      title: titleOf(report, block),
      x: 'eigenvalue',
      y: 'spectral density',
      points,
      ticks,
      markers: false,
      scale: 'log',
    };
  });
  const [first] = report.points[0]?.blocks ?? [];
  const resolution = first?.resolution ?? null;
  return figure(report, panels, {
    kind: 'spectral-density',
    what: 'spectral density',
    explained: [{ mark: 'note', label: 'ticks: eigenvalues that are converged' }],
    caption: [
      `Stochastic Lanczos quadrature, ${report.probes} probes of ${report.lanczos_steps} steps; Gaussians of width ${resolution === null ? '-' : String(Number(resolution.toPrecision(3)))} at the first point, range / (2.96 (m − 1)) at each.`,
    ],
  });
};

/** The largest eigenvalues by their rank at each point, and beside them those with each preconditioner. */
const scree: FromReport = (report) => {
  const single = report.points.length === 1;
  const panels = blockNames(report).map((block): LinePanel => {
    const points = report.points.flatMap(({ step, blocks, preconditioned = [] }) => {
      const withOne = preconditioned.map(({ name, rank, largest }) => {
        const key = `P of ${name}, rank ${rank}`;
        return { key: single ? key : `${keyOf(step)}, ${key}`, largest };
      });
      const without =
        preconditioned.length === 0 ? keyOf(step) : `${single ? '' : `${keyOf(step)}, `}no preconditioner`;
      const all = [{ key: without, largest: blocks.find(({ name }) => name === block)?.largest ?? [] }, ...withOne];
      return all.flatMap(({ key, largest }) =>
        largest.flatMap(({ value, converged }, index): LinePoint[] =>
          value !== null && value > 0 ? [{ key, x: index + 1, y: value, hollow: !converged }] : [],
        ),
      );
    });
    return {
      title: titleOf(report, block),
      x: 'rank',
      whole: true,
      y: 'eigenvalue',
      points,
      markers: true,
      scale: 'log',
    };
  });
  return figure(report, panels, {
    kind: 'scree',
    what: 'largest eigenvalues',
    explained: [{ mark: 'note', label: 'pale and without a line: not converged' }],
    caption: [
      ...(report.classes === null ? [] : [`classes − 1 = ${report.classes - 1}`]),
      ...(report.points.some(({ preconditioned = [] }) => preconditioned.length > 0)
        ? ['With a preconditioner P: eigenvalues of √P H √P, P estimated on other minibatches than those of H.']
        : []),
    ],
  });
};

/** λ₁ along a training beside 2/η and 2/α: below them gradient descent is stable on a quadratic. */
const edge: FromReport = (report) => {
  const points: LinePoint[] = [];
  const add = (key: string, x: number, y: number | null | undefined) => {
    if (y != null && y > 0) points.push({ key, x, y });
  };
  for (const { step, blocks, learning_rate: rate, step_size: size } of report.points) {
    const [first] = blocks[0]?.largest ?? [];
    if (blocks.length !== 1) continue;
    if (first?.converged) add('λ₁', step, first.value);
    add('2/η', step, stableBelow(rate));
    add('2/α', step, stableBelow(size?.alpha));
  }
  const panel = {
    title: titleOf(report, 'all'),
    x: 'step',
    whole: true,
    y: 'curvature',
    points,
    markers: true,
    scale: 'auto',
  } as const;
  return figure(report, [panel], {
    kind: 'edge-of-stability',
    what: 'the edge of stability',
    explained: [],
    caption: ['λ₁ above 2/η: on a quadratic gradient descent with the learning rate η would diverge; α is measured.'],
  });
};

/** How far the space of the top eigenvectors has moved since the point before, and since the first one. */
const overlap: FromReport = (report) => {
  const points = report.points.flatMap(({ step, blocks }) =>
    blocks.flatMap(({ name, overlap_with_previous: previous, overlap_with_first: first }): LinePoint[] => {
      const of = (with_: string, own: typeof first) =>
        own?.value == null ? [] : [{ key: `${printable(name)}: with ${with_}`, x: step, y: own.value }];
      return [...of('the point before', previous), ...of('the first point', first)];
    }),
  );
  const panel = {
    title: titleOf(report, 'all'),
    x: 'step',
    whole: true,
    y: 'overlap',
    points,
    markers: true,
    scale: 'linear',
    limits: [0, 1],
  } as const;
  return figure(report, [panel], {
    kind: 'overlap',
    what: 'overlap of the top eigenvectors between points',
    explained: [],
    caption: ['‖UᵀV‖² / k, k the number of outliers: 1 where the space has not moved.'],
  });
};

/** Student's t with so many degrees of freedom has the normal distribution's quantiles to five digits. */
const ALMOST_NORMAL = 1e6;

/** z-scores of the posterior against the quantiles of a standard normal distribution. */
const calibration: FromReport = (report) => {
  const panels = (['along', 'across'] as const).map((pair): LinePanel => {
    const points = report.points.flatMap(({ step, posterior }) =>
      (posterior?.scores ?? []).flatMap((own) => {
        const scores = own[pair].flatMap(({ z }) => (z === null ? [] : [z])).toSorted((a, b) => a - b);
        const key = `step ${step}, λ ${own.lambda === 'published' ? 'as published' : 'from scatter'}`;
        return scores.map((y, index): LinePoint => {
          return { key, x: studentQuantile((index + 0.5) / scores.length, ALMOST_NORMAL), y };
        });
      }),
    );
    const ends =
      points.length === 0 ? [] : [Math.min(...points.map(({ x }) => x)), Math.max(...points.map(({ x }) => x))];
    return {
      title: pair === 'along' ? 'along gradients' : 'across gradients',
      x: 'normal quantile',
      y: 'z-score',
      points: [...ends.map((x): LinePoint => ({ key: 'calibrated', x, y: x })), ...points],
      markers: true,
      scale: 'linear',
    };
  });
  return figure(report, panels, {
    kind: 'calibration',
    what: 'calibration of the posterior',
    explained: [],
    caption: [
      'z-scores of curvatures uᵀHv of fresh minibatches: on the diagonal where the posterior is calibrated, steeper where it is too sure, flatter where it is too cautious.',
    ],
  });
};

/** The figures that are made from a measurement of curvature, by name. */
export const CURVATURE_FIGURES = {
  'spectral-density': density,
  scree,
  'edge-of-stability': edge,
  overlap,
  'curvature-blocks': curvatureBlocks,
  calibration,
} as const satisfies Readonly<Record<string, FromReport>>;

/** Name of a figure that is made from a measurement of curvature. */
export type CurvatureFigure = keyof typeof CURVATURE_FIGURES;

/** What is missing when such a figure has nothing to draw. */
export const NEEDED_CURVATURE: Readonly<Record<CurvatureFigure, string>> = {
  'spectral-density': 'a measurement with points',
  scree: 'a measurement with positive eigenvalues',
  'edge-of-stability': 'a measurement of the whole matrix (--by all) whose largest eigenvalue is converged',
  overlap: 'a measurement of at least two points (--at STEP,STEP,… or --run FILE)',
  'curvature-blocks': 'a measurement of blocks (--by group or --by layer)',
  calibration: 'a measurement with --posterior',
};

function keyOf(step: number): string {
  return `step ${step}`;
}

function blockNames(report: CurvatureReport): string[] {
  return [...new Set(report.points.flatMap(({ blocks }) => blocks.map(({ name }) => name)))];
}

function titleOf({ testproblem, by }: CurvatureReport, block: string): string {
  return by === 'all' || block === 'all' ? printable(testproblem) : printable(`${testproblem}: ${block}`);
}

function figure(
  report: CurvatureReport,
  panels: readonly LinePanel[],
  {
    kind,
    what,
    explained,
    caption,
  }: {
    readonly kind: CurvatureFigure;
    readonly what: string;
    readonly explained: readonly Explained[];
    readonly caption: readonly string[];
  },
): Figure {
  const drawn = panels.filter(({ points }) => points.length > 0);
  const keys = [...new Set(drawn.flatMap(({ points }) => points.map(({ key }) => key)))];
  const series = keys.map((key, index): Series => ({ ...look(index), key, label: key }));
  const columns = (width: number) => Math.max(1, Math.min(drawn.length, width < 300 ? 1 : 2));
  return {
    kind,
    title: `${printable(report.testproblem)}: ${what}`,
    description: `${what} of the ${matrixName(report)} of ${printable(report.testproblem)}: ${keys.join(', ')}.`,
    caption: [measuredOn(report), ...caption],
    records: lineRecords(drawn),
    columns,
    draw: (layout) =>
      assemble(layout, {
        panels: drawn.map((panel) => linePanel(panel, layout, series)),
        columns: columns(layout.width),
        legend: legendPanel(layout, series, explained),
      }),
  };
}
