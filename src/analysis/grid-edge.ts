import type { Setting } from './settings.js';

/** A hyperparameter whose best value is the smallest or the largest that was tried: the best one may lie beyond. */
export interface GridEdge {
  readonly hyperparameter: string;
  readonly value: number;
  readonly side: 'smallest' | 'largest';
  /** Different values that were tried. */
  readonly tried: number;
}

/**
 * The numeric hyperparameters of `best` that lie at the edge of what `tried` (which includes it) covers. A smallest value of
 * zero is no edge: there is nothing below.
 */
export function gridEdges(
  best: Pick<Setting, 'hyperparameters'>,
  tried: readonly Pick<Setting, 'hyperparameters'>[],
): GridEdge[] {
  return Object.entries(best.hyperparameters).flatMap(([hyperparameter, value]): GridEdge[] => {
    if (typeof value !== 'number') return [];
    const others = tried.flatMap((setting) => {
      const other = setting.hyperparameters[hyperparameter];
      return typeof other === 'number' ? [Number(other.toExponential(10))] : [];
    });
    const values = new Set(others);
    const own = Number(value.toExponential(10));
    const about = { hyperparameter, value, tried: values.size };
    if (values.size < 2) return [];
    if (own === Math.max(...values)) return [{ ...about, side: 'largest' }];
    return own === Math.min(...values) && own !== 0 ? [{ ...about, side: 'smallest' }] : [];
  });
}

/** `lr 1 is the largest of 5 values tried: the best may lie beyond`. */
export function describeEdge({ hyperparameter, value, side, tried }: GridEdge): string {
  return `${hyperparameter} ${Number(value.toPrecision(4))} is the ${side} of ${tried} values tried: the best may lie beyond`;
}
