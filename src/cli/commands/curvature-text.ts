import { studentQuantile } from '../../distributions.js';
import type { BlockReport, CurvatureReport, PointReport } from '../../landscape/index.js';
import { printable } from '../../report/escape.js';
import { wrapText } from '../../report/layout.js';
import { counted } from '../progress.js';
import { formatTable } from '../table.js';
import type { Screen } from '../terminal.js';

/** A measurement as text for people. */
export function curvatureText(report: CurvatureReport, screen: Screen): string {
  const { heading } = screen;
  const { batches, batch_size, examples, of_examples, data, l2_reg, probes, lanczos_steps, tolerance } = report;
  const name = report.matrix === 'hessian' ? 'Hessian' : 'Gauss-Newton matrix';
  const over = `${counted(batches, 'minibatch', 'minibatches')} of ${batch_size} (${examples} of ${of_examples} ${data.split === 'valid' ? 'validation' : 'training'} examples)`;
  const l2 = l2_reg === null || l2_reg === 0 ? 'no L2 term' : `with its L2 term, factor ${l2_reg}`;
  return [
    ...wrapText(`${printable(report.testproblem)}: ${name} of the mean loss over ${over}`, screen.width).map(heading),
    `${report.parameters.toLocaleString('en-US')} parameters, ${report.mode === 'train' ? 'training' : 'evaluation'} mode, ${l2}, ${data.source} data, seed ${report.seed}; ${report.engine.name} on ${report.engine.device}`,
    `${counted(probes, 'probe')} of ${lanczos_steps} Lanczos steps; a value is an eigenvalue when its residual is at most ${tolerance} of the largest`,
    ...(report.optimizer === null ? [] : [`trained by ${printable(report.optimizer.name)} ${settings(report)}`]),
    ...report.points.flatMap((point) => ['', ...pointLines(point, report, screen)]),
    ...(report.complete ? [] : ['', 'interrupted or diverged: later points were not measured']),
  ]
    .flatMap((line) =>
      line.length > screen.width && !line.includes('\n') ? wrapText(line, screen.width, '', '  ') : line,
    )
    .join('\n');
}

function settings({ optimizer }: CurvatureReport): string {
  return Object.entries(optimizer?.hyperparameters ?? {})
    .filter(([, value]) => value !== null)
    .map(([key, value]) => printable(`${key} ${String(value)}`))
    .join(', ');
}

function pointLines(point: PointReport, report: CurvatureReport, screen: Screen): string[] {
  const { heading } = screen;
  const { step_size: step } = point;
  const rate =
    point.learning_rate === null
      ? []
      : [`η ${shown(point.learning_rate)}, η λ₁ ${shown(point.eta_lambda1)}, 2/λ₁ ${shown(point.two_over_lambda1)}`];
  const measured =
    step === null
      ? []
      : [
          `over ${counted(step.batches, 'minibatch', 'minibatches')}: α ${shown(step.alpha)}, α λ₁ ${shown(step.alpha_lambda1)}, curvature along gradients ${shown(step.gradient_curvature)}, gradient noise ${shown(step.gradient_noise)}, product noise ${shown(step.product_noise)}`,
        ];
  return [
    heading(`step ${point.step}, epoch ${point.epoch}: loss ${shown(point.loss)}`),
    `‖g‖ ${shown(point.gradient_norm)}, gᵀHg/gᵀg ${shown(point.gradient_curvature)}${point.cos_gradient_v1 === null ? '' : `, |cos(g, v₁)| ${shown(point.cos_gradient_v1)}`}`,
    ...rate,
    ...measured,
    ...posteriorLines(point),
    ...(report.by === 'all' ? wholeLines(point, report, screen) : [blockTable(point, screen)]),
    ...preconditionedLines(point, screen),
    `${counted(point.products, 'product')} and ${counted(point.gradients, 'gradient')} in ${point.seconds.toFixed(1)} s`,
  ];
}

/** Mean and root mean square of the scores are 0 and 1 where the posterior is calibrated. */
function posteriorLines({ posterior }: PointReport): string[] {
  if (posterior === undefined) return [];
  if (posterior === null) return ['posterior: none, because α is not positive'];
  const { observations, scores, lambda, scatter } = posterior;
  const both = (list: readonly { readonly z: number | null }[]) => {
    const mean = (of: (z: number) => number) => list.reduce((sum, { z }) => sum + of(z ?? Number.NaN), 0) / list.length;
    return `${shown(mean((z) => z))} and ${shown(Math.sqrt(mean((z) => z ** 2)))}`;
  };
  const each = scores.map((own) => {
    const noise =
      own.lambda === 'published' ? `λ ${shown(lambda)}` : `λ ${shown(scatter)} from the scatter of products`;
    return `${both(own.along)} along gradients, ${both(own.across)} across with ${noise}`;
  });
  const [first] = scores;
  return [
    `posterior of ${counted(observations, 'product')}, mean and √(mean z²) of the scores of ${counted(first?.along.length ?? 0, 'fresh curvature')} (0 and 1 are calibrated): ${each.join('; ')}`,
  ];
}

/** Everything about the whole matrix. */
function wholeLines(point: PointReport, report: CurvatureReport, { width }: Screen): string[] {
  // At the second point the first one is the one before.
  const isSecond = report.points.indexOf(point) === 1;
  const { blocks } = point;
  return blocks.flatMap((block) => {
    const { largest, smallest, outliers } = block;
    const rows = [
      ...largest.map((entry, index) => [`λ${index + 1}`, ...eigenvalueCells(entry)]),
      ['smallest', ...eigenvalueCells(smallest)],
    ];
    const deflated = block.deflated.filter(({ rank }) => [1, 2, 5, 9, 10, 20].includes(rank));
    return [
      '',
      formatTable(['', 'value', 'residual', ''], rows, { width }),
      '',
      `trace ${interval(block.trace)}, ‖H‖²_F ${interval(block.squared_frobenius)}, effective rank ${shown(block.effective_rank)}`,
      `eigenvalues above ${block.above.map(({ fraction, count }) => `${fraction} λ₁: ${scattered(count)}`).join('; ')} (spectral density)`,
      outlierLine(outliers, report.classes),
      ...(deflated.length === 0
        ? []
        : [
            `λ₁ / λ_(k+1), what a perfect rank-k deflation leaves: ${deflated.map(({ rank, ratio }) => `k = ${rank}: ${shown(ratio)}`).join(', ')}`,
          ]),
      conditionLine(block),
      ...overlapLine('those of the point before', block.overlap_with_previous),
      ...(isSecond ? [] : overlapLine('those of the first point', block.overlap_with_first)),
    ];
  });
}

function overlapLine(of: string, overlap: BlockReport['overlap_with_first']): string[] {
  if (overlap == null) return [];
  return [`overlap of the top ${overlap.rank} eigenvectors with ${of}: ${shown(overlap.value)}`];
}

/** κ, or why there is none. */
function conditionLine({ smallest, condition_number: condition }: BlockReport): string {
  if (condition != null) return `condition number λ₁ / λ_min ${shown(condition)}`;
  const { value, residual: bound, converged } = smallest;
  if (!converged || value === null || bound === null) return 'condition number: unknown, λ_min is not converged';
  return value < -bound
    ? 'condition number: none, λ_min is negative'
    : 'condition number: unknown, the residual of λ_min is more than 1 % of it';
}

/** What the preconditioners that were asked for make of the matrix. */
function preconditionedLines({ preconditioned = [], blocks }: PointReport, screen: Screen): string[] {
  if (preconditioned.length === 0) return [];
  const exact = new Map(blocks.flatMap(({ deflated }) => deflated.map(({ rank, ratio }) => [rank, ratio] as const)));
  const header = ['P', 'rank', 'λ₁', 'falls by', 'exact', 'smallest', 'η λ₁', 'share of the top'];
  const rows = preconditioned.map(({ name, rank, largest: [first], smallest, fall, eta_lambda1: eta, shares }) => [
    name,
    String(rank),
    eigenvalue(first),
    shown(fall),
    shown(exact.get(rank) ?? null),
    eigenvalue(smallest),
    shown(eta),
    shareText(shares, rank),
  ]);
  return [
    '',
    'with a preconditioner P, the eigenvalues of √P H √P; exact: λ₁ / λ_(k+1) of H; share: of the k largest eigenvectors of H in the span of the directions of P',
    formatTable(header, rows, screen),
    '~ not converged',
  ];
}

/** The mean share of the k largest eigenvectors, or of those among them that are converged. */
function shareText(shares: readonly (number | null)[], rank: number): string {
  const own = shares.slice(0, rank).flatMap((share) => (share === null ? [] : [share]));
  if (own.length === 0) return '-';
  const mean = own.reduce((sum, share) => sum + share, 0) / own.length;
  return `${shown(mean)} of ${own.length}`;
}

/** A gap smaller than this says little: the values of a dense spectrum have such gaps. */
const CLEAR_GAP = 1.3;

function outlierLine(outliers: BlockReport['outliers'], classes: number | null): string {
  if (outliers === null) return 'outliers: none to be seen';
  const { count, gap, next_converged } = outliers;
  const next = next_converged ? '' : ', which is not converged';
  const expected = classes === null ? '' : `; classes − 1 = ${classes - 1}`;
  return gap !== null && gap < CLEAR_GAP
    ? `outliers: no clear gap; the largest is ${shown(gap)}, after λ${count}${next}${expected}`
    : `outliers: ${count}, the last ${shown(gap)} times the next value${next}${expected}`;
}

function blockTable({ blocks }: PointReport, screen: Screen): string {
  const header = [
    'block',
    'parameters',
    'λ₁',
    'residual',
    'λ₁₀',
    'smallest',
    'α',
    'α λ₁',
    'trace',
    'effective rank',
    'outliers',
  ];
  const rows = blocks.map((block) => [
    printable(block.name),
    block.size.toLocaleString('en-US'),
    eigenvalue(block.largest[0]),
    residual(block.largest[0]?.residual),
    eigenvalue(block.largest[9]),
    eigenvalue(block.smallest),
    shown(block.alpha ?? null),
    shown(block.alpha_lambda1 ?? null),
    interval(block.trace),
    shown(block.effective_rank),
    String(block.outliers?.count ?? '-'),
  ]);
  return `\n${formatTable(header, rows, screen)}\n~ not converged`;
}

type Eigenvalue = BlockReport['smallest'];

function eigenvalueCells({ value, residual: bound, converged }: Eigenvalue): string[] {
  return [(value ?? Number.NaN).toPrecision(6), residual(bound), converged ? '' : 'not converged'];
}

function eigenvalue(entry: Eigenvalue | undefined): string {
  return entry === undefined ? '-' : `${entry.converged ? '' : '~'}${shown(entry.value)}`;
}

function residual(value: number | null | undefined): string {
  return value == null ? '-' : value.toExponential(0);
}

/** Mean ± half of its 95 % interval by Student's t, where there is one. */
function interval({ value, standard_error, degrees_of_freedom }: BlockReport['trace']): string {
  if (standard_error === null || degrees_of_freedom < 1) return shown(value);
  return `${shown(value)} ± ${shown(studentQuantile(0.975, degrees_of_freedom) * standard_error)}`;
}

/** Mean with its standard error: two or three probes have no useful interval. */
function scattered({ value, standard_error }: BlockReport['trace']): string {
  const rounded = value === null ? '-' : String(Number(value.toPrecision(3)));
  return standard_error === null ? rounded : `${rounded} (standard error ${Number(standard_error.toPrecision(2))})`;
}

function shown(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(4)));
}
