import type { CurvatureReport } from '../../landscape/index.js';
import { printable } from '../escape.js';
import { numberAxis } from './axes.js';
import type { Figure } from './figure.js';
import { matrixName, measuredOn, stableBelow } from './measured-curvature.js';
import { assemble, legendPanel, panelTitle } from './panels.js';
import { look } from './series.js';
import { type Strip, stripPanel } from './strips.js';

/**
 * λ₁ of each block at each point, beside 2/α of the block's own α: where λ₁ is less, steps of length α are stable on the
 * block's quadratic.
 */
export function curvatureBlocks(report: CurvatureReport): Figure {
  const points = report.by === 'all' ? [] : report.points;
  const rows = points.flatMap(({ step, blocks }) =>
    blocks.map(({ name, largest: [first], alpha }) => ({
      step,
      block: printable(name),
      lambda1: first?.converged === true ? first.value : null,
      two_over_alpha: stableBelow(alpha),
    })),
  );
  const steps = [...new Set(rows.map(({ step }) => step))];
  const blocks = [...new Set(rows.map(({ block }) => block))];
  const ofStep = (step: number) =>
    rows
      .filter((row) => row.step === step)
      .map(({ block, lambda1, two_over_alpha: limit }): Strip => {
        const series = { ...look(blocks.indexOf(block)), key: block, label: block };
        return {
          series,
          label: block,
          values: limit === null ? [] : [limit],
          centre: lambda1,
          low: null,
          high: null,
          without: 0,
        };
      });
  const all = rows.flatMap(({ lambda1, two_over_alpha: limit }) => [lambda1, limit].filter((value) => value !== null));
  return {
    kind: 'curvature-blocks',
    title: `${printable(report.testproblem)}: largest eigenvalue of each ${report.by}`,
    description: `Largest eigenvalues of the diagonal blocks of the ${matrixName(report)} of ${printable(report.testproblem)}, and 2/α: ${blocks.join(', ')}.`,
    caption: [
      measuredOn(report),
      'A value that is not converged is left out. Where λ₁ is less than 2/α, steps of length α are stable on the block.',
    ],
    records: rows,
    columns: () => 1,
    draw: (layout) =>
      assemble(layout, {
        panels: steps.map((step) =>
          stripPanel(layout, {
            strips: ofStep(step),
            axis: numberAxis(all, { scale: 'auto' }),
            title: 'curvature',
            rule: null,
            edge: 'right',
            heading: panelTitle(`step ${step}`, layout),
            nameOf: 'block',
          }),
        ),
        columns: 1,
        legend: legendPanel(layout, [], [{ mark: 'note', label: 'marker: λ₁; small circle: 2/α' }]),
      }),
  };
}
