import type { Curve, CurvePoint } from './curve.js';

/** How far from the published mean a mean of ours may lie: this many published standard deviations. */
export const BAND = 4;

/** A point of our curve and of the published one. */
export interface AgreementPoint {
  readonly x: number;
  readonly ours: CurvePoint;
  readonly published: CurvePoint;
  /** Distance from the published mean in published standard deviations; null where those are 0 or unknown. */
  readonly deviations: number | null;
}

/** Our curve beside the published one of the same thing. */
export interface Agreement {
  readonly panel: string;
  readonly key: string;
  /** Our run files. */
  readonly files: readonly string[];
  /** The points that both have, the start of training among them. */
  readonly points: readonly AgreementPoint[];
  /** How many of them have a published spread to compare with. */
  readonly compared: number;
  /** How many of them lie inside the published mean ± {@link BAND} standard deviations. */
  readonly inside: number;
  /** The largest distance from the published mean, in published standard deviations; null where those are 0 or unknown. */
  readonly largest: { readonly x: number; readonly deviations: number } | null;
  /** The last point that both have. */
  readonly last: { readonly ours: CurvePoint; readonly published: CurvePoint } | null;
  /** Runs of ours that have no value. */
  readonly lost: number;
}

/** Compares two curves point by point; a point is what has the same x in both. */
export function agreement(panel: string, ours: Curve, published: Curve): Agreement {
  const points = ours.points.flatMap((point): AgreementPoint[] => {
    const other = published.points.find(({ x }) => x === point.x);
    return other === undefined
      ? []
      : [{ x: point.x, ours: point, published: other, deviations: deviationsOf(point, other) }];
  });
  const known = points.flatMap(({ x, deviations }) => (deviations === null ? [] : [{ x, deviations }]));
  const largest = known.reduce<{ x: number; deviations: number } | null>(
    (most, entry) => (most === null || Math.abs(entry.deviations) > Math.abs(most.deviations) ? entry : most),
    null,
  );
  return {
    panel,
    key: ours.key,
    files: ours.files ?? [],
    points,
    compared: known.length,
    inside: known.filter(({ deviations }) => Math.abs(deviations) <= BAND).length,
    largest,
    last: points.at(-1) ?? null,
    lost: ours.lostAt.length,
  };
}

function deviationsOf(ours: CurvePoint, { value, std }: CurvePoint): number | null {
  return std === null || std === 0 ? null : (ours.value - value) / std;
}
