import {
  defaultResolution,
  type Estimate,
  measureSpectrum,
  type Operator,
  type ParameterBlock,
  projections,
  type Spectrum,
  type Vector,
} from '../curvature/index.js';
import type { RandomStream } from '../random/index.js';
import { type BlockReport, conditionNumber, finite } from './report.js';
import { type MeasurementSettings, TOLERANCE } from './settings.js';

/** The largest eigenvectors of earlier points for each block by name: those of the first point, and of the one before. */
export interface EarlierVectors {
  readonly first: Map<string, readonly Float32Array[]>;
  readonly previous: Map<string, readonly Float32Array[]>;
}

/** Measures the spectrum of a block; `earlier` has the eigenvectors of this point afterwards. */
export async function measureBlock(
  operator: Operator,
  block: ParameterBlock,
  {
    settings,
    stream,
    earlier,
  }: {
    readonly settings: MeasurementSettings;
    readonly stream: RandomStream;
    readonly earlier: EarlierVectors;
  },
): Promise<{ readonly report: BlockReport; readonly top: readonly Float32Array[] }> {
  const started = performance.now();
  const { spectrum, topVectors } = await measureSpectrum(operator, block.size, {
    top: settings.top,
    steps: settings.steps,
    probes: settings.probes,
    traceProbes: settings.traceProbes,
    hutchPlusPlus: settings.hutchPlusPlus,
    tolerance: TOLERANCE,
    stream: stream.child(block.name),
  });
  const top = topVectors(settings.top).map((vector) => new Float32Array(vector));
  const rank = spectrum.outliers?.count ?? settings.top;
  const { first, previous } = earlier;
  const report = {
    ...blockReport(block, spectrum),
    overlap_with_previous: overlapOf(previous.get(block.name) ?? [], top, rank),
    overlap_with_first: overlapOf(first.get(block.name) ?? [], top, rank),
    seconds: (performance.now() - started) / 1000,
  };
  previous.set(block.name, top);
  if (!first.has(block.name)) first.set(block.name, top);
  return { report, top };
}

function blockReport(
  { name, size }: ParameterBlock,
  spectrum: Spectrum,
): Omit<BlockReport, 'seconds' | 'overlap_with_previous' | 'overlap_with_first'> {
  const eigenvalue = ({ value, residual, converged }: Spectrum['smallest']) => ({
    value: finite(value),
    residual: finite(residual),
    converged,
  });
  const { largest, outliers, quadratures } = spectrum;
  const smallest = eigenvalue(spectrum.smallest);
  const [first] = largest;
  return {
    name,
    size,
    largest: largest.map(eigenvalue),
    smallest,
    condition_number: first === undefined ? null : conditionNumber(eigenvalue(first), smallest),
    trace: estimate(spectrum.trace),
    squared_frobenius: estimate(spectrum.squaredFrobenius),
    effective_rank: finite(spectrum.effectiveRank),
    above: spectrum.above.map(({ fraction, count }) => ({ fraction, count: estimate(count) })),
    outliers:
      outliers === null
        ? null
        : {
            count: outliers.count,
            gap: finite(outliers.gap),
            next: finite(outliers.next),
            next_converged: largest[outliers.count]?.converged === true,
          },
    deflated: largest.flatMap(({ value, converged }, rank) =>
      rank > 0 && converged && first?.converged === true && value > 0
        ? [{ rank, ratio: finite(first.value / value) }]
        : [],
    ),
    resolution: finite(defaultResolution(quadratures)),
    quadratures: quadratures.map(({ values, weights }) => ({ values: [...values], weights: [...weights] })),
    products: spectrum.products,
  };
}

function estimate({ value, standardError, degreesOfFreedom }: Estimate) {
  return { value: finite(value), standard_error: finite(standardError), degrees_of_freedom: degreesOfFreedom };
}

/** ‖UᵀV‖²_F / k of the first k vectors of two orthonormal families; null where one has none. */
function overlapOf(before: readonly Vector[], now: readonly Vector[], rank: number) {
  const k = Math.min(rank, before.length, now.length);
  if (k === 0) return null;
  const squares = now.slice(0, k).flatMap((vector) => projections(before.slice(0, k), vector).map((p) => p * p));
  return { rank: k, value: finite(squares.reduce((sum, square) => sum + square, 0) / k) };
}
