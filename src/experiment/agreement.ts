import type { Curve, CurvePoint } from './curve.js';

/** How far from the published mean a mean of ours may lie: this many published standard deviations. */
export const BAND = 4;

/** Our curve beside the published one of the same thing. */
export interface Agreement {
  readonly panel: string;
  readonly key: string;
  /** Points that both have, the start of training among them. */
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
  const pairs = ours.points.flatMap((point) => {
    const other = published.points.find(({ x }) => x === point.x);
    return other === undefined ? [] : [{ ours: point, published: other }];
  });
  const distances = pairs.map((pair) => ({ x: pair.ours.x, deviations: deviationsOf(pair) }));
  const known = distances.filter((entry): entry is { x: number; deviations: number } => entry.deviations !== null);
  const largest = known.reduce<{ x: number; deviations: number } | null>(
    (most, entry) => (most === null || Math.abs(entry.deviations) > Math.abs(most.deviations) ? entry : most),
    null,
  );
  return {
    panel,
    key: ours.key,
    compared: known.length,
    inside: known.filter(({ deviations }) => Math.abs(deviations) <= BAND).length,
    largest,
    last: pairs.at(-1) ?? null,
    lost: ours.lostAt.length,
  };
}

function deviationsOf({
  ours,
  published,
}: {
  readonly ours: CurvePoint;
  readonly published: CurvePoint;
}): number | null {
  if (published.std === null || published.std === 0) return null;
  return (ours.value - published.value) / published.std;
}
