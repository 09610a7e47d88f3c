import { expect, test } from 'vitest';
import { numberAxis } from '../../src/report/figures/axes.js';

const extremes = [
  [1e308, 1],
  [Number.MAX_VALUE, Number.MIN_VALUE],
  [Number.MIN_VALUE],
  [1e308, -1e308],
  [-Number.MAX_VALUE, 0],
  [1e300, 1e-300, 1],
];
const scales = ['auto', 'log', 'linear'] as const;

test.each(extremes.flatMap((values) => scales.map((scale) => [values, scale] as const)))(
  'an axis for %j, %s, has an end and ticks within it',
  (values, scale) => {
    const { scale: drawn, axis } = numberAxis(values, { scale, ends: values });
    const { domain } = drawn as { readonly domain: readonly [number, number] };
    expect(domain[0]).toBeLessThan(domain[1]);
    expect(Number.isFinite(domain[1] - domain[0])).toBe(true);
    const ticks = (axis as { readonly values?: readonly number[] }).values ?? [];
    expect(ticks.length).toBeLessThan(20);
    for (const tick of ticks) expect(tick >= domain[0] && tick <= domain[1]).toBe(true);
  },
);
